// What actors send to a connection: what reaches the client, what is an error.
#include "actors/pid_text.hpp"
#include "test/support/connected.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>

namespace wsrelay::connection_send_test {

using namespace wsrelay::test;

namespace {

// Checks that a message is refused, and harms nothing.
template <class Message>
void check_refused(connected& on, errc code, Message message) {
  auto error = on.answer(std::move(message));
  INFO(to_text(error));
  CHECK(is(error, code));
  CHECK(on.client.received().empty());
  CHECK_FALSE(on.answer(ws_send{message_type::text, "next"}));
  CHECK(on.client.take() == std::vector{text("next")});
  CHECK(on.target.leaves().empty());
}

} // namespace

TEST_CASE_FIXTURE(connected, "ws.send is one message of its type") {
  node.send(client.actor(), ws_send{message_type::text, "caf\xC3\xA9"});
  node.send(client.actor(), ws_send{message_type::binary, "\xFF"});
  node.run();
  CHECK(client.take() == std::vector{text("caf\xC3\xA9"), binary("\xFF")});
}

// Known failure 11: it dropped the connection.
TEST_CASE_FIXTURE(connected, "text that is not UTF-8 fails alone") {
  check_refused(*this, errc::invalid_utf8,
                ws_send{message_type::text, "a\xFF"});
}

TEST_CASE_FIXTURE(connected,
                  "text that ends inside of a character fails alone") {
  check_refused(*this, errc::invalid_utf8,
                ws_send{message_type::text, "caf\xC3"});
}

TEST_CASE_FIXTURE(connected, "a type that is none fails alone") {
  for (int type : {0, 3, 8, 9, 255})
    check_refused(*this, errc::invalid_message,
                  ws_send{static_cast<message_type>(type), "x"});
}

TEST_CASE_FIXTURE(connected, "any other topic reaches the client in JSON") {
  CHECK_FALSE(answer(ws_event{"price", R"({"eur": 1.50})"}));
  CHECK_FALSE(answer(ws_event{"a\"b", "null"}));
  CHECK(client.received()[0]
        == text(R"({"topic":"price","data":{"eur": 1.50}})"));
  CHECK(client.received()[1] == text(R"({"topic":"a\"b","data":null})"));
  CHECK(client.events()[0] == client_event{"price", R"({"eur": 1.50})"});
}

TEST_CASE_FIXTURE(connected, "a reserved topic is an error to its sender") {
  check_refused(*this, errc::reserved_topic, ws_event{"ws.", "1"});
  check_refused(*this, errc::reserved_topic, ws_event{"ws.message", "1"});
  check_refused(*this, errc::reserved_topic, ws_event{"ws.leave", "1"});
}

TEST_CASE_FIXTURE(connected, "topics that only look reserved are not") {
  for (std::string topic : {"ws", "wsx", "WS.x", "x.ws."})
    CHECK_FALSE(answer(ws_event{topic, "1"}));
  CHECK(client.received().size() == 4);
}

TEST_CASE_FIXTURE(connected, "a bad topic fails alone, and at its limit") {
  check_refused(*this, errc::invalid_topic, ws_event{"", "1"});
  check_refused(*this, errc::invalid_topic, ws_event{"a\nb", "1"});
  check_refused(*this, errc::invalid_topic, ws_event{"\xFF", "1"});
  check_refused(*this, errc::invalid_topic,
                ws_event{std::string(257, 'x'), "1"});
  CHECK_FALSE(answer(ws_event{std::string(256, 'x'), "1"}));
}

TEST_CASE_FIXTURE(connected, "data that is not JSON fails alone") {
  for (std::string data : {"", "{", "nope", "1 2", "\"\xFF\"", "{} x"})
    check_refused(*this, errc::invalid_json, ws_event{"t", data});
}

TEST_CASE_FIXTURE(connected,
                  "a close code that may not be sent changes nothing") {
  for (std::uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000})
    check_refused(*this, errc::invalid_close, ws_close{code, ""});
}

TEST_CASE_FIXTURE(connected, "a close reason of 124 bytes changes nothing") {
  check_refused(*this, errc::invalid_close,
                ws_close{1000, std::string(124, 'x')});
  check_refused(*this, errc::invalid_close, ws_close{1000, "\xC3"});
}

TEST_CASE_FIXTURE(connected, "a close reason of 123 bytes arrives as it is") {
  CHECK_FALSE(answer(ws_close{4001, std::string(123, 'x')}));
  CHECK(client.close_frame() == client_close{4001, std::string(123, 'x')});
  CHECK(target.log().back() == "leave closed 4001 last=0");
}

TEST_CASE_FIXTURE(connected,
                  "what was sent before ws.close arrives before it") {
  node.send(client.actor(), ws_send{message_type::text, "last words"});
  node.send(client.actor(), ws_close{3000, "bye"});
  node.run();
  CHECK(client.take() == std::vector{text("last words")});
  CHECK(client.close_frame() == client_close{3000, "bye"});
}

TEST_CASE_FIXTURE(connected,
                  "after ws.close every request is answered closing") {
  client.stall(); // the close frame waits
  CHECK_FALSE(answer(ws_close{1000, ""}));
  CHECK(is(answer(ws_send{message_type::text, "x"}), errc::closing));
  CHECK(is(answer(ws_event{"t", "1"}), errc::closing));
  CHECK(is(answer(ws_close{1000, ""}), errc::closing));
  CHECK(is(answer(ws_control{}), errc::closing));
  client.read_again();
  node.run();
  CHECK(client.received().empty());
  CHECK(answer(ws_send{message_type::text, "x"})
        == caf::sec::request_receiver_down);
}

TEST_CASE_FIXTURE(connected, "messages of CAF never reach the client") {
  node.send(client.actor(), 42);
  node.send(client.actor(), std::string{"text"});
  node.send(client.actor(), caf::make_message(std::string{"x"}, 1));
  node.send(client.actor(), caf::ok_atom_v);
  node.send(client.actor(), make_error(errc::busy));
  node.send(client.actor(), caf::down_msg{{}, caf::exit_reason::kill});
  node.send(client.actor(), caf::down_msg{target.actor().address(), {}});
  caf::anon_send_exit(client.actor(), caf::exit_reason::normal);
  node.run();
  CHECK(client.received().empty());
}

TEST_CASE_FIXTURE(connected, "a message that a connection does not know is an "
                             "error to its sender") {
  CHECK(answer(std::string{"text"}) == caf::sec::unexpected_message);
  CHECK(answer(ws_join{}) == caf::sec::unexpected_message);
  CHECK(client.received().empty());
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(connected,
                  "ws.send is answered when the kernel has the bytes") {
  client.stall();
  auto first = node.begin_request<void>(client.actor(),
                                        ws_send{message_type::text, "a"});
  auto second = node.begin_request<void>(client.actor(), ws_event{"t", "1"});
  node.run();
  CHECK_FALSE(first.answered());
  CHECK_FALSE(second.answered());
  client.read_again();
  node.run();
  CHECK(first.succeeded());
  CHECK(second.succeeded());
  CHECK(client.received().size() == 2);
}

TEST_CASE_FIXTURE(connected, "a sender learns that the connection was lost") {
  client.stall();
  auto reply = node.begin_request<void>(client.actor(),
                                        ws_send{message_type::text, "a"});
  node.run();
  client.lose();
  node.run();
  CHECK(reply.failed_with(errc::connection_lost));
}

TEST_CASE_FIXTURE(connected, "a sender learns that a client closed unread") {
  client.stall();
  auto reply = node.begin_request<void>(client.actor(),
                                        ws_send{message_type::text, "a"});
  node.run();
  client.close();
  node.advance(fake_frame_port::close_timeout);
  CHECK(reply.failed_with(errc::connection_lost));
}

TEST_CASE_FIXTURE(connected, "a sender learns that a client that closes has "
                             "read everything") {
  client.stall();
  auto reply = node.begin_request<void>(client.actor(),
                                        ws_send{message_type::text, "a"});
  node.run();
  client.close();
  node.run();
  client.read_again();
  node.run();
  CHECK(reply.succeeded());
  CHECK(client.close_frame() == client_close{1000, ""});
}

TEST_CASE_FIXTURE(connected, "a sender learns that the connection was killed") {
  client.stall();
  auto reply = node.begin_request<void>(client.actor(),
                                        ws_send{message_type::text, "a"});
  node.run();
  caf::anon_send_exit(client.actor(), caf::exit_reason::kill);
  node.run();
  CHECK(reply.failed_with(errc::closing));
}

TEST_CASE_FIXTURE(connected, "per sender, order holds") {
  std::vector<client_message> expected;
  for (int i = 0; i < 100; ++i) {
    auto line = std::to_string(i);
    expected.push_back(text(line));
    if (i % 3 == 0)
      node.begin_request<void>(client.actor(),
                               ws_send{message_type::text, line});
    else
      node.send(client.actor(), ws_send{message_type::text, line});
  }
  node.run();
  CHECK(client.take() == expected);
}

TEST_CASE_FIXTURE(connected, "a message that is no request is not answered") {
  // By default an error ends its receiver: a careless sender must not die.
  std::vector<std::string> answers;
  auto sender = node.system().spawn([&](caf::event_based_actor* self) {
    self->set_error_handler(
        [&](caf::error& x) { answers.push_back(to_text(x)); });
    self->set_default_handler([&](caf::scheduled_actor*, caf::message_view& x) {
      answers.push_back(caf::to_string(x.content()));
      return caf::result<caf::message>{caf::message{}};
    });
    auto to = client.actor();
    auto send_all = [=] {
      self->send(to, ws_send{message_type::text, "ok"});
      self->send(to, ws_send{message_type::text, "\xFF"});
      self->send(to, ws_event{"ws.x", "1"});
      self->send(to, ws_event{"t", "no JSON"});
      self->send(to, ws_close{1, ""});
      self->send(to, move_to_name("nobody"));
      self->send(to, std::string{"unknown"});
    };
    return caf::behavior{[=](caf::ok_atom) { send_all(); }};
  });
  node.send(sender, caf::ok_atom_v);
  node.run();
  CHECK(client.take() == std::vector{text("ok")});
  client.stall();
  node.send(client.actor(), ws_close{1000, ""});
  node.send(sender, caf::ok_atom_v);
  node.run();
  client.lose();
  node.run();
  node.send(sender, caf::ok_atom_v);
  node.run();
  CHECK(answers == strings{});
  caf::anon_send_exit(sender, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(connected, "what nobody asked about and cannot be leaves one "
                             "line, a closing connection none") {
  captured_log log;
  // A reason that no other test has: lines are limited by it.
  node.send(client.actor(), ws_close{2017, ""});
  CHECK(is(answer(ws_close{2018, ""}), errc::invalid_close));
  auto pid = pid_text(client.actor().id(), client.actor().node());
  CHECK(log.sink->lines
        == strings{"message not delivered: pid=" + pid
                   + " topic=ws.close reason=\"invalid_close: close code 2017 "
                     "may not be sent\" hint=\"its sender gets this error if "
                     "it asks; see wsrelay inspect PID\""});
  client.stall();
  node.send(client.actor(), ws_close{1000, ""});
  node.send(client.actor(), ws_send{message_type::text, "late"});
  node.run();
  CHECK(log.sink->lines.size() == 1);
}

TEST_CASE_FIXTURE(connected, "so does a message that no connection knows, but "
                             "no error") {
  node.send(client.actor(), make_error(errc::busy, "of a target"));
  node.send(client.actor(), std::string{"no ws_send"});
  node.run();
  auto refused = node.take_refused_sends();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].topic == "@str");
  CHECK(is(refused[0].error, errc::invalid_message));
  CHECK(client.take().empty());
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(connected, "a control that nobody asked about and cannot be "
                             "leaves a line") {
  captured_log log;
  node.send(client.actor(), move_to_name("nobody-but-here"));
  node.run();
  REQUIRE(log.sink->lines.size() == 1);
  CHECK(log.sink->lines[0].find("topic=ws.control reason=\"no_such_target")
        != std::string::npos);
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(connected, "a target that sends to a client it has lost "
                             "lives on") {
  auto echo = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{
        [](const ws_join&) {},
        [self](const ws_message& x) {
          self->send(x.client, ws_send{x.type, x.data});
        },
        [self](const ws_leave& x) {
          self->send(x.client, ws_send{message_type::text, "too late"});
        }};
  });
  auto first = node.connect(echo);
  auto second = node.connect(echo);
  first.send_text("a");
  first.close();
  node.run();
  second.send_text("b");
  node.run();
  CHECK(second.take() == std::vector{text("b")});
  caf::anon_send_exit(echo, caf::exit_reason::kill);
}

} // namespace wsrelay::connection_send_test
