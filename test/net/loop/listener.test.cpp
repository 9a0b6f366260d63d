// Accepting as much as was granted.
#include "net/loop/listener.hpp"

#include "actors/log.hpp"
#include "test/net/support.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>
#include <spdlog/sinks/base_sink.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wsrelay::listener_test {

using namespace wsrelay::test;

namespace {

std::string no_words() {
  return {};
}

// A listener on one loop.
struct fixture : loop_fixture {
  ~fixture() {
    if (port)
      port->stop();
    home.call([this] {
      served.clear();
      refused.clear();
    });
    make_turns();
    home.stop();
  }

  void open(std::size_t max_connections, milliseconds back_off = 10ms) {
    places = std::make_shared<socket_places>(max_connections);
    auto opened = open_listening("127.0.0.1", 0);
    REQUIRE(opened);
    port = std::make_shared<listener>(
        std::vector<loop*>{&home}, places, std::move(*opened),
        [this](loop&, accepted_socket socket) {
          (socket.place ? served : refused).push_back(std::move(socket));
        },
        [] { return std::string{"busy"}; }, back_off);
  }

  void start(std::size_t max_connections) {
    open(max_connections);
    port->start();
  }

  std::size_t count() {
    return home.call([this] { return served.size(); });
  }

  bool serves(std::size_t number) {
    return holds_soon([&] { return count() == number; });
  }

  // Closes the first one.
  void close_one() {
    home.call([this] { served.erase(served.begin()); });
  }

  plain_socket connect() { return plain_socket::connect_to(port->port()); }

  std::vector<accepted_socket> served;  // on the loop
  std::vector<accepted_socket> refused; // without a place
  std::shared_ptr<socket_places> places;
  std::shared_ptr<listener> port;
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

TEST_CASE_FIXTURE(fixture, "nothing is accepted before the start") {
  open(1);
  auto client = connect();
  make_turns();
  CHECK(count() == 0);
  port->start();
  CHECK(serves(1));
}

TEST_CASE_FIXTURE(fixture, "with places for two the third gets none, and the "
                           "next one after an end does") {
  start(2);
  auto a = connect(), b = connect(), c = connect();
  REQUIRE(serves(2));
  CHECK(holds_soon(
      [&] { return home.call([this] { return refused.size(); }) == 1; }));
  CHECK(places->taken() == 2);
  close_one();
  auto d = connect();
  CHECK(serves(2));
  CHECK(places->taken() == 2);
  SUBCASE("also where it ended on another thread") {
    std::vector<accepted_socket> taken;
    home.call([&] { taken.swap(served); });
    taken.clear();
    auto e = connect();
    CHECK(serves(1));
  }
}

TEST_CASE_FIXTURE(fixture, "an accepted socket sends without delay, does not "
                           "block, and is not inherited") {
  start(1);
  auto client = connect();
  REQUIRE(serves(1));
  auto fd = home.call([this] { return served.front().descriptor.get(); });
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  CHECK(no_delay != 0);
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(home.call([this] { return served.front().remote_address; })
        == "127.0.0.1");
}

TEST_CASE_FIXTURE(fixture, "without descriptors it tries again after a pause, "
                           "and says so once"
                               * doctest::skip(is_sanitized)) {
  auto sink = std::make_shared<counting_sink>();
  set_log_sink(sink, spdlog::level::warn);
  open(100, 5ms);
  auto first = connect(), second = connect();
  {
    no_descriptors shortage;
    port->start();
    CHECK(first.receive_exactly(100) == "busy");
    CHECK(second.receive_exactly(100) == "busy");
    CHECK(holds_soon([&] { return sink->count >= 1; }));
    CHECK(count() == 0);
    CHECK(places->taken() == 0);
  }
  auto third = connect();
  CHECK(serves(1));
  CHECK(sink->count == 1);
  set_log_sink(std::make_shared<counting_sink>(), spdlog::level::off);
}

TEST_CASE_FIXTURE(fixture, "a reserve that somebody else has got is taken back"
                               * doctest::skip(is_sanitized)) {
  auto opened = open_listening("127.0.0.1", 0);
  REQUIRE(opened);
  open(100, 5ms);
  {
    no_descriptors shortage; // there is none to reserve
    port = std::make_shared<listener>(
        std::vector<loop*>{&home}, places, std::move(*opened),
        [this](loop&, accepted_socket socket) {
          served.push_back(std::move(socket));
        },
        [] { return std::string{"busy"}; }, 5ms);
  }
  port->start();
  auto first = connect();
  CHECK(serves(1));
  auto second = plain_socket{::socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in to{AF_INET, htons(port->port()), {htonl(INADDR_LOOPBACK)}, {}};
  no_descriptors shortage;
  ::connect(second.descriptor(), reinterpret_cast<sockaddr*>(&to), sizeof to);
  CHECK(second.receive_exactly(100) == "busy");
}

TEST_CASE_FIXTURE(fixture, "a listener that was stopped accepts nothing") {
  start(2);
  auto a = connect();
  REQUIRE(serves(1));
  port->stop();
  close_one();
  make_turns();
  CHECK(count() == 0);
  CHECK(places->taken() == 0);
}

TEST_CASE("a listener that was stopped may outlive its loops") {
  auto places = std::make_shared<socket_places>(1);
  std::shared_ptr<listener> port;
  {
    loop_fixture one;
    auto opened = open_listening("127.0.0.1", 0);
    REQUIRE(opened);
    port = std::make_shared<listener>(
        std::vector<loop*>{&one.home}, places, std::move(*opened),
        [](loop&, accepted_socket) {}, no_words);
    port->start();
    port->stop();
    one.home.stop();
  }
  port.reset(); // sanitizers tell
}

TEST_CASE_FIXTURE(fixture, "a port in use is a failure that names the "
                           "address") {
  open(1);
  auto opened = open_listening("127.0.0.1", port->port());
  REQUIRE(!opened);
  auto text = "127.0.0.1:" + std::to_string(port->port());
  CHECK(opened.error().what.find(text) != std::string::npos);
}

TEST_CASE("an address of another machine is a failure") {
  CHECK(!open_listening("192.0.2.1", 0));
}

TEST_CASE_FIXTURE(fixture, "every address is those of IPv4, too, which are "
                           "told as such") {
  places = std::make_shared<socket_places>(2);
  auto opened = open_listening("", 0);
  REQUIRE(opened);
  port = std::make_shared<listener>(
      std::vector<loop*>{&home}, places, std::move(*opened),
      [this](loop&, accepted_socket socket) {
        served.push_back(std::move(socket));
      },
      no_words);
  port->start();
  auto client = connect();
  REQUIRE(serves(1));
  CHECK(home.call([this] { return served.front().remote_address; })
        == "127.0.0.1");
}

TEST_CASE("a burst is dealt evenly to the loops") {
  system_config settings;
  caf::actor_system system{settings};
  std::vector<std::unique_ptr<loop>> homes;
  std::vector<loop*> all;
  for (int i = 0; i < 4; ++i) {
    homes.push_back(std::make_unique<loop>(system, 1h));
    homes.back()->start("test");
    all.push_back(homes.back().get());
  }
  auto places = std::make_shared<socket_places>(1000);
  std::mutex mutex;
  std::vector<accepted_socket> served;
  auto opened = open_listening("127.0.0.1", 0);
  REQUIRE(opened);
  auto port = std::make_shared<listener>(
      all, places, std::move(*opened),
      [&](loop&, accepted_socket socket) {
        std::unique_lock guard{mutex};
        served.push_back(std::move(socket));
      },
      no_words);
  std::vector<plain_socket> clients; // they wait in the backlog
  for (int i = 0; i < 100; ++i)
    clients.push_back(plain_socket::connect_to(port->port()));
  port->start();
  CHECK(holds_soon([&] {
    std::unique_lock guard{mutex};
    return served.size() == 100;
  }));
  for (auto* home : all)
    CHECK(home->socket_count == 25);
  port->stop();
  served.clear();
  for (auto* home : all)
    CHECK(home->socket_count == 0);
  for (auto& home : homes)
    home->stop();
}

TEST_CASE_FIXTURE(fixture, "the kernel takes little for a client that does not "
                           "read") {
  start(1);
  auto client = connect();
  REQUIRE(serves(1));
  auto taken = home.call([this] {
    std::string piece(16 * 1024, 'x');
    std::size_t sum = 0;
    ssize_t count = 0;
    while (sum < (64u << 20)
           && (count = ::send(served.front().descriptor.get(), piece.data(),
                              piece.size(), MSG_NOSIGNAL))
                  > 0)
      sum += static_cast<std::size_t>(count);
    return sum;
  });
  CHECK(taken >= 128 * 1024); // and what the client's side has room for
  CHECK(taken < 1024 * 1024);
}

} // namespace wsrelay::listener_test
