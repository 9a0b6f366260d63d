// What the sockets of one http.service share: what stays for as long as it
// runs, and what its configuration says, which a reload replaces.
#pragma once

#include "actors/flow_counts.hpp"
#include "actors/log_limit.hpp"
#include "actors/parking_lot.hpp"
#include "actors/target_nodes.hpp"
#include "config/address_set.hpp"
#include "config/client_view.hpp"
#include "config/route_table.hpp"
#include "net/http/address_limits.hpp"
#include "net/http/certificate_watch.hpp"
#include "net/http/endpoint_limits.hpp"
#include "net/http/file_pool.hpp"
#include "net/http/key_limits.hpp"
#include "net/http/limit_counts.hpp"
#include "net/http/limit_numbers.hpp"
#include "net/http/nonce_cache.hpp"
#include "net/http/service_tls.hpp"
#include "net/http/static_files.hpp"
#include "net/http/traffic_ledger.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/loop/name_resolver.hpp"
#include "net/loop/socket_places.hpp"
#include "protocol/problem.hpp"
#include "protocol/trace_context.hpp"

#include <caf/actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace wsrelay {

/// What the log says of a request that was refused.
struct refused_request {
  std::string_view address;
  std::string_view endpoint{}; // "" where none matched
  /// What the check did not like: the origin or the relay command's target; ""
  /// where it was something else. 256 bytes of it are logged.
  std::string_view culprit{};
  std::string_view own{};    // where the origin is refused: the relay's
  std::string_view method{}; // with `path`: where no endpoint tells what it was
  std::string_view path{};   // without query: that may hold secrets
  const trace_context* trace = nullptr; // null = it has none
};

/// What a service has whatever its configuration says. Any thread.
struct service_core {
  explicit service_core(std::size_t max_connections)
      : places{std::make_shared<socket_places>(max_connections)} {}

  std::shared_ptr<socket_places> places;
  limit_counts counts;
  flow_counts flows;
  std::atomic<std::uint64_t> accepted{0}; // sockets
  std::shared_ptr<traffic_ledger> ledger = std::make_shared<traffic_ledger>();
  endpoint_counts endpoints;
  key_limits keys;
  std::shared_ptr<file_pool> pool = std::make_shared<file_pool>();
  static_files files{pool};
  std::shared_ptr<name_resolver> names = std::make_shared<name_resolver>();
  /// Null: http and ws.
  std::atomic<std::shared_ptr<const service_tls>> tls;
  /// Where `redirect_to_https` leads to.
  std::atomic<std::uint16_t> https_port{443};
  log_limit refusals;
  /// Its reasons come from the configuration and the code: each counts.
  log_limit faults{{.max_reasons = SIZE_MAX, .max_reason_size = SIZE_MAX}};
  std::atomic<bool> stopping{false}; // no further request, no upgrade
  const ticket_keys tickets = make_ticket_keys();
  std::mutex mutex;
  std::set<std::string, std::less<>> without_subprotocol; // guarded by mutex
};

/// Whom a service believes, by address.
struct proxy_trust {
  address_set addresses;
  bool unix_sockets = false;
};

/// Safe to use from every loop: constant, atomic or guarded by itself.
struct service {
  /// `settings` is one of the configuration's.
  service(std::shared_ptr<const relay_config> configuration,
          const service_config& settings, caf::actor directory);

  /// The same service with another configuration, for what comes from now on.
  service(std::shared_ptr<const relay_config> configuration,
          const service_config& settings, const service& before);

  /// Counts one connection more than `max_connections`, or than the process
  /// has descriptors for, and returns what it is told: 503, "capacity".
  problem too_many_connections();
  problem no_descriptors();

  /// A request was refused: one line, of which a stranger cannot cause many.
  void log_refusal(const problem& why, const refused_request& what);

  /// An answer was cut off: a line as above.
  void log_cut_off(std::string_view check, std::string_view address);

  /// A client's TLS handshake came to nothing: a line as above.
  void log_handshake(std::string_view check, std::string_view reason,
                     std::string_view address);

  /// A trusted proxy's PROXY header could not be used: a line as above.
  void log_proxy(std::string_view reason, std::string_view address);

  /// A handler did what it must not: a warning, as many as of a refusal for
  /// each endpoint and `what`. Of `reason` 256 bytes are logged; "" is none.
  void log_fault(std::string_view what, std::string_view endpoint,
                 std::string_view reason);

  /// A WebSocket was asked for where none can come of it: a line as above, of
  /// those about faults, but no warning: strangers may ask for anything.
  void log_no_relay(std::string_view endpoint, std::string_view router);

  /// A client offered subprotocols and gets none, for which browsers end the
  /// connection: a warning, once for each endpoint.
  void log_no_subprotocol(std::string_view endpoint);

  std::shared_ptr<const relay_config> config;
  const service_config& settings; // of `config`
  std::shared_ptr<service_core> core;
  route_table routes;
  const trust is_trusted;
  std::shared_ptr<address_limits> addresses;
  std::shared_ptr<parking_lot> lot; // null = no router parks
  endpoint_limits endpoints;
  /// By secret: what the holder of one sends is no burden to another's clients.
  /// Has each secret of the configuration.
  std::map<std::string, std::shared_ptr<nonce_cache>, std::less<>> nonces;
  /// Those of the configuration's endpoints.
  std::shared_ptr<const upstream_contexts> contexts =
      std::make_shared<upstream_contexts>();
  caf::actor directory;
  const target_nodes* nodes = nullptr; // null = this one alone

  // of the core
  const std::shared_ptr<socket_places>& places{core->places};
  limit_counts& counts{core->counts};
  flow_counts& flows{core->flows};
  std::atomic<std::uint64_t>& accepted{core->accepted};
  const std::shared_ptr<traffic_ledger>& ledger{core->ledger};
  key_limits& keys{core->keys};
  const std::shared_ptr<file_pool>& pool{core->pool};
  static_files& files{core->files};
  const std::shared_ptr<name_resolver>& names{core->names};
  std::atomic<std::shared_ptr<const service_tls>>& tls{core->tls};
  std::atomic<std::uint16_t>& https_port{core->https_port};
  std::atomic<bool>& stopping{core->stopping};

  /// Reads the certificates; the failure names the file. Blocks.
  result<std::shared_ptr<const service_tls>> make_certificates() const;

  /// The same, and shows them from now on. One thread at a time, like the next
  /// one.
  checked load_certificates();
  void show_certificates(std::shared_ptr<const service_tls> made);

  /// The same while it serves: those that are there stay when others cannot be
  /// used, which is logged.
  void reload_certificates() noexcept;

  /// Returns how often each limit was reached. Any thread.
  limit_numbers limits_reached() const noexcept;

  /// Returns when the first of them does; nothing without. Any thread.
  std::optional<std::chrono::system_clock::time_point>
  certificates_expire() const;
};

/// Has the services' certificates read again when their files change. Null
/// where there are none.
std::unique_ptr<certificate_watch>
watch_certificates(std::vector<std::shared_ptr<service>> all);

} // namespace wsrelay
