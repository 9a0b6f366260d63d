// A relay's way in: a request goes through the routes, checks and handlers of a
// configuration, to a client of the test, or to the answer that refuses it.
#pragma once

#include "config/load.hpp"
#include "protocol/http_fields.hpp"
#include "test/kit/test_node.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wsrelay::test {

/// A request, as it comes from a socket.
struct client_request {
  std::string target; // path and query
  http_fields headers{};
  std::string method = "GET";
  std::string body{};
  /// It asks for a WebSocket: the headers for that are added, and the page's
  /// origin is the host's own unless `headers` have another one.
  bool websocket = true;
  std::string host = "relay.test";
  std::string address = "192.0.2.1"; // of who has connected: client or proxy
  bool secure = false;               // by TLS
};

/// What came of a request.
struct client_answer {
  std::uint16_t status = 0; // 101: `client` is there
  http_fields headers{};
  std::string body{};
  std::string check{}; // which check has refused it, "" = none: "origin", ..
  std::optional<fake_client> client{};
  /// The handshake succeeds only to tell why not
  /// (`wsrelay.refuse: accept_then_close`).
  std::optional<client_close> close{};

  /// Returns the first value of a header, "" without.
  std::string header(std::string_view name) const;
};

/// "403 origin {"type":...": for a failed assertion.
std::ostream& operator<<(std::ostream& out, const client_answer& answer);

/// Says why a client was not let in.
class not_connected : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An answer that may take its time. A handle, not older than its relay; the
/// last one that goes takes the client away.
class pending_answer {
public:
  struct state;
  explicit pending_answer(std::shared_ptr<state> what)
      : state_{std::move(what)} {}

  bool answered() const;

  /// Returns the answer; status 0 while there is none.
  const client_answer& get() const;

  /// The client closes its socket before it is answered.
  void cancel();

private:
  std::shared_ptr<state> state_;
};

/// The routes of one `http.service` on a node. Real: which endpoint, the order
/// of checks, origins, limits, proxies that are trusted, handlers by name and
/// their timeouts, commands, subprotocols, expiry, parking, what the refusal
/// says. Not there: sockets and TLS, files, what is counted in bytes of a
/// header or frame, compression, pings, drain. Declare it after the node.
class test_relay {
public:
  /// Throws `std::invalid_argument` with every error of the configuration, and
  /// where it has no service of this name; "" is the first one.
  test_relay(test_node& node, const loaded_config& configuration,
             std::string_view service = {});

  /// The same with the text of a configuration.
  test_relay(test_node& node, std::string_view yaml,
             std::string_view service = {});

  ~test_relay();

  test_relay(const test_relay&) = delete;
  test_relay& operator=(const test_relay&) = delete;

  /// Sends a request for a WebSocket, runs, and returns what came of it. Throws
  /// `std::logic_error` when nobody has answered when all is done, and
  /// `std::invalid_argument` for a target or a header that is none in HTTP.
  client_answer request(std::string target, http_fields headers = {});
  client_answer request(client_request what);

  /// Sends it and does not run: the answer comes later.
  pending_answer begin_request(client_request what);

  /// Sends a request that asks for no WebSocket, and runs.
  client_answer get(std::string target, http_fields headers = {});

  /// Connects. The target has got its `ws_join`. Throws `not_connected`.
  fake_client connect(std::string target, http_fields headers = {});

  /// Plays all HTTP servers that endpoints have as `upstream`: `what` has the
  /// path, query and headers that the server sees. An error is a server that
  /// cannot be reached, as all are at the beginning.
  using upstream_answer =
      std::function<caf::expected<http_response>(const http_request& what)>;
  void play_upstreams(upstream_answer answer);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace wsrelay::test
