// Guessing misspelled keys.
#include "config/nearest.hpp"

#include <doctest/doctest.h>

namespace wsrelay::nearest_test {

using wsrelay::nearest;

TEST_CASE("a word two edits away is offered, three are too many") {
  CHECK(nearest("threads", {"threads"}) == "threads");
  CHECK(nearest("thread", {"threads"}) == "threads");
  CHECK(nearest("thred", {"threads"}) == "threads");
  CHECK(nearest("thre", {"threads"}) == "");
  CHECK(nearest("treadsxx", {"threads"}) == "");
}

TEST_CASE("two letters swapped are one edit") {
  CHECK(nearest("ptah", {"path"}) == "path");
}

TEST_CASE("the nearest of several words is offered") {
  CHECK(nearest("secret_fil", {"secret", "secret_file"}) == "secret_file");
}

TEST_CASE("the first part of one word is offered as that word") {
  CHECK(nearest("target", {"metadata", "target_pid"}) == "target_pid");
  CHECK(nearest("max", {"max_body_size", "max_header_size"}) == "");
  CHECK(nearest("targ", {"target_pid"}) == "");
  CHECK(nearest("target_pid_x", {"target_pid"}) == "target_pid");
}

TEST_CASE("a short word needs more in common") {
  CHECK(nearest("abcd", {"path"}) == "");
  CHECK(nearest("fnuc", {"func"}) == "func");
  CHECK(nearest("", {"ab"}) == "");
}

TEST_CASE("of a word of two to four letters one may be wrong") {
  CHECK(nearest("wss", {"ws"}) == "ws");
  CHECK(nearest("sw", {"ws"}) == "ws");
  CHECK(nearest("wx", {"ws"}) == "ws");
  CHECK(nearest("ab", {"ws"}) == "");
  CHECK(nearest("w", {"ws"}) == "");
  CHECK(nearest("a", {"b"}) == "");
  CHECK(nearest("ech", {"echo"}) == "echo");
  CHECK(nearest("ehco", {"echo"}) == "echo");
  CHECK(nearest("ec", {"echo"}) == "");
  CHECK(nearest("wap", {"wsp"}) == "wsp");
}

TEST_CASE("of two letters there is no guess that is as good as another") {
  CHECK(nearest("wx", {"wa", "ws"}) == "");
  CHECK(nearest("wss", {"ws", "wsx"}) == "");
}

TEST_CASE("the last part of one word is offered as that word") {
  CHECK(nearest("options", {"post_middleware", "post_options"})
        == "post_options");
  CHECK(nearest("timeout", {"header_timeout", "write_timeout"}) == "");
  CHECK(nearest("ptions", {"post_options"}) == "");
}

TEST_CASE("a word of more than 64 bytes is not guessed") {
  std::string known(64, 'a');
  CHECK(nearest(known.substr(1) + "b", {known}) == known);
  CHECK(nearest(known + "b", {known}).empty());
}

} // namespace wsrelay::nearest_test
