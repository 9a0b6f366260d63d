// The chat's JSON.
#include "tools/targets/chat_message.hpp"

#include <doctest/doctest.h>

namespace wsrelay::chat_message_test {

namespace {

std::string hello(std::size_t size) {
  return R"({"type":"hello","name":")" + std::string(size, 'n') + "\"}";
}

std::string say(std::size_t size) {
  return R"({"type":"say","text":")" + std::string(size, 't') + "\"}";
}

} // namespace

TEST_CASE("hello and say are told apart") {
  auto message = parse_chat_message(R"({"type":"hello","name":"Ann"})");
  REQUIRE(message);
  CHECK(message->type == chat_message::kind::hello);
  CHECK(message->text == "Ann");
  message = parse_chat_message(R"({"text":"hi","type":"say","more":1})");
  REQUIRE(message);
  CHECK(message->type == chat_message::kind::say);
  CHECK(message->text == "hi");
}

TEST_CASE("names and texts have limits") {
  CHECK_FALSE(parse_chat_message(hello(0)));
  CHECK(parse_chat_message(hello(1)));
  CHECK(parse_chat_message(hello(max_chat_name)));
  CHECK_FALSE(parse_chat_message(hello(max_chat_name + 1)));
  CHECK_FALSE(parse_chat_message(say(0)));
  CHECK(parse_chat_message(say(max_chat_text)));
  CHECK_FALSE(parse_chat_message(say(max_chat_text + 1)));
}

TEST_CASE("everything else is a failure") {
  for (std::string bad :
       {"", "x", "[]", "{}", R"({"type":null})", R"({"type":"bye"})",
        "{\"type\":\"say\"", R"({"type":"hello","name":["Ann"]})"})
    CHECK_FALSE(parse_chat_message(bad));
  CHECK_FALSE(parse_chat_message(std::string(100'000, '[')));
}

TEST_CASE("what a client hears is JSON with its strings escaped") {
  CHECK(chat_line_json({"A\"", "b\n"}) == R"({"from":"A\"","text":"b\n"})");
  CHECK(chat_error_json("no") == R"({"text":"no"})");
  CHECK(chat_change_json("A", {"A", "B"})
        == R"({"name":"A","members":["A","B"]})");
  CHECK(chat_welcome_json("r", "1@x", {"A"}, {{"A", "hi"}})
        == R"({"room":"r","you":"1@x","members":["A"],)"
           R"("history":[{"from":"A","text":"hi"}]})");
}

TEST_CASE("the room stands in the metadata, else it is the lobby") {
  CHECK(room_of(R"({"room":"blue"})") == "blue");
  for (std::string other :
       {"", "{}", "null", R"({"room":1})", R"({"room":""})", R"({"Room":"x"})"})
    CHECK(room_of(other) == "lobby");
}

} // namespace wsrelay::chat_message_test
