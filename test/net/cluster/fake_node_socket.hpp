// A socket between nodes that only notes what it is asked.
#pragma once

#include "net/cluster/socket.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// What was asked of a socket, and what the test lets it answer.
struct socket_log {
  std::vector<std::string> written;
  std::deque<node_socket::completion> under_way;
  std::function<void(node_socket::error_code)> awaits_room;
  bool closed = false;
  std::uint64_t sent = 0;
  std::uint64_t unacknowledged = 0;
};

/// Nothing completes before the test says so.
class fake_node_socket final : public node_socket {
public:
  explicit fake_node_socket(socket_log& log) : log_{log} {}

  void handshake(role, std::function<void(error_code)>) override {}
  void read_some(boost::asio::mutable_buffer, completion) override {}
  void write(boost::asio::const_buffer from, completion done) override {
    log_.written.emplace_back(static_cast<const char*>(from.data()),
                              from.size());
    log_.under_way.push_back(std::move(done));
  }
  void await_room(std::function<void(error_code)> done) override {
    log_.awaits_room = std::move(done);
  }
  void end_output() override {}
  void close() override { log_.closed = true; }
  std::uint64_t sent() const override { return log_.sent; }
  std::uint64_t unacknowledged() const override { return log_.unacknowledged; }
  listen_address remote() const override { return {}; }

private:
  socket_log& log_;
};

} // namespace wsrelay::test
