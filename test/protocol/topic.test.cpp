// Topics and the envelope in which they reach a browser.
#include "protocol/topic.hpp"

#include "protocol/json.hpp"

#include <doctest/doctest.h>

namespace wsrelay::topic_test {

TEST_CASE("topics that begin with ws. are reserved") {
  for (auto topic : {"ws.", "ws.send", "ws.message", "ws.x"}) {
    CHECK(is_reserved(topic));
    CHECK_FALSE(check_topic(topic));
  }
  for (auto topic : {"ws", "WS.send", "wsx", "a.ws.", " ws.send"}) {
    CHECK_FALSE(is_reserved(topic));
    CHECK(check_topic(topic));
  }
}

TEST_CASE("a topic is plain UTF-8 and not empty") {
  CHECK(check_topic("chat/caf\xC3\xA9 1"));
  for (std::string topic : {"", "a\nb", "\x7F", "\xC2\x85", "\xFF", "\xC3"}) {
    CAPTURE(topic);
    CHECK_FALSE(check_topic(topic));
  }
  CHECK_FALSE(check_topic(std::string_view("a\0", 2)));
}

TEST_CASE("a topic has at most 256 bytes") {
  CHECK(check_topic(std::string(255, 'a')));
  CHECK(check_topic(std::string(256, 'a')));
  CHECK_FALSE(check_topic(std::string(257, 'a')));
}

TEST_CASE("ws.message is the one reserved topic for messages") {
  CHECK(check_message_topic("ws.message"));
  CHECK(check_message_topic("chat"));
  for (auto topic : {"ws.messages", "ws.join", "ws.", ""})
    CHECK_FALSE(check_message_topic(topic));
}

TEST_CASE("an envelope keeps the data byte for byte") {
  for (std::string data :
       {"null", "0.10", "1E5", "-0", "\"a\\u0041\\/\"", "{\"b\":1,\"b\":2}",
        " [1 ,\t2]\n", "12345678901234567890123", "\"caf\xC3\xA9\""}) {
    auto envelope = make_envelope("news", data);
    REQUIRE(envelope);
    CHECK(*envelope == "{\"topic\":\"news\",\"data\":" + data + "}");
    CHECK(check_json_object(*envelope));
  }
}

TEST_CASE("an envelope escapes its topic") {
  auto envelope = make_envelope("a\"b\\", "1");
  REQUIRE(envelope);
  CHECK(*envelope == R"({"topic":"a\"b\\","data":1})");
}

TEST_CASE("an envelope refuses reserved topics and data that is no JSON") {
  CHECK_FALSE(make_envelope("ws.send", "1"));
  CHECK_FALSE(make_envelope("", "1"));
  for (std::string data : {"", " ", "{", "1 2", "1,\"x\":2", "}", "\"\xFF\"",
                           "nan", "'a'", "1}", "{}{}"}) {
    CAPTURE(data);
    CHECK_FALSE(make_envelope("news", data));
  }
  CHECK_FALSE(make_envelope("news", std::string_view("1\0", 2)));
}

TEST_CASE("an envelope refuses data nested more than 64 levels deep") {
  auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK(make_envelope("news", nested(63)));
  CHECK(make_envelope("news", nested(64)));
  CHECK_FALSE(make_envelope("news", nested(65)));
}

} // namespace wsrelay::topic_test
