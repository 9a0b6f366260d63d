// A stream of a loop, and the other end, of which the test has hold.
#pragma once

#include "net/loop/async_stream.hpp"
#include "test/net/loop/stream_socket_fixture.hpp"
#include "test/net/support.hpp"

#include <boost/asio/error.hpp>

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace wsrelay::test {

using error_code = boost::system::error_code;

/// What an operation came to. The loop's.
struct io_result {
  std::optional<error_code> ec;
  std::size_t count = 0;
  int calls = 0;

  auto note() {
    return [this](error_code what, std::size_t bytes = 0) {
      ec = what;
      count = bytes;
      ++calls;
    };
  }
};

struct async_fixture : loop_fixture {
  ~async_fixture() {
    home.call([this] {
      if (mine)
        mine->close();
    });
    wait_for_turns(home);
    home.call([this] { mine = nullptr; });
  }

  /// Both ends of a connection over TCP.
  void connect_pair() {
    peer = plain_socket::connect_to(listener.port());
    take(listener.accept());
  }

  void take(plain_socket socket) {
    mine = std::make_shared<async_stream>(home, unique_fd{socket.release()});
  }

  bool completes(const io_result& what) {
    return holds_soon(
        [&] { return home.call([&] { return what.ec.has_value(); }); });
  }

  void read_some() {
    home.call([this] {
      read = {};
      mine->read_some(boost::asio::buffer(input), read.note());
      CHECK(read.calls == 0); // never inside of the call
    });
  }

  void write(const std::string& head, const std::string& body = {}) {
    home.call([&] {
      written = {};
      mine->write({boost::asio::buffer(head), boost::asio::buffer(body)},
                  written.note());
      CHECK(written.calls == 0);
    });
  }

  std::string seen() const { return {input.data(), read.count}; }

  plain_listener listener;
  plain_socket peer;
  std::shared_ptr<async_stream> mine;
  std::array<char, 1024> input;
  io_result read, written, other;
};

} // namespace wsrelay::test
