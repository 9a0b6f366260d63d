// The bytes between two nodes: plain TCP, TLS on both of whose sides stands a
// certificate, or a unix socket. What they mean is BASP's (basp_stream.hpp).
#pragma once

#include "config/listen_address.hpp"
#include "net/loop/async_stream.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/unique_fd.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace wsrelay {

/// Shared by the sockets that were made with it; null = plain TCP.
using tls_context_ptr = std::shared_ptr<boost::asio::ssl::context>;

/// A connected socket. Loop thread only. One read and one write may be under
/// way; a completion is never called from inside of the call that asked for it.
class node_socket {
public:
  using error_code = boost::system::error_code;
  using completion = std::function<void(error_code, std::size_t)>;

  using role = tls_engine::role;
  static constexpr role client = tls_engine::client;
  static constexpr role server = tls_engine::server;

  virtual ~node_socket() = default;

  /// TLS: proves who is who. Plain: nothing to do.
  virtual void handshake(role mine, std::function<void(error_code)> done) = 0;

  /// Reads what is there, at least one byte.
  virtual void read_some(boost::asio::mutable_buffer into, completion done) = 0;

  /// Writes all of it.
  virtual void write(boost::asio::const_buffer from, completion done) = 0;

  /// Waits until little of what was written is still to be sent. As a write.
  virtual void await_room(std::function<void(error_code)> done) = 0;

  /// Writes nothing more, which the other side reads as the end; what it sends
  /// can still be read.
  virtual void end_output() = 0;

  /// Closes; what is under way completes with an error.
  virtual void close() = 0;

  /// As `close`, and the other side is told that it was no farewell.
  virtual void reset() { close(); }

  /// Returns how many bytes of records TLS has read, which may be part of one
  /// that is given out when it is whole. 0 without TLS.
  virtual std::uint64_t received() const { return 0; }

  /// Returns whether something has come that nobody has read yet.
  virtual bool has_unread() const { return false; }

  /// Returns how many bytes `write` has passed on, and how many of them the
  /// other side has not taken; with TLS those of its records.
  virtual std::uint64_t sent() const = 0;
  virtual std::uint64_t unacknowledged() const = 0;

  /// Returns what an error of this socket means between nodes.
  virtual std::string explain(error_code ec) const { return ec.message(); }

  /// Returns the other end; of a unix socket "unix:uid=UID" and port 0.
  virtual listen_address remote() const = 0;
};

/// Sets up a connected socket, for TLS when there is a context. Whose a unix
/// socket may be has been checked. Any thread, unless it was used before.
std::unique_ptr<node_socket>
make_node_socket(std::shared_ptr<async_stream> stream, tls_context_ptr tls);

/// The same for a non-blocking socket of `home`.
std::unique_ptr<node_socket> make_node_socket(loop& home, unique_fd socket,
                                              tls_context_ptr tls);

} // namespace wsrelay
