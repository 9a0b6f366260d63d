// HTTP/1.1 on one stream: reads requests, writes their answers, and gives the
// stream away when one is upgraded. What the answer is, its host decides.
#pragma once

#include "net/http/answer.hpp"
#include "net/http/client_peer.hpp"
#include "net/http/request_reader.hpp"
#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"
#include "net/ws/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace wsrelay {

/// An answer for the client, or a connection that was let in, or that is to
/// close at once.
using exchange_result = std::variant<http_answer, admission, refused_upgrade>;

/// The search for an answer. Destroying it ends it: the answer is not wanted
/// any more, and what it costs elsewhere (an upstream's connection, a target
/// that was made for it) is given back.
class http_task {
public:
  virtual ~http_task() = default;

  /// Returns the longest that it may take by itself.
  virtual milliseconds patience() const = 0;
};

/// What a session needs of the service it belongs to. Loop thread only.
class http_host {
public:
  using on_result = std::function<void(exchange_result)>;

  virtual ~http_host() = default;

  virtual reader_limits limits() const = 0;
  virtual const service_config& settings() const = 0;

  /// Returns whether no further request is to be read.
  virtual bool is_stopping() const = 0;

  /// Looks for the answer to a request of the socket of `peer`. `done`
  /// is called once on the loop's thread, maybe before this returns, and not
  /// after the task was destroyed.
  virtual std::unique_ptr<http_task>
  serve(http_request request, const client_peer& peer, on_result done) = 0;

  /// Takes the stream of a request that is upgraded.
  virtual void upgrade(std::unique_ptr<byte_stream> stream,
                       std::string_view key, admission admitted) = 0;

  /// Takes the stream of a request that is upgraded to be told that it is
  /// refused.
  virtual void refuse(std::unique_ptr<byte_stream> stream, std::string_view key,
                      const refused_upgrade& refused) = 0;

  /// A request could not be read, or took too long: `why` is the answer.
  virtual void on_bad_request(const problem& why,
                              const std::string& peer_address) = 0;

  /// An answer was cut off. `check` says why: "write_timeout" when nothing more
  /// of it was taken in time, "file_timeout" when its source gave nothing.
  virtual void on_cut_off(std::string_view check,
                          const std::string& peer_address) = 0;
};

/// Serves HTTP on `stream` until it closes or is upgraded. Loop thread; returns
/// at once.
void start_http_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                        std::shared_ptr<http_host> host, client_peer peer);

} // namespace wsrelay
