// Every parser on random bytes and on damaged valid text: it neither crashes
// nor throws, and what it accepts holds what it promises.
#include "protocol/close_code.hpp"
#include "protocol/duration.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/origin.hpp"
#include "protocol/path.hpp"
#include "protocol/pid.hpp"
#include "protocol/problem.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/signature.hpp"
#include "protocol/topic.hpp"
#include "protocol/utf8.hpp"

#include "test/protocol/client_frames.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace wsrelay::random_bytes_test {

namespace {

constexpr unsigned seed = 20240229;
constexpr int rounds = 3'000;

using texts = std::vector<std::string>;

class generator {
public:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(engine_);
  }

  char byte() { return static_cast<char>(below(256)); }

  std::string bytes() {
    std::string out(below(80), ' ');
    for (auto& c : out)
      c = byte();
    return out;
  }

  // One of `samples` with up to four bytes replaced, removed or doubled.
  std::string damaged(const texts& samples) {
    auto out = samples[below(samples.size())];
    for (auto times = below(5); times > 0 && !out.empty(); --times)
      damage(out);
    return out;
  }

private:
  void damage(std::string& text) {
    auto at = below(text.size());
    switch (below(4)) {
      case 0:
        text[at] = byte();
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.insert(at, text.substr(at, 1 + below(8)));
        break;
      default:
        text[at] = text[below(text.size())];
    }
  }

  std::mt19937_64 engine_{seed};
};

// Calls `check` with damaged samples and random bytes in turn.
template <class F>
void for_random_texts(const texts& samples, F check) {
  INFO("seed ", seed);
  generator random;
  for (int i = 0; i < rounds; ++i) {
    auto text = i % 3 == 0 ? random.bytes() : random.damaged(samples);
    CAPTURE(text);
    REQUIRE_NOTHROW(check(std::string_view{text}));
  }
}

const texts json_samples{
    R"({"a":[1,-2.5e3,"\u00e9\uD83D\uDE00x",true,false,null,{}],"b":{"c":""}})",
    "[[[[[]]]],0.5,\"caf\xC3\xA9\"]",
    R"({"target_pid":"a","heartbeat_interval":"1s","message_topic":"t",)"
    R"("metadata":{"a":[1,{"b":2}]}})",
};

} // namespace

TEST_CASE("random bytes: the valid prefix of UTF-8 is valid") {
  for_random_texts({"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 abcdefgh"},
                   [](std::string_view text) {
                     auto size = valid_utf8_prefix(text);
                     CHECK(is_valid_utf8(text.substr(0, size)));
                     CHECK(is_valid_utf8(text) == (size == text.size()));
                     if (is_plain_utf8(text))
                       CHECK(is_valid_utf8(text));
                   });
}

TEST_CASE("random bytes: JSON that passes can be put into an envelope") {
  for_random_texts(json_samples, [](std::string_view text) {
    auto valid = static_cast<bool>(check_json(text));
    auto envelope = make_envelope("t", text);
    CHECK(static_cast<bool>(envelope) == valid);
    if (envelope)
      CHECK(check_json(*envelope));
    if (valid)
      CHECK(is_valid_utf8(text));
  });
}

TEST_CASE("random bytes: compacted JSON does not change again") {
  for_random_texts(json_samples, [](std::string_view text) {
    auto once = compact_json_object(text);
    CHECK(static_cast<bool>(once)
          == static_cast<bool>(check_json_object(text)));
    if (!once)
      return;
    auto twice = compact_json_object(*once);
    REQUIRE(twice);
    CHECK(*once == *twice);
  });
}

TEST_CASE("random bytes: any text makes a JSON string and a problem") {
  for_random_texts(json_samples, [](std::string_view text) {
    CHECK(check_json(json_string(text)));
    CHECK(check_json_object(
        to_json(problem{400, std::string{text}, std::string{text}})));
  });
}

TEST_CASE("random bytes: an accepted command prints and reads again") {
  for_random_texts(json_samples, [](std::string_view text) {
    auto command = parse_relay_command(text, {});
    if (!command) {
      CHECK(is_plain_utf8(command.error().what));
      return;
    }
    auto again = parse_relay_command(to_json(*command), {});
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(*command));
  });
}

TEST_CASE("random bytes: an accepted duration prints and reads again") {
  for_random_texts({"30s", "1m30s", "500ms", "1.5h", "8760h", "0.001s"},
                   [](std::string_view text) {
                     auto value = parse_duration(text);
                     if (!value)
                       return;
                     auto again = parse_duration(to_text(*value));
                     REQUIRE(again);
                     CHECK(*again == *value);
                   });
}

TEST_CASE("random bytes: an accepted origin pattern prints and reads again") {
  for_random_texts(
      {"https://*.example.com:8443", "http://[2001:db8::1]:81", "*"},
      [](std::string_view text) {
        auto pattern = parse_origin_pattern(text);
        if (!pattern)
          return;
        auto again = parse_origin_pattern(to_text(*pattern));
        REQUIRE(again);
        CHECK(again->value == pattern->value);
        CHECK(again->any == pattern->any);
      });
}

TEST_CASE("random bytes: no damaged origin gets past a policy by accident") {
  auto self = self_origin("https", "app.example.com");
  for_random_texts({"https://app.example.com"}, [&self](std::string_view text) {
    auto value = parse_origin(text);
    auto allowed = static_cast<bool>(check_origin({}, text, self));
    CHECK(allowed == (value && *value == *self));
    (void)self_origin("http", text);
  });
}

TEST_CASE("random bytes: an accepted target has its parts") {
  const std::string node = "0123456789abcdefABCDEF0123456789ABCDEF01#77";
  for_random_texts(
      {"12@" + node, "chat@app1", "chat"}, [](std::string_view text) {
        auto target = parse_target(text);
        if (!target)
          return;
        using form = target_name::form;
        CHECK((target->kind == form::pid) == (target->id != 0));
        CHECK((target->kind == form::name) == target->node.empty());
        CHECK((target->kind == form::pid) == target->name.empty());
      });
}

TEST_CASE("random bytes: an accepted topic is plain text") {
  for_random_texts({"chat.line", "ws.message"}, [](std::string_view text) {
    if (check_topic(text))
      CHECK(is_plain_utf8(text));
    if (check_name(text))
      CHECK(is_plain_utf8(text));
  });
}

TEST_CASE("random bytes: values of path parameters are plain text") {
  auto loose = path_pattern::parse("/{a}/{b}");
  REQUIRE(loose);
  for_random_texts({"/chat/a%20b", "/{room}/%C3%A9", "/a/{b}/c"},
                   [&loose](std::string_view text) {
                     (void)path_pattern::parse(text);
                     auto params = loose->match(text);
                     if (!params)
                       return;
                     REQUIRE(params->size() == 2);
                     for (const auto& [name, value] : *params)
                       CHECK(is_plain_utf8(value));
                     (void)expand_params(text, *params);
                   });
}

TEST_CASE("random bytes: an accepted signature has its lengths") {
  const std::string sample =
      "v1;expires=1767225600;nonce=0123456789abcdef;hmac="
      + std::string(64, 'a');
  for_random_texts({sample}, [](std::string_view text) {
    auto signature = parse_signature(text);
    if (!signature)
      return;
    CHECK(signature->hmac.size() == 64);
    CHECK(signature->nonce.size() >= 16);
    CHECK(signature->expires >= 0);
  });
}

TEST_CASE("random bytes: a close reason that was cut may be sent") {
  for_random_texts({std::string(120, 'a') + "\xE2\x82\xAC\xF0\x9F\x98\x80"},
                   [](std::string_view text) {
                     auto cut = fit_close_reason(text);
                     CHECK(cut.size() <= max_close_reason);
                     if (is_valid_utf8(text))
                       CHECK(check_close(1000, cut));
                   });
}

TEST_CASE("random bytes: a safe field has no line ends") {
  for_random_texts({"keep-alive, Upgrade", "x\r\ny"},
                   [](std::string_view text) {
                     if (is_safe_field("a", text))
                       CHECK(text.find_first_of("\r\n") == text.npos);
                     http_fields fields{{"Connection", std::string{text}},
                                        {std::string{text}, "x"}};
                     erase_hop_by_hop(fields);
                     CHECK_FALSE(find_field(fields, "connection"));
                     (void)has_token(text, "upgrade");
                   });
}

TEST_CASE("random bytes: frames give the same events in any two pieces") {
  using test::to_bytes;
  auto fragments = to_bytes({opcode::text, "ab\xC3", false})
                   + to_bytes({opcode::ping, "p"})
                   + to_bytes({opcode::continuation, "\xA9z"});
  auto messages = to_bytes({opcode::binary, std::string(130, '\xFF')})
                  + to_bytes({opcode::text, "caf\xC3\xA9"})
                  + to_bytes({opcode::close, "\x03\xE8text"});
  for_random_texts({fragments, messages}, [](std::string_view text) {
    auto whole = test::events_of(text, 150);
    for (std::size_t cut = 1; cut < text.size(); cut += 3)
      REQUIRE(test::events_of(text, 150, {cut}) == whole);
  });
}

} // namespace wsrelay::random_bytes_test
