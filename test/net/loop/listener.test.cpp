// Accepting as much as was granted.
#include "net/loop/listener.hpp"

#include "actors/log.hpp"
#include "test/net/support.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>
#include <spdlog/sinks/base_sink.h>

#include <sys/resource.h>
#include <unistd.h>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

// A listener and its acceptor on one loop.
struct fixture : loop_fixture {
  fixture() {
    port = std::make_shared<listener>(std::vector<loop*>{&home},
                                      [this](loop&, tcp_socket socket) {
                                        served.push_back(std::move(socket));
                                      });
    REQUIRE(port->open("127.0.0.1", 0));
  }

  ~fixture() {
    caf::scoped_actor self{system};
    if (who) {
      run_on(home, [this] { port->stop(); });
      self->send_exit(who, caf::exit_reason::user_shutdown);
      self->wait_for(who);
    }
    run_on(home, [this] { served.clear(); });
    make_turns();
    home.stop();
  }

  void start(std::size_t max_connections, milliseconds back_off = 10ms) {
    who = spawn_on(system, &home, acceptor, listener_port_ptr{port},
                   acceptor_config{max_connections, back_off});
    caf::anon_send(who, acceptor_start{});
  }

  std::size_t count() {
    return run_on(home, [this] { return served.size(); });
  }

  bool serves(std::size_t number) {
    return holds_soon([&] { return count() == number; });
  }

  plain_socket connect() { return plain_socket::connect_to(port->port()); }

  std::vector<tcp_socket> served; // on the loop
  std::shared_ptr<listener> port;
  caf::actor who;
};

// Counts the lines that tell of a refusal by the kernel.
struct counting_sink final : spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& line) override {
    std::string_view text{line.payload.data(), line.payload.size()};
    if (text.find("cannot accept") != std::string_view::npos)
      ++count;
  }
  void flush_() override {}
  std::atomic<int> count{0};
};

// UBSan reads memory through a pipe: without descriptors it takes any object
// for a broken one.
#ifdef __SANITIZE_ADDRESS__
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

// No further descriptor for this process.
class no_descriptors {
public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto next = ::dup(0);
    ::close(next);
    rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "nothing is accepted without credit") {
  auto client = connect();
  make_turns();
  CHECK(count() == 0);
  start(1);
  CHECK(serves(1));
}

TEST_CASE_FIXTURE(fixture, "with credit for two the third waits until one "
                           "closes") {
  start(2);
  auto a = connect(), b = connect(), c = connect();
  REQUIRE(serves(2));
  make_turns();
  CHECK(count() == 2);
  caf::anon_send(who, acceptor_socket_closed{});
  CHECK(serves(3));
}

TEST_CASE_FIXTURE(fixture, "an accepted socket sends without delay") {
  start(1);
  auto client = connect();
  REQUIRE(serves(1));
  auto no_delay = run_on(home, [this] {
    boost::asio::ip::tcp::no_delay option;
    served.front().get_option(option);
    return option.value();
  });
  CHECK(no_delay);
}

TEST_CASE_FIXTURE(fixture, "without descriptors it tries again after each "
                           "pause, not at once"
                               * doctest::skip(is_sanitized)) {
  auto sink = std::make_shared<counting_sink>();
  set_log_sink(sink, spdlog::level::warn);
  auto client = connect();
  auto begin = std::chrono::steady_clock::now();
  {
    no_descriptors shortage;
    start(100, 20ms);
    CHECK(holds_soon([&] { return sink->count >= 3; }));
    auto pauses = (std::chrono::steady_clock::now() - begin) / 20ms;
    CHECK(sink->count <= pauses + 1);
  }
  CHECK(serves(1));
  set_log_sink(std::make_shared<counting_sink>(), spdlog::level::off);
}

TEST_CASE_FIXTURE(fixture, "a listener that was stopped accepts nothing") {
  start(2);
  auto a = connect();
  REQUIRE(serves(1));
  run_on(home, [this] { port->stop(); });
  caf::anon_send(who, acceptor_socket_closed{});
  make_turns();
  CHECK(count() == 1);
}

TEST_CASE_FIXTURE(fixture, "a port in use is a failure that names the "
                           "address") {
  listener other{{&home}, nullptr};
  auto opened = other.open("127.0.0.1", port->port());
  REQUIRE(!opened);
  auto text = "127.0.0.1:" + std::to_string(port->port());
  CHECK(opened.error().what.find(text) != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "an address of another machine is a failure") {
  listener other{{&home}, nullptr};
  CHECK(!other.open("192.0.2.1", 0));
}
