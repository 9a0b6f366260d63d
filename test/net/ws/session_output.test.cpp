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

// What a client reads: its pongs in order, and how many messages of a size.
struct reading {
  std::string pongs;
  std::size_t messages = 0;

  void take(raw_client& client, std::size_t size) {
    auto next = client.receive();
    if (next.starts_with("pong "))
      pongs += next.substr(5) + " ";
    else if (next.size() == 7 + size)
      ++messages;
    else
      FAIL(next.substr(0, 100));
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "two pings while output is blocked are both "
                           "answered, in order, while it waits") {
  start_with(recording);
  auto client = connect_raw();
  client.send(opcode::ping, "0");
  CHECK(client.receive() == "pong 0");
  auto data = shared_buffer{std::string(1 << 20, 'x')};
  for (int i = 0; i < 30; ++i)
    caf::anon_send(log->client(), ws_send{message_type::binary, data});
  settle();
  client.send(opcode::ping, "1");
  client.send(opcode::ping, "2");
  settle();
  reading seen;
  while (seen.pongs != "1 2 ")
    seen.take(client, data.size());
  CHECK(seen.messages < 30); // most had not been given to the socket
  while (seen.messages < 30)
    seen.take(client, data.size());
  CHECK(seen.pongs == "1 2 ");
}

TEST_CASE_FIXTURE(fixture, "of a flood of pings behind blocked output few are "
                           "answered, the last one among them") {
  start_with(recording);
  auto client = connect_raw();
  block(client);
  std::string pings;
  for (int i = 0; i < 10'000; ++i)
    pings += to_bytes({opcode::ping, std::to_string(i)});
  client.socket().send(pings);
  client.send("pinged");
  REQUIRE(saw("pinged")); // all of them were read
  reading seen;
  while (!seen.pongs.ends_with(" 9999 "))
    seen.take(client, flood_piece);
  CHECK(std::count(seen.pongs.begin(), seen.pongs.end(), ' ') <= 66);
  while (seen.messages < flood_pieces)
    seen.take(client, flood_piece);
  CHECK(seen.pongs.ends_with(" 9999 "));
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
