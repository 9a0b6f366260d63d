// A connection to an upstream, plain or with TLS. It reads all the time, so
// that an end is known at once, whether or not a call uses it.
#pragma once

#include "net/http/upstream_tls.hpp"
#include "net/loop/loop.hpp"
#include "protocol/shared_buffer.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wsrelay {

/// What a wire tells who uses it, who may close or leave it meanwhile.
class wire_events {
public:
  virtual void on_bytes(std::string_view bytes) = 0;

  /// Nothing comes any more. `why` is empty when the other side said so, and
  /// else tells what broke.
  virtual void on_end(const std::string& why) = 0;

  /// A write is over; `whole` tells whether all of it went out, `sent` whether
  /// a byte did.
  virtual void on_written(bool whole, bool sent) = 0;

protected:
  ~wire_events() = default;
};

/// Open until `close`; what is under way keeps it alive. Loop thread only.
/// Nothing here calls back before it returns, or after `close`.
class upstream_wire {
public:
  virtual ~upstream_wire() = default;

  /// Connects, and with TLS proves that the server is `host`. `done` gets "" or
  /// what went wrong.
  virtual void connect(const boost::asio::ip::tcp::endpoint& to,
                       const std::string& host,
                       std::function<void(std::string)> done) = 0;

  /// Sets who is told from now on. The first time, reading begins.
  /// @pre It is connected.
  virtual void attach(wire_events& user) = 0;

  /// Writes both, one write at a time.
  virtual void write(shared_buffer head, shared_buffer body) = 0;

  /// Returns whether nothing waits to be read, not even an end.
  virtual bool is_quiet() = 0;

  /// Closes at once. With TLS the other side is told, unless a write is under
  /// way.
  virtual void close() = 0;
};

/// Makes one that is not connected yet; with TLS when there is a context.
std::shared_ptr<upstream_wire> make_upstream_wire(loop& home,
                                                  upstream_context context);

} // namespace wsrelay
