// Asks an HTTP/1.1 server what to do with a request: `upstream: URL`. Keeps
// connections for later requests.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "net/http/answer.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/name_resolver.hpp"
#include "protocol/problem.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <variant>

namespace wsrelay {

using upstream_result = std::variant<http_answer, problem>;

/// A call under way. Destroying it cancels it. Loop thread only.
class upstream_call {
public:
  virtual ~upstream_call() = default;

  /// Closes the connection and drops `done`, which is not called any more.
  /// Nothing happens when the call has ended.
  virtual void cancel() = 0;

  /// Returns whether the request has gone out as a whole, so that the server
  /// may have handled it. Also when the call has ended.
  virtual bool was_sent() const = 0;
};

/// Whom an exchange asks for the answer of an upstream.
class upstream_asker {
public:
  virtual ~upstream_asker() = default;

  /// Forwards method, path, query, headers and body, and gives the answer to
  /// `done` on the loop's thread, once, never before this returns. What the
  /// client said about proxies and in the relay's own header fields stays
  /// behind, `forwarded` takes its place; X-WS-Relay-Upgrade tells whether the
  /// request asks for a WebSocket. `length` is set in an answer to HEAD.
  /// Problems: 400 for a path that leaves the upstream's, 501 for CONNECT, 502
  /// when the server cannot be reached or does not speak HTTP, 503 when the
  /// node stops, 504 when it is too slow. They hold no internals, the log does.
  [[nodiscard]] virtual std::shared_ptr<upstream_call>
  ask(std::shared_ptr<const upstream_handler> upstream,
      const http_request& request, http_fields forwarded,
      std::function<void(upstream_result)> done) = 0;
};

/// The calls of one loop, and the connections it keeps. Made, used and
/// destroyed on the loop's thread or while the loop does not run. Calls may
/// outlive it, but find no name then.
class upstream_client final : public upstream_asker {
public:
  /// `contexts` has those of all upstreams over https that are asked.
  /// @pre The loop outlives the client.
  upstream_client(loop& home, std::shared_ptr<name_resolver> names,
                  std::shared_ptr<const upstream_contexts> contexts =
                      std::make_shared<upstream_contexts>());
  ~upstream_client() override;

  upstream_client(const upstream_client&) = delete;
  upstream_client& operator=(const upstream_client&) = delete;

  [[nodiscard]] std::shared_ptr<upstream_call>
  ask(std::shared_ptr<const upstream_handler> upstream,
      const http_request& request, http_fields forwarded,
      std::function<void(upstream_result)> done) override;

  /// Closes the connections that are kept.
  void close_idle();

  /// Returns how many are kept.
  std::size_t idle_count() const;

private:
  class impl;
  std::shared_ptr<impl> impl_; // of the calls, too
};

} // namespace wsrelay
