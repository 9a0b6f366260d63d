// A stream to another node without one: what it does with its socket.
#include "net/cluster/basp_stream.hpp"

#include "test/net/cluster/fake_node_socket.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

namespace wsrelay::basp_stream_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  system_config config;
  caf::actor_system system{config};
  loop home{system, 5ms};
  socket_log log;
  caf::io::scribe_ptr stream;

  fixture() { home.start("test"); }

  ~fixture() {
    home.call([&] {
      log.under_way.clear();
      stream = nullptr;
    });
    home.stop();
  }

  void open(basp_options options = {}) {
    stream = make_basp_stream(home, std::make_unique<fake_node_socket>(log),
                              options);
  }

  // Writes parts in one turn and waits until it has ended.
  void write(std::vector<std::string> parts) {
    home.call([&] {
      for (auto& part : parts) {
        auto& to = stream->wr_buf();
        to.insert(to.end(), part.begin(), part.end());
        stream->flush();
      }
    });
    wait_for_turns(home, 2);
  }

  void complete() {
    home.call([&] {
      auto done = std::move(log.under_way.front());
      log.under_way.pop_front();
      done({}, log.written.back().size());
    });
  }
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(fixture, "what a turn writes goes out with one call") {
  open();
  write({"a", "b", "c"});
  CHECK(log.written == strings{"abc"});
  write({"d", "e"}); // waits for its predecessor
  write({"f"});
  CHECK(log.written == strings{"abc"});
  complete();
  CHECK(log.written == strings{"abc", "def"});
}

TEST_CASE_FIXTURE(fixture, "a stream ends when more waits than its limit, at "
                           "the limit it goes on") {
  open({greeting::any, 100});
  write({std::string(60, 'x')});
  write({std::string(40, 'y')});
  CHECK_FALSE(log.closed);
  write({"z"});
  CHECK(log.closed);
  CHECK(home.socket_count == 0);
}

TEST_CASE_FIXTURE(fixture, "a stream that is closed sends what is left") {
  open();
  write({"a"});
  home.call([&] {
    stream->wr_buf().push_back('b');
    stream->flush();
    stream->graceful_shutdown();
  });
  CHECK_FALSE(log.closed);
  complete();
  CHECK(log.written == strings{"a", "b"});
  CHECK_FALSE(log.closed);
  complete();
  CHECK(log.closed);
}

TEST_CASE_FIXTURE(fixture, "what is left is not waited for without end") {
  open();
  write({"a"}); // nobody takes it
  home.call([&] { stream->graceful_shutdown(); });
  auto closed = [&] {
    bool result = false;
    home.call([&] { result = log.closed; });
    return result;
  };
  CHECK_FALSE(closed());
  CHECK(holds_soon(closed));
  CHECK(home.socket_count == 0);
}

TEST_CASE_FIXTURE(fixture, "who connects says nothing before the other side "
                           "has said who it is") {
  open({greeting::outgoing, 100});
  write({"hello"});
  CHECK(log.written.empty());
  home.call([&] { stream->graceful_shutdown(); });
  CHECK(log.written.empty());
  CHECK(log.closed);
}

} // namespace wsrelay::basp_stream_test
