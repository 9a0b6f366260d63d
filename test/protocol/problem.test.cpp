// Problem documents.
#include "protocol/problem.hpp"

#include "protocol/json.hpp"

#include <doctest/doctest.h>

namespace wsrelay::problem_test {

TEST_CASE("RFC 9457: a problem document names the check and the status") {
  CHECK(to_json({403, "origin", "the origin is not allowed here"})
        == R"({"type":"about:blank","title":"Forbidden","status":403,)"
           R"("detail":"the origin is not allowed here","check":"origin"})");
}

TEST_CASE("a problem document is JSON whatever its text holds") {
  for (std::string text :
       {"\"quoted\"", "a\nb\\", "\xFF\xFE", "caf\xC3\xA9", "</script>", "{}"}) {
    CAPTURE(text);
    CHECK(check_json_object(to_json({502, text, text})));
  }
  CHECK(check_json_object(to_json(problem{})));
  CHECK(check_json_object(to_json({999, std::string(1, '\0'), ""})));
}

TEST_CASE("a status has the phrase of the registry") {
  CHECK(status_text(100) == "Continue");
  CHECK(status_text(101) == "Switching Protocols");
  CHECK(status_text(200) == "OK");
  CHECK(status_text(404) == "Not Found");
  CHECK(status_text(426) == "Upgrade Required");
  CHECK(status_text(503) == "Service Unavailable");
  CHECK(status_text(511) == "Network Authentication Required");
  for (unsigned status : {0u, 99u, 104u, 306u, 418u, 512u, 999u, 4294967295u})
    CHECK(status_text(status) == "Unknown");
}

} // namespace wsrelay::problem_test
