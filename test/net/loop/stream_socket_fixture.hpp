// A loop's socket, a session that notes what it is told, and the other end, of
// which the test has hold.
#pragma once

#include "net/loop/stream_socket.hpp"
#include "test/net/loop/output_pieces.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>

namespace wsrelay::test {

/// A pair whose kernel buffers hold several reads, or whole records.
inline std::array<plain_socket, 2> make_pair_of(int type) {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0);
  int large = 400'000;
  ::setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
  return {plain_socket{pair[0]}, plain_socket{pair[1]}};
}

/// A pair of which the kernel takes little, and which can be reset.
inline std::array<plain_socket, 2> make_small_pair() {
  plain_listener listener;
  auto peer = plain_socket::connect_to(listener.port(), 4096);
  auto accepted = listener.accept();
  int small = 4096;
  ::setsockopt(accepted.descriptor(), SOL_SOCKET, SO_SNDBUF, &small,
               sizeof small);
  return {std::move(accepted), std::move(peer)};
}

/// Notes what it is told and does what the test wants.
struct fake_session final : stream_events {
  fake_session() = default;
  fake_session(std::string& to, std::string prefix)
      : seen{to}, name{std::move(prefix)} {}

  std::size_t on_input(std::string_view bytes) override {
    note("input " + std::to_string(bytes.size()));
    auto used = use ? use(bytes) : bytes.size();
    input += bytes.substr(0, used);
    return used;
  }
  void on_end() override {
    note("end");
    if (at_end)
      at_end();
  }
  void on_sent() override {
    ++flushes;
    if (at_sent)
      at_sent();
  }
  void on_abort() override { note("abort"); }
  void on_hang_up() override { ++hang_ups; }
  void on_released() override { note("released"); }

  void note(const std::string& what) {
    seen += (seen.empty() ? "" : ", ") + name + what;
  }
  bool has(const std::string& what) const {
    return seen.find(what) != std::string::npos;
  }

  std::string own;
  std::string& seen = own; // in order, with commas between
  std::string name;        // stands before what it notes
  std::string input;
  int flushes = 0;
  int hang_ups = 0;
  std::function<std::size_t(std::string_view)> use; // default: everything
  std::function<void()> at_end;
  std::function<void()> at_sent;
};

/// Everything but `peer` belongs to the loop's thread.
struct stream_socket_fixture : loop_fixture {
  template <class F>
  auto on_loop(F what) {
    return home.call(what);
  }

  ~stream_socket_fixture() {
    on_loop([this] { socket.reset(); });
  }

  void open(std::array<plain_socket, 2> pair) {
    peer = std::move(pair[1]);
    on_loop([&] { socket = make(pair[0].release(), events); });
    make_turns(); // it has been told what it can do
  }

  /// With input that was read and that nobody wanted.
  void open_with_held(const std::string& held) {
    open();
    events.use = [this](std::string_view) {
      socket->want_input(false);
      return std::size_t{0};
    };
    peer.send(held);
    want(true);
    REQUIRE(soon([this] { return events.has("input"); }));
    on_loop([this] {
      events.use = nullptr;
      events.seen.clear();
    });
  }
  void open() { open(make_pair_of(SOCK_STREAM)); }
  void open_small() { open(make_small_pair()); }

  std::unique_ptr<stream_socket> make(int descriptor, fake_session& who) {
    REQUIRE(places->take());
    ++made_sockets;
    auto made = std::make_unique<stream_socket>(
        home, unique_fd{descriptor}, socket_place{places, home.socket_count});
    made->attach(who);
    return made;
  }

  /// Waits for the loop without the test's data being touched meanwhile.
  template <class F>
  bool soon(F condition) {
    return holds_soon([&] { return on_loop(condition); });
  }

  void make_turns() { wait_for_turns(home); }

  void want(bool wanted) {
    on_loop([this, wanted] { socket->want_input(wanted); });
  }
  bool has_input(std::string_view text) {
    return soon([&] { return events.input == text; });
  }
  std::string seen() {
    return on_loop([this] { return events.seen; });
  }
  std::size_t queued() {
    return on_loop([this] { return socket->output().bytes(); });
  }

  /// Places that were given back by now.
  int places_back() { return made_sockets - static_cast<int>(places->taken()); }

  int made_sockets = 0;
  std::shared_ptr<socket_places> places = std::make_shared<socket_places>(9);
  plain_socket peer;
  fake_session events;
  std::unique_ptr<stream_socket> socket;
};

} // namespace wsrelay::test
