// What completes, when, and with what.
#include "test/net/loop/async_stream_fixture.hpp"

#include <netinet/in.h>

#include <future>
#include <stdexcept>

namespace wsrelay::async_stream_test {

using namespace wsrelay::test;
using fixture = async_fixture;
namespace error = boost::asio::error;

namespace {

struct connect_fixture : fixture {
  void connect() {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    mine = std::make_shared<async_stream>(
        home, unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)});
    home.call([&] {
      mine->connect(reinterpret_cast<sockaddr*>(&to), sizeof to, other.note());
      CHECK(other.calls == 0);
    });
  }

  std::uint16_t port = listener.port();
};

} // namespace

TEST_CASE_FIXTURE(connect_fixture, "a stream connects, writes and reads") {
  connect();
  REQUIRE(completes(other));
  CHECK(!*other.ec);
  peer = listener.accept();
  write("head", "body");
  CHECK(peer.receive_exactly(8) == "headbody");
  REQUIRE(completes(written));
  CHECK(written.count == 8);
  read_some();
  peer.send("answer");
  REQUIRE(completes(read));
  CHECK(!*read.ec);
  CHECK(seen() == "answer");
}

TEST_CASE_FIXTURE(connect_fixture, "who does not listen refuses") {
  listener.close();
  connect();
  REQUIRE(completes(other));
  CHECK(*other.ec == error::connection_refused);
}

TEST_CASE_FIXTURE(connect_fixture, "a stream that is closed while it connects "
                                   "says so") {
  connect();
  home.call([this] { mine->close(); });
  REQUIRE(completes(other));
  wait_for_turns(home);
  CHECK(other.calls == 1);
}

TEST_CASE_FIXTURE(fixture, "what came before it was asked for is read, and "
                           "then the end") {
  connect_pair();
  peer.send("early");
  peer.close();
  read_some();
  REQUIRE(completes(read));
  CHECK(seen() == "early");
  for (int i = 0; i < 2; ++i) { // the end stays
    read_some();
    REQUIRE(completes(read));
    CHECK(*read.ec == error::eof);
  }
}

TEST_CASE_FIXTURE(fixture, "a reset is an error, for what is read and what is "
                           "written") {
  connect_pair();
  read_some();
  peer.reset();
  REQUIRE(completes(read));
  CHECK(*read.ec == error::connection_reset);
  write("x");
  REQUIRE(completes(written));
  CHECK(*written.ec);
  CHECK(written.count == 0);
}

TEST_CASE_FIXTURE(fixture, "a reset that a write was told of is no end of what "
                           "comes") {
  connect_pair();
  peer.send("half");
  peer.reset();
  write("x");
  REQUIRE(completes(written));
  CHECK(*written.ec == error::connection_reset);
  read_some();
  REQUIRE(completes(read));
  if (read.count > 0) { // what had come may still be there
    read_some();
    REQUIRE(completes(read));
  }
  CHECK(*read.ec == error::connection_reset);
}

TEST_CASE_FIXTURE(fixture, "a read takes no more than it has room for, and the "
                           "rest is there for the next") {
  connect_pair();
  peer.send(std::string(input.size(), 'a') + "b");
  read_some();
  REQUIRE(completes(read));
  CHECK(read.count == input.size());
  read_some();
  REQUIRE(completes(read));
  CHECK(seen() == "b");
}

TEST_CASE_FIXTURE(fixture, "a write completes when the last byte of both parts "
                           "has left") {
  connect_pair();
  const std::string head(8 << 20, 'h'), body(8 << 20, 'b');
  write(head, body);
  wait_for_turns(home);
  home.call([&] {
    CHECK(!written.ec);
    CHECK(mine->sent() > 0);
    CHECK(mine->sent() < head.size() + body.size());
  });
  CHECK(peer.receive_exactly(head.size()) == head);
  CHECK(peer.receive_exactly(body.size()) == body);
  REQUIRE(completes(written));
  CHECK(written.count == head.size() + body.size());
  CHECK(home.call([this] { return mine->sent(); }) == written.count);
}

TEST_CASE_FIXTURE(fixture, "room is there at once, or when the other side "
                           "reads") {
  auto pair = make_small_pair();
  take(std::move(pair[0]));
  home.call([this] { mine->await_room(other.note()); });
  REQUIRE(completes(other));
  const std::string much(4 << 20, 'x');
  write(much);
  home.call([this] {
    other = {};
    mine->await_room(other.note());
  });
  wait_for_turns(home);
  CHECK(home.call([this] { return other.calls; }) == 0);
  CHECK(pair[1].receive_exactly(much.size()).size() == much.size());
  CHECK(completes(other));
  CHECK(completes(written));
}

TEST_CASE_FIXTURE(fixture, "what writes nothing more still reads") {
  connect_pair();
  home.call([this] { mine->end_output(); });
  CHECK(peer.receive() == "");
  peer.send("x");
  read_some();
  REQUIRE(completes(read));
  CHECK(seen() == "x");
}

// -- the end ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "all that is under way ends when a stream is "
                           "closed, once, and not inside of the call") {
  auto pair = make_small_pair();
  take(std::move(pair[0]));
  const std::string much(4 << 20, 'x');
  read_some();
  write(much);
  home.call([this] {
    mine->await_room(other.note());
    mine->close();
    mine->close();
    CHECK(read.calls + written.calls + other.calls == 0);
  });
  REQUIRE(completes(read));
  wait_for_turns(home);
  for (auto* each : {&read, &written, &other}) {
    CHECK(*each->ec == error::operation_aborted);
    CHECK(each->calls == 1);
  }
}

TEST_CASE_FIXTURE(fixture, "what is asked of a stream that is closed ends, "
                           "too") {
  connect_pair();
  home.call([this] { mine->close(); });
  read_some();
  write("x");
  REQUIRE(completes(read));
  REQUIRE(completes(written));
  CHECK(*read.ec == error::operation_aborted);
  CHECK(*written.ec == error::operation_aborted);
}

TEST_CASE_FIXTURE(fixture, "a completion may close its stream and drop it") {
  connect_pair();
  auto told = std::make_shared<std::promise<void>>();
  home.call([&] {
    mine->read_some(boost::asio::buffer(input), [this, told](auto...) {
      mine->close();
      mine = nullptr;
      told->set_value();
    });
  });
  peer.send("x");
  CHECK(told->get_future().wait_for(patience) == std::future_status::ready);
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "a stream that ends with its owner calls nobody") {
  connect_pair();
  read_some();
  home.call([this] { mine = nullptr; });
  wait_for_turns(home);
  CHECK(read.calls == 0);
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "a completion that throws ends nothing else") {
  connect_pair();
  home.call([&] {
    mine->read_some(boost::asio::buffer(input),
                    [](auto...) { throw std::runtime_error{"completion"}; });
  });
  peer.send("x");
  wait_for_turns(home);
  peer.send("y");
  read_some();
  REQUIRE(completes(read));
  CHECK(seen() == "y");
}

// What completions hold would keep it for ever.
TEST_CASE("a loop that ends ends what is under way") {
  auto ended = std::make_shared<int>(0);
  {
    loop_fixture place;
    auto pair = make_pair_of(SOCK_STREAM);
    auto stream = std::make_shared<async_stream>(place.home,
                                                 unique_fd{pair[0].release()});
    std::array<char, 8> input;
    place.home.call([&] {
      auto* used = stream.get();
      used->read_some(boost::asio::buffer(input),
                      [held = std::move(stream), ended](error_code ec, auto) {
                        *ended += ec == error::operation_aborted;
                      });
    });
    place.home.stop();
  }
  CHECK(*ended == 1);
  CHECK(ended.use_count() == 1);
}

} // namespace wsrelay::async_stream_test
