// A client that reads late or never: what waits, what is answered behind it.
#include "actors/error.hpp"
#include "test/net/ws/session_fixture.hpp"

namespace wsrelay::session_output_test {

using namespace wsrelay::test;
using fixture = ws_session_fixture;

namespace {

// Keeps 16 MiB on the way to a client that says "stream", for ever.
caf::behavior streaming(caf::event_based_actor* self, shared_record to) {
  auto piece = shared_buffer{std::string(flood_piece, 'x')};
  auto next = std::make_shared<std::function<void(const caf::actor&)>>();
  *next = [=](const caf::actor& client) {
    self->request(client, caf::infinite, ws_send{message_type::binary, piece})
        .then([=] { (*next)(client); },
              [next](caf::error&) { *next = [](const caf::actor&) {}; });
  };
  return {
      [](const ws_join&) {},
      [next](const ws_message& message) {
        for (int i = 0; i < 64; ++i)
          (*next)(message.client);
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
  };
}

} // namespace

TEST_CASE_FIXTURE(fixture, "two pings while output is blocked are both "
                           "answered, in order, behind it") {
  start_with(recording);
  auto client = connect_raw();
  client.send(opcode::ping, "0");
  CHECK(client.receive() == "pong 0");
  // Few enough pieces for pongs to wait behind them.
  auto data = shared_buffer{std::string(1 << 20, 'x')};
  for (int i = 0; i < 30; ++i)
    caf::anon_send(log->client(), ws_send{message_type::binary, data});
  settle();
  client.send(opcode::ping, "1");
  client.send(opcode::ping, "2");
  settle();
  for (int i = 0; i < 30; ++i)
    CHECK(client.receive().size() == 7 + data.size());
  CHECK(client.receive() == "pong 1");
  CHECK(client.receive() == "pong 2");
}

TEST_CASE_FIXTURE(fixture, "of two pings of which the first had to wait the "
                           "second is answered last") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  client.send(opcode::ping, "1"); // behind too much: waits
  settle();
  // Less than 64 pieces are left, and more than none.
  for (std::size_t i = 0; i < flood_pieces - 40; ++i)
    REQUIRE(client.receive().size() == 7 + flood_piece);
  settle();
  client.send(opcode::ping, "2");
  settle();
  std::string pongs;
  for (auto next = client.receive(); !next.starts_with("text ");
       next = client.receive()) {
    if (next.starts_with("pong "))
      pongs += next + ", ";
    if (next.starts_with("pong ") && pongs.size() == 8)
      caf::anon_send(log->client(), ws_send{message_type::text, "done"});
  }
  CHECK((pongs == "pong 2, " || pongs == "pong 1, pong 2, "));
}

TEST_CASE_FIXTURE(fixture, "of a flood of pings behind blocked output only the "
                           "last is answered") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  std::string pings;
  for (int i = 0; i < 10'000; ++i)
    pings += to_bytes({opcode::ping, std::to_string(i)});
  client.socket().send(pings);
  client.send("pinged");
  REQUIRE(saw("pinged")); // all of them were read
  CHECK(receives_flood(client));
  CHECK(client.receive() == "pong 9999");
  client.send(opcode::ping, "next");
  CHECK(client.receive() == "pong next");
}

TEST_CASE_FIXTURE(fixture, "a client that only pings and never reads is "
                           "answered in bounds") {
  start_with(recording);
  auto client = connect_raw();
  constexpr std::size_t count = 200'000; // 25 MB of pongs
  std::string pings;
  auto padding = std::string(max_control_payload - 7, '.');
  for (std::size_t i = 0; i < count; ++i)
    pings +=
        to_bytes({opcode::ping, std::to_string(1'000'000 + i).append(padding)});
  client.socket().send(pings);
  client.send("pinged");
  REQUIRE(saw("pinged"));
  auto last = "pong " + std::to_string(1'000'000 + count - 1) + padding;
  std::string before, pong;
  std::size_t pongs = 0;
  while (pong != last && pong != "end") {
    before = std::exchange(pong, client.receive());
    ++pongs;
    REQUIRE(before < pong); // in order
  }
  CHECK(pong == last);
  CHECK(pongs < count); // the kernel's share, and 65
}

TEST_CASE_FIXTURE(fixture, "a client that answers its pings lives, though "
                           "output never ends") {
  start_with(streaming, [](auto& config) {
    options(config).ping_interval = 10ms;
    options(config).pong_timeout = 1s;
  });
  auto client = connect_raw();
  client.send("stream");
  int pings = 0;
  std::string got;
  while (pings < 3 && got != "end") {
    got = client.receive();
    if (got != "ping ")
      continue;
    ++pings;
    client.send(opcode::pong, "");
  }
  CHECK(pings == 3);
  CHECK(log->seen().empty());
}

TEST_CASE_FIXTURE(fixture, "a client that closes while output is blocked gets "
                           "all of it and the close frame") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  client.send_close(4001);
  REQUIRE(saw("leave client_closed 4001")); // does not wait for the output
  CHECK(receives_flood(client));
  CHECK(client.receive() == "close 4001 closed by the client");
  CHECK(client.receive() == "end");
}

TEST_CASE_FIXTURE(fixture, "a request to send is answered when the kernel has "
                           "the message") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::scoped_actor self{system};
  auto answer = self->request(log->client(), patience,
                              ws_send{message_type::text, "behind it"});
  settle();
  CHECK(!self->has_next_message());
  CHECK(receives_flood(client));
  CHECK(client.receive() == "text behind it");
  answer.receive([] {}, [](caf::error& error) { FAIL(to_text(error)); });
}

TEST_CASE_FIXTURE(fixture, "a client that is lost while output is blocked "
                           "fails the requests that wait") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  caf::scoped_actor self{system};
  auto answer = self->request(log->client(), patience,
                              ws_send{message_type::text, "never"});
  settle();
  client.socket().reset();
  answer.receive([] { FAIL("nobody has it"); },
                 [](caf::error& error) {
                   CHECK(error == make_error(errc::connection_lost));
                 });
  CHECK(saw("leave connection_lost 1006"));
}

} // namespace wsrelay::session_output_test
