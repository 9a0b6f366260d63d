// The messages on their way to another node: every field arrives.
#include "actors/messages.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace wsrelay::messages_test {

using namespace wsrelay::test;

namespace {

// Writes and reads a message as CAF does it between nodes.
template <class T>
T travelled(test_node& node, const T& value) {
  std::vector<char> bytes;
  caf::binary_serializer sink{node.system(), bytes};
  auto message = caf::make_message(value);
  REQUIRE_FALSE(sink(message));
  caf::message read;
  caf::binary_deserializer source{node.system(), bytes};
  REQUIRE_FALSE(source(read));
  REQUIRE(read.match_elements<T>());
  return read.get_as<T>(0);
}

} // namespace

TEST_CASE("a message to a client is made of whatever a buffer is made of") {
  std::string bytes{"a\0b", 3};
  shared_buffer shared{"shared"};
  CHECK(ws_send::text("hi").data.view() == "hi");
  CHECK(ws_send::text(bytes).data.view() == bytes);
  CHECK(ws_send::text(std::string_view{bytes}).data.view() == bytes);
  CHECK(ws_send::text(shared).data.data() == shared.data());
  CHECK(ws_send::text("").data.empty());
  CHECK(ws_send::text("hi").type == message_type::text);
  CHECK(ws_send::binary(bytes).type == message_type::binary);
  CHECK(ws_send::binary(bytes).data.view() == bytes);
  CHECK_FALSE(ws_send::binary(bytes).priority);
  // It has no constructors: fields are named, and a type is never guessed.
  static_assert(std::is_aggregate_v<ws_send>);
  ws_send named{.data = "hi", .priority = true};
  CHECK(named.type == message_type::text);
}

TEST_CASE("messages to a target keep every field on their way") {
  connected on;
  auto me = on.target.actor();
  auto join = travelled(on.node, ws_join{me, "1@x", R"({"a":1})"});
  CHECK(join.client == me);
  CHECK(join.client_pid.view() == "1@x");
  CHECK(join.metadata.view() == R"({"a":1})");

  std::string bytes{"\0\xFF\n", 3};
  auto message =
      travelled(on.node, ws_message{me, "1@x", "topic", 1ull << 40,
                                    message_type::binary, bytes, "{}"});
  CHECK(message.client == me);
  CHECK(message.topic.view() == "topic");
  CHECK(message.seq == 1ull << 40);
  CHECK(message.type == message_type::binary);
  CHECK(message.data.view() == bytes);

  auto heartbeat =
      travelled(on.node, ws_heartbeat{me, "1@x", milliseconds{1500}, 7, "{}"});
  CHECK(heartbeat.uptime == milliseconds{1500});
  CHECK(heartbeat.message_count == 7);

  auto leave = travelled(on.node, ws_leave{me, "1@x", leave_reason::timeout,
                                           1006, "text", 9, "{}"});
  CHECK(leave.reason == leave_reason::timeout);
  CHECK(leave.code == 1006);
  CHECK(leave.text == "text");
  CHECK(leave.last_seq == 9);
}

TEST_CASE("a refusal keeps every field on its way") {
  checked_node node;
  auto refused = travelled(node, ws_refused{R"({"a":1})", "origin"});
  CHECK(refused.metadata.view() == R"({"a":1})");
  CHECK(refused.reason == "origin");
}

TEST_CASE("messages between audiences keep every field on their way") {
  connected on;
  auto me = on.target.actor();
  CHECK(travelled(on.node, audience_open{me}).owner == me);
  CHECK(travelled(on.node, audience_opened{me}).audience == me);
  auto change = travelled(on.node, audience_change{{1, 1ull << 40}, {3}});
  CHECK(change.add == std::vector<std::uint64_t>{1, 1ull << 40});
  CHECK(change.remove == std::vector<std::uint64_t>{3});
}

TEST_CASE("messages to a connection keep every field on their way") {
  connected on;
  auto send = travelled(on.node, ws_send{message_type::binary, "x"});
  CHECK(send.type == message_type::binary);
  CHECK(send.data.view() == "x");
  auto close = travelled(on.node, ws_close{4000, "bye"});
  CHECK(close.code == 4000);
  CHECK(close.reason == "bye");
  auto event = travelled(on.node, ws_event{"t", "[1]"});
  CHECK(event.topic == "t");
  CHECK(event.data.view() == "[1]");

  auto control = move_to(on.target);
  control.target_pid = "chat";
  control.message_topic = std::string{"in"};
  control.heartbeat_interval = milliseconds{30};
  control.metadata = shared_buffer{"{}"};
  auto read = travelled(on.node, control);
  CHECK(read.target == on.target.actor());
  CHECK(read.target_pid == "chat");
  CHECK(*read.message_topic == "in");
  CHECK(*read.heartbeat_interval == milliseconds{30});
  CHECK(read.metadata->view() == "{}");
}

TEST_CASE("what a control does not set is not set after its way") {
  checked_node node;
  auto read = travelled(node, ws_control{});
  CHECK_FALSE(read.target);
  CHECK(read.target_pid.empty());
  CHECK_FALSE(read.message_topic);
  CHECK_FALSE(read.heartbeat_interval);
  CHECK_FALSE(read.metadata);
}

TEST_CASE("requests and answers of handlers keep every field on their way") {
  connected on;
  http_request request{"GET",           "/a?b",        "/a",   "b",
                       {{"Host", "h"}}, {{"id", "1"}}, "body", "192.0.2.1"};
  auto read = travelled(on.node, request);
  CHECK(read.method == "GET");
  CHECK(read.target == "/a?b");
  CHECK(read.headers == request.headers);
  CHECK(read.params == request.params);
  CHECK(read.body.view() == "body");
  CHECK(read.remote_address == "192.0.2.1");

  http_response response{
      201, {{"A", "b"}}, "x", relay_to{on.target, "t", milliseconds{1}, "{}"}};
  auto answer = travelled(on.node, response);
  CHECK(answer.status == 201);
  CHECK(answer.headers == response.headers);
  REQUIRE(answer.relay);
  CHECK(answer.relay->target == on.target.actor());
  CHECK(answer.relay->message_topic == "t");
  CHECK(*answer.relay->heartbeat_interval == milliseconds{1});
  CHECK_FALSE(travelled(on.node, http_response{}).relay);
}

TEST_CASE("lists keep every field on their way") {
  connected on;
  auto names = travelled(
      on.node, std::vector<directory_entry>{{"chat", on.target.actor()}});
  REQUIRE(names.size() == 1);
  CHECK(names[0].name == "chat");
  CHECK(names[0].who == on.target.actor());
  auto list =
      travelled(on.node, std::vector<connection_info>{
                             {on.client.actor(), "1@x", "192.0.2.1", "ws"}});
  REQUIRE(list.size() == 1);
  CHECK(list[0].client == on.client.actor());
  CHECK(list[0].remote_address == "192.0.2.1");
  CHECK(list[0].endpoint == "ws");
}

TEST_CASE("numbers and traffic keep every field on their way") {
  connected on;
  auto me = on.client.actor();
  connection_numbers numbers{"7@x", milliseconds{1}, 2, 3, 4, 5, 6, 7};
  auto stats = travelled(on.node, connection_stats{me, "1@x", numbers});
  CHECK(stats.client == me);
  CHECK(stats.client_pid.view() == "1@x");
  CHECK(stats.numbers.target_pid == "7@x");
  CHECK(stats.numbers.age == milliseconds{1});
  CHECK(stats.numbers.messages_in == 2);
  CHECK(stats.numbers.bytes_in == 3);
  CHECK(stats.numbers.messages_out == 4);
  CHECK(stats.numbers.bytes_out == 5);
  CHECK(stats.numbers.queued_messages == 6);
  CHECK(stats.numbers.queued_bytes == 7);

  auto rows = travelled(on.node, std::vector<connection_row>{
                                     {"1@x", "192.0.2.1", "ws", numbers},
                                     {"2@x", "192.0.2.2", "ws", caf::none}});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].client_pid.view() == "1@x");
  CHECK(rows[0].remote_address == "192.0.2.1");
  CHECK(rows[0].endpoint == "ws");
  REQUIRE(rows[0].numbers);
  CHECK(rows[0].numbers->queued_bytes == 7);
  CHECK_FALSE(rows[1].numbers);

  auto watch = travelled(on.node, ws_watch{me, true});
  CHECK(watch.watcher == me);
  CHECK(watch.payload);
  auto event =
      travelled(on.node, ws_traffic{"1@x", traffic_kind::ended, 1013,
                                    message_type::binary, 5, "too slow",
                                    leave_reason::slow_consumer, 9});
  CHECK(event.client_pid.view() == "1@x");
  CHECK(event.kind == traffic_kind::ended);
  CHECK(event.number == 1013);
  CHECK(event.type == message_type::binary);
  CHECK(event.size == 5);
  CHECK(event.data.view() == "too slow");
  CHECK(event.reason == leave_reason::slow_consumer);
  CHECK(event.missed == 9);
}

TEST_CASE("an error keeps its code and its text on its way") {
  checked_node node;
  auto error = travelled(node, make_error(errc::busy, "later"));
  CHECK(is(error, errc::busy));
  CHECK(to_text(error) == "busy: later");
}

TEST_CASE("what a connection ends with keeps code and text on its way") {
  checked_node node;
  auto error = travelled(node, make_ending(end_cause::slow_consumer).exit);
  auto info = to_close_info(error);
  REQUIRE(info);
  CHECK(info->reason == leave_reason::slow_consumer);
  CHECK(info->code == 1013);
  CHECK(info->text.starts_with("too slow: "));
}

} // namespace wsrelay::messages_test
