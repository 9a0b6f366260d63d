// What backends say, read.
#include "protocol/backend_order.hpp"
#include "protocol/json.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::backend_order_test {

namespace {

using verb = backend_verb;

backend_order read(std::string_view text) {
  backend_order result;
  auto bad = read_backend_order(text, false, result);
  CAPTURE(text);
  REQUIRE_MESSAGE(!bad, bad->what);
  return result;
}

std::string fault(std::string_view text, bool is_binary = false) {
  backend_order out;
  auto bad = read_backend_order(text, is_binary, out);
  return bad ? bad->what + (out.id.empty() ? "" : " of " + out.id)
                   + (out.ref == 0 ? "" : " to " + std::to_string(out.ref))
             : "";
}

std::string framed(std::string_view head, std::string_view bytes) {
  std::string result(4, '\0');
  result[2] = static_cast<char>(head.size() >> 8);
  result[3] = static_cast<char>(head.size());
  return result.append(head).append(bytes);
}

} // namespace

TEST_CASE("names are offered and withdrawn") {
  auto order = read(R"({"type":"offer","names":["a","b"],"acks":true,"id":7})");
  CHECK(order.what == verb::offer);
  CHECK(order.names == std::vector<std::string>{"a", "b"});
  CHECK(order.acks);
  CHECK(order.id == "7");
  CHECK(read(R"({"type":"withdraw","names":[]})").what == verb::withdraw);
}

TEST_CASE("members may come in any order") {
  auto order = read(R"({"data":"x","to":"1@y","id":"a\"b","type":"send"})");
  CHECK(order.what == verb::send);
  CHECK(order.to == "1@y");
  CHECK(order.data == "x");
  CHECK(order.id == R"("a\"b")");
  CHECK_FALSE(order.is_binary);
}

TEST_CASE("an event has any JSON, a send has text") {
  CHECK(read(R"({"type":"event","to":"a","topic":"t","data":{"b":[1]}})").data
        == R"({"b":[1]})");
  CHECK(read(R"({"type":"event","to":"a","topic":"t","data":"x"})").data
        == R"("x")");
  CHECK(
      read(R"({"type":"group_event","group":"a","topic":"t","data":null})").data
      == "null");
  CHECK(fault(R"({"type":"send","to":"a","data":1})")
        == "data is not a string");
}

TEST_CASE("a control has what it changes") {
  auto order = read(R"({"type":"control","to":"1@x","target":"lobby",)"
                    R"("message_topic":"m","heartbeat_interval":"30s",)"
                    R"("metadata":{"a":1},"expires_at":12.5,)"
                    R"("join_groups":["a"],"leave_groups":["b"]})");
  CHECK(order.target == "lobby");
  CHECK(order.message_topic == "m");
  CHECK(order.heartbeat_interval == std::chrono::seconds{30});
  CHECK(order.metadata == R"({"a":1})");
  CHECK(order.expires_at == std::chrono::milliseconds{12'500});
  CHECK(order.join_groups == std::vector<std::string>{"a"});
  CHECK(order.leave_groups == std::vector<std::string>{"b"});
  auto none = read(R"({"type":"control","to":"1@x"})");
  CHECK_FALSE(none.metadata);
  CHECK_FALSE(none.heartbeat_interval);
  CHECK(read(R"({"type":"control","to":"a","heartbeat_interval":"off"})")
            .heartbeat_interval
        == std::chrono::seconds{0});
}

TEST_CASE("a response is one of HTTP") {
  auto order = read(R"({"type":"response","ref":9,"status":201,"body":"b",)"
                    R"("headers":[["A","1"],["A","2"]],)"
                    R"("relay":{"target_pid":"x"}})");
  CHECK(order.ref == 9);
  CHECK(order.status == 201);
  CHECK(order.headers == http_fields{{"A", "1"}, {"A", "2"}});
  CHECK(order.data == "b");
  CHECK(order.relay == R"({"target_pid":"x"})");
  CHECK(fault(R"({"type":"response","ref":1,"headers":[["A"]]})")
        == "headers is not a list of pairs to 1");
  CHECK(fault(R"({"type":"response","ref":1,"status":65536})")
        == "status is not a number to 1");
}

TEST_CASE("bytes stand behind their head") {
  backend_order order;
  auto head = std::string_view{R"({"type":"send","to":"a"})"};
  REQUIRE_FALSE(read_backend_order(framed(head, "\xff\0x"), true, order));
  CHECK(order.is_binary);
  CHECK(order.data == "\xff");
  backend_order empty;
  REQUIRE_FALSE(read_backend_order(framed(head, ""), true, empty));
  CHECK(empty.data.empty());
  CHECK(fault("", true) == "its first four bytes do not count a head");
  CHECK(fault(std::string("\0\0\0", 3), true)
        == "its first four bytes do not count a head");
  CHECK(fault(std::string("\0\0\0\1", 4), true)
        == "its first four bytes do not count a head");
  CHECK(fault("\xff\xff\xff\xff{}", true)
        == "its first four bytes do not count a head");
  CHECK(fault(framed(R"({"type":"send","to":"a","data":"b"})", "x"), true)
        == "data stands twice");
  CHECK(fault(framed(R"({"type":"close","to":"a","id":3})", "x"), true)
        == "it has no bytes behind it of 3");
}

TEST_CASE("what is missing, unknown or twice is named") {
  CHECK(fault("[]") == fault("1"));
  CHECK_FALSE(fault("").empty());
  CHECK_FALSE(fault("{").empty());
  CHECK_FALSE(fault(std::string("{\"type\":\"ok\",\"ref\":1}\0", 22)).empty());
  CHECK(fault("{}") == "type is missing");
  CHECK(fault(R"({"id":4})") == "type is missing of 4");
  CHECK(fault(R"({"type":"dance","id":"x"})")
        == R"(unknown type "dance" of "x")");
  CHECK(fault(R"({"type":"send","to":"a"})") == "data is missing");
  CHECK(fault(R"({"type":"send","data":"a"})") == "to is missing");
  CHECK(fault(R"({"type":"send","to":"a","data":"b","code":1})")
        == R"(unknown member "code")");
  CHECK(fault(R"({"type":"ok","ref":1,"ref":2})") == "ref stands twice to 1");
  CHECK(fault(R"({"type":"ok","type":"ok","ref":1})")
        == "type stands twice to 1");
  CHECK(fault(R"({"type":"ok","ref":-1})") == "ref is not a number");
  CHECK(fault(R"({"type":"ok","ref":1.5})") == "ref is not a number");
  CHECK(fault(R"({"type":"ok","ref":1,"id":{}})")
        == "id is not a number or a short string to 1");
  CHECK(fault(R"({"type":"control","to":"a","metadata":[]})")
        == "metadata is not an object");
  CHECK(fault(R"({"type":"control","to":"a","expires_at":-1})")
        == "expires_at is not a time in seconds since 1970");
  CHECK(fault(R"({"type":"control","to":"a","expires_at":1e300})")
        == "expires_at is not a time in seconds since 1970");
}

TEST_CASE("what the parser takes and is no JSON is refused as everywhere") {
  auto event = [](const std::string& data) {
    return R"({"type":"event","to":"a","topic":"t","data":)" + data + "}";
  };
  auto nested = [&](std::size_t levels) {
    return event(std::string(levels, '[') + std::string(levels, ']'));
  };
  CHECK(fault(event(R"("\uD83D\uDE00")")) == "");
  CHECK(fault(event(R"("\uDE00")"))
        == "not valid JSON: a surrogate stands alone");
  CHECK(fault(nested(max_json_depth - 1)) == "");
  CHECK(fault(nested(max_json_depth)) == "nested more than 64 levels deep");
  CHECK(fault(nested(100'000)) == "nested more than 64 levels deep");
  CHECK(fault(event("[" + std::string(100, '[') + "]"))
        == "nested more than 64 levels deep");
  std::string many = "[]";
  for (int i = 0; i < 100; ++i) // not one in the other
    many += ",{}";
  CHECK(fault(event("[" + many + "]")) == "");
  for (auto bad : {"1e400", "\"\xFF\"", "1}{", "01"}) {
    CAPTURE(bad);
    CHECK(fault(event(bad)) == check_json(event(bad)).error().what);
    CHECK(fault(framed(event(bad), ""), true) == fault(event(bad)));
  }
  CHECK(fault("\xEF\xBB\xBF" + event("1")) == "not valid JSON at byte 0");
  CHECK(fault(event("1") + '\0' + event("1"))
        == check_json(event("1") + '\0').error().what);
}

TEST_CASE("names have a bound") {
  auto offer = [](std::size_t count) {
    std::string names;
    for (std::size_t i = 0; i < count; ++i)
      names += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
    return R"({"type":"offer","names":[)" + names + "]}";
  };
  CHECK(fault(offer(max_backend_names)) == "");
  CHECK(fault(offer(max_backend_names + 1)) == "names is not a list of names");
}

} // namespace wsrelay::backend_order_test
