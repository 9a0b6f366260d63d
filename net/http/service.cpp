// A service's shared parts.
#include "net/http/service.hpp"

#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "net/http/retry_after.hpp"
#include "net/loop/guard.hpp"
#include "protocol/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <variant>

namespace wsrelay {

namespace {

// Of a certificate: renewal has gone wrong by then.
constexpr std::chrono::hours soon{14 * 24};

// A target's name is not longer.
constexpr std::size_t max_value_size = 256;

// In quotes: what a stranger sent cannot look like another part of the line.
std::string quoted_part(std::string_view key, std::string_view value) {
  if (value.empty())
    return {};
  return fmt::format(" {}={}", key,
                     json_string(value.substr(0, max_value_size)));
}

// What to do about a handler's faults.
struct fault_hint {
  std::string_view what;
  std::string_view hint;
};

constexpr fault_hint fault_hints[] = {
    {"handler failed",
     "is it there (wsrelay targets)? then see its log, and its node's"},
    {"handler's answer has too large fields",
     "its client gets an error; let it send fewer or shorter fields"},
    {"handler's answer has fields that would split it, left out",
     "let the handler send no line breaks in names and values of fields"},
    {"relay command dropped, its router has no websocket_relay",
     "add websocket_relay to post_middleware of the router"},
    {"relay command is invalid",
     "its client gets an error; its form: actors/MESSAGES.md"},
    {"relay command cannot be followed",
     "its client gets an error; wsrelay targets shows who is there"},
};

std::string hint_part(std::string_view what) {
  for (auto& each : fault_hints)
    if (each.what == what)
      return quoted_part("hint", each.hint);
  return {};
}

// A method is a token, which needs no quotes.
std::string method_part(std::string_view method) {
  if (method.empty())
    return {};
  return fmt::format(" method={}", method.substr(0, max_value_size));
}

std::string trace_part(const trace_context* trace) {
  return trace ? " trace=" + trace_text(*trace) : std::string{};
}

// Validated before.
trust make_trust(const std::vector<std::string>& proxies) {
  auto trusted = std::make_shared<proxy_trust>();
  for (auto& address : proxies)
    if (address == unix_peer)
      trusted->unix_sockets = true;
    else
      static_cast<void>(trusted->addresses.add(address));
  return [trusted](std::string_view address) {
    return address == unix_peer ? trusted->unix_sockets
                                : trusted->addresses.contains(address);
  };
}

using nonce_caches =
    std::map<std::string, std::shared_ptr<nonce_cache>, std::less<>>;

// What was used once stays used.
nonce_caches make_nonces(const relay_config& config,
                         const service_config& settings,
                         const nonce_caches& before) {
  nonce_caches result;
  for (auto& endpoint : config.endpoints)
    if (auto* by = std::get_if<trusted_header_handler>(&endpoint.handler)) {
      auto known = before.find(by->secret);
      result.emplace(by->secret,
                     known != before.end()
                         ? known->second
                         : std::make_shared<nonce_cache>(
                             nonce_capacity(settings.max_connections)));
    }
  return result;
}

void add_files(const service_tls_config& tls, std::vector<std::string>& out) {
  for (auto& pair : tls.certificates)
    out.insert(out.end(), {pair.certificate, pair.key});
  if (!tls.client_ca.empty())
    out.push_back(tls.client_ca);
}

} // namespace

service::service(std::shared_ptr<const relay_config> configuration,
                 const service_config& settings_, caf::actor directory_)
    : config{std::move(configuration)},
      settings{settings_},
      core{std::make_shared<service_core>(settings.max_connections)},
      routes{*config, settings.name},
      is_trusted{make_trust(settings.trusted_proxies)},
      addresses{std::make_shared<address_limits>(settings.address_limits,
                                                 is_trusted, core->counts)},
      endpoints{core->endpoints},
      nonces{make_nonces(*config, settings, {})},
      directory{std::move(directory_)} {}

// Who has places of an address keeps them, and is counted as long as nothing
// else is said of addresses.
service::service(std::shared_ptr<const relay_config> configuration,
                 const service_config& settings_, const service& before)
    : config{std::move(configuration)},
      settings{settings_},
      core{before.core},
      routes{*config, settings.name},
      is_trusted{make_trust(settings.trusted_proxies)},
      addresses{
          settings.address_limits == before.settings.address_limits
                  && settings.trusted_proxies == before.settings.trusted_proxies
              ? before.addresses
              : std::make_shared<address_limits>(settings.address_limits,
                                                 is_trusted, core->counts)},
      lot{before.lot},
      endpoints{core->endpoints},
      nonces{make_nonces(*config, settings, before.nonces)},
      directory{before.directory},
      nodes{before.nodes} {}

problem service::too_many_connections() {
  ++counts.connections;
  return {503, "capacity", "too many connections", retry_after(place_wait)};
}

problem service::no_descriptors() {
  ++counts.descriptors;
  return {503, "capacity", "out of descriptors", retry_after(place_wait)};
}

result<std::shared_ptr<const service_tls>> service::make_certificates() const {
  return service_tls::make(settings.tls, core->tickets);
}

checked service::load_certificates() {
  auto made = make_certificates();
  if (!made)
    return made.error();
  show_certificates(std::move(*made));
  return passed();
}

void service::show_certificates(std::shared_ptr<const service_tls> made) {
  auto is_soon = made->expires() < std::chrono::system_clock::now() + soon;
  auto left = std::chrono::duration_cast<std::chrono::hours>(
      made->expires() - std::chrono::system_clock::now());
  log(log_part::http)
      .log(is_soon ? spdlog::level::warn : spdlog::level::info,
           "certificates loaded: service={} expires={:%FT%TZ} days_left={}{}",
           log_value(settings.name), fmt::gmtime(made->expires()),
           left.count() / 24,
           is_soon ? R"( hint="renew it; the new file is loaded by itself")"
                   : "");
  tls = std::move(made);
}

void service::reload_certificates() noexcept {
  guarded("certificates", [this] {
    if (auto loaded = load_certificates(); !loaded)
      log(log_part::http)
          .error("certificates stay as they were: service={} reason={}"
                 " hint=\"repair the files that tls names; they are loaded "
                 "again by themselves\"",
                 log_value(settings.name), json_string(loaded.error().what));
  });
}

void service::log_refusal(const problem& why, const refused_request& what) {
  ledger->add_refusal(why.check);
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = core->refusals.allow(why.check, now))
    log(log_part::http)
        .info(
            "request refused: check={} status={} address={} "
            "endpoint={}{}{}{}{}{}{}{}{}",
            why.check, why.status, what.address,
            what.endpoint.empty() ? "-" : log_value(what.endpoint),
            what.endpoint.empty() ? " service=" + log_value(settings.name) : "",
            method_part(what.method), quoted_part("path", what.path),
            quoted_part("reason", why.detail),
            quoted_part(why.check, what.culprit), quoted_part("own", what.own),
            trace_part(what.trace), suppressed_text(*left_out));
}

limit_numbers service::limits_reached() const noexcept {
  return {counts.connections,
          counts.descriptors,
          counts.address_connections,
          counts.address_connects,
          counts.address_requests,
          counts.endpoint_connections,
          counts.key_refused,
          counts.key_closed,
          flows.held_back,
          flows.ended,
          flows.dropped,
          flows.replaced,
          flows.parked,
          flows.resumed,
          flows.park_over,
          flows.unparked};
}

std::optional<std::chrono::system_clock::time_point>
service::certificates_expire() const {
  auto now = tls.load();
  return now ? std::optional{now->expires()} : std::nullopt;
}

void service::log_cut_off(std::string_view check, std::string_view address) {
  ledger->add_refusal(check);
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = core->refusals.allow(check, now))
    log(log_part::http)
        .info("answer cut off: check={} address={}{}", check, address,
              suppressed_text(*left_out));
}

void service::log_handshake(std::string_view check, std::string_view reason,
                            std::string_view address) {
  ledger->add_refusal("handshake");
  auto now = std::chrono::steady_clock::now();
  if (auto left_out =
          core->refusals.allow(fmt::format("handshake {}", check), now))
    log(log_part::http)
        .info("TLS handshake failed: check={} address={} service={}{}{}", check,
              address, log_value(settings.name), quoted_part("reason", reason),
              suppressed_text(*left_out));
}

void service::log_proxy(std::string_view reason, std::string_view address) {
  ledger->add_refusal("proxy_header");
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = core->refusals.allow("PROXY header", now))
    log(log_part::http)
        .warn(
            "PROXY header refused: address={} service={}{}"
            " hint=\"have that proxy send it, or take proxy_protocol away\"{}",
            address, log_value(settings.name), quoted_part("reason", reason),
            suppressed_text(*left_out));
}

void service::log_fault(std::string_view what, std::string_view endpoint,
                        std::string_view reason) {
  auto now = std::chrono::steady_clock::now();
  auto key = fmt::format("{} {}", endpoint, what);
  if (auto left_out = core->faults.allow(key, now))
    log(log_part::http)
        .warn("{}: endpoint={}{}{}{}", what, log_value(endpoint),
              quoted_part("reason", reason), hint_part(what),
              suppressed_text(*left_out));
}

void service::log_no_subprotocol(std::string_view endpoint) {
  std::unique_lock guard{core->mutex};
  if (core->without_subprotocol.emplace(endpoint).second)
    log(log_part::http)
        .warn("a client offers subprotocols and gets none (subprotocols), so "
              "that browsers end the connection: endpoint={}",
              log_value(endpoint));
}

void service::log_no_relay(std::string_view endpoint, std::string_view router) {
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = core->faults.allow(endpoint, now))
    log(log_part::http)
        .info("a WebSocket was asked for, its router has no websocket_relay: "
              "endpoint={} router={}{}",
              log_value(endpoint), log_value(router),
              suppressed_text(*left_out));
}

std::unique_ptr<certificate_watch>
watch_certificates(std::vector<std::shared_ptr<service>> all) {
  std::erase_if(all, [](auto& each) { return !each->settings.tls.enabled(); });
  std::vector<std::string> files;
  for (auto& each : all)
    add_files(each->settings.tls, files);
  if (files.empty())
    return nullptr;
  return std::make_unique<certificate_watch>(std::move(files),
                                             [all = std::move(all)] {
                                               for (auto& each : all)
                                                 each->reload_certificates();
                                             });
}

} // namespace wsrelay
