// Ranges, paths and names of services, routers and static files.
#include "config/check_entry.hpp"

#include "config/address_set.hpp"
#include "config/range_check.hpp"
#include "config/service_address.hpp"
#include "config/validate.hpp"
#include "protocol/close_code.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"
#include "protocol/topic.hpp"
#include "protocol/utf8.hpp"
#include "protocol/webhook_signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace wsrelay {

namespace {

/// A prefix that requests are compared with after decoding: literal, and
/// without what never stands in a decoded path.
bool is_literal_path(std::string_view path) {
  if (!path.starts_with('/') || path.find_first_of("%?#{}\\") != path.npos)
    return false;
  if (path == "/")
    return true;
  for (auto part : split(path.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..")
      return false;
  }
  return is_plain_utf8(path);
}

bool is_file_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".."
         && text.find_first_of("/\\") == text.npos && is_plain_utf8(text);
}

bool is_folder(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_directory(path, none);
}

void check_root(const std::string& root, entry_report& report) {
  if (root.empty())
    report.fail("root", "is missing");
  else if (!is_plain_utf8(root))
    report.fail("root", "must be UTF-8 without control characters");
  else if (root != demo_root && !is_folder(root))
    report.fail("root", fmt::format("is not a folder: {}", root));
}

void check_file(const std::string& path, std::string_view key,
                entry_report& report) {
  std::error_code ec;
  if (path.empty())
    report.fail(key, "is missing");
  else if (!std::filesystem::is_regular_file(path, ec))
    report.fail(key, fmt::format("is not a file: {}{}{}", path, ec ? ": " : "",
                                 ec ? ec.message() : ""));
}

void check_tls(const tls_config& x, entry_report& report) {
  if (!x.enabled())
    return;
  check_file(x.certificate, "tls.certificate", report);
  check_file(x.key, "tls.key", report);
  check_file(x.ca, "tls.ca", report);
}

void check_tls(const service_tls_config& x, entry_report& report) {
  visit_tls(x, range_check{report, "tls."});
  for (std::size_t i = 0; i < x.certificates.size(); ++i) {
    auto& files = x.certificates[i];
    check_file(files.certificate, x.key_of(i, "certificate"), report);
    check_file(files.key, x.key_of(i, "key"), report);
  }
  using policy = client_certificate_policy;
  if (!x.client_ca.empty())
    check_file(x.client_ca, "tls.client_ca", report);
  if (x.client_certificate != policy::off && x.client_ca.empty())
    report.fail("tls.client_ca", "is missing: it signs clients' certificates");
  if (x.client_certificate == policy::off && !x.client_ca.empty())
    report.fail("tls.client_certificate",
                "must be request or require beside client_ca");
}

void check_folder_of(const std::string& socket, entry_report& report) {
  auto folder = std::filesystem::path{socket}.parent_path().string();
  if (!folder.empty() && !is_folder(folder))
    report.fail("addr", fmt::format("its folder is not there: {}", folder));
}

template <class Entry>
void check_addresses(const Entry& x, entry_report& report) {
  if (x.addresses.empty())
    report.fail("addr", "must hold one or more");
  for (auto& each : x.addresses) {
    check_folder_of(each.unix_path, report);
    if (auto text = to_text(each); !parse_service_address(text))
      report.fail("addr", fmt::format("is no address: {:.64}", text));
  }
  auto colons = std::count(x.socket_owner.begin(), x.socket_owner.end(), ':');
  if (colons > 1 || x.socket_owner == ":")
    report.fail("socket_owner", "must be USER, USER:GROUP or :GROUP");
  if (x.socket_mode > 0777)
    report.fail("socket_mode", "must be 0000 to 0777");
}

// "unix:" is whoever reaches a unix socket of the service.
void check_proxies(const service_config& x, entry_report& report) {
  address_set addresses;
  for (std::size_t i = 0; i < x.trusted_proxies.size(); ++i)
    if (x.trusted_proxies[i] != unix_peer)
      report.expect(addresses.add(x.trusted_proxies[i]),
                    fmt::format("trusted_proxies[{}]", i));
  if (x.proxy_protocol && x.trusted_proxies.empty())
    report.fail("proxy_protocol",
                "needs trusted_proxies: nobody else may send its header");
}

void check_address_limits(const address_limit_options& x,
                          entry_report& report) {
  visit_address_limits(x, range_check{report, "address_limits."});
  address_set addresses;
  for (std::size_t i = 0; i < x.allow.size(); ++i)
    report.expect(addresses.add(x.allow[i]),
                  fmt::format("address_limits.allow[{}]", i));
}

void check_drain(const drain_options& x, entry_report& report) {
  visit_drain(x, range_check{report, "drain."});
  if (x.lead && *x.lead >= x.deadline)
    report.fail("drain.deadline", "must be longer than drain.lead");
}

void check_expiry(const expiry_options& x, entry_report& report) {
  constexpr std::string_view key = "post_options.wsrelay.expiry.reason";
  if (x.reason.size() > max_close_reason)
    report.fail(key, fmt::format("must have at most {} bytes, not {}",
                                 max_close_reason, x.reason.size()));
  else if (!is_plain_utf8(x.reason))
    report.fail(key, "must be UTF-8 without control characters");
}

void check_overflow(const overflow_options& x, entry_report& report) {
  if (!x.event.empty())
    report.expect(check_message_topic(x.event),
                  "post_options.wsrelay.overflow.event");
}

void check_parking(const parking_options& x, entry_report& report) {
  constexpr park_endings none{false, false, false, false};
  if (x.is_on() && x.endings == none)
    report.fail("post_options.wsrelay.park.endings",
                "must name one of crashed, lost, shutdown, normal");
}

void check_deflate(const deflate_options& x, entry_report& report) {
  if (x.min_size > x.max_size)
    report.fail("post_options.wsrelay.deflate.max.size",
                fmt::format("must be at least wsrelay.deflate.min.size ({}), "
                            "not {}",
                            x.min_size, x.max_size));
}

void check_listen(const std::string& listen, entry_report& report) {
  if (listen.empty())
    return;
  if (auto address = parse_listen_address(listen); !address)
    report.fail("listen", address.error().what);
}

// What to connect to needs both, while a service listens also without a host
// and on any port.
void check_peer(const std::string& peer, std::string_view key,
                entry_report& report) {
  auto address = parse_listen_address(peer);
  if (!address)
    report.fail(key, address.error().what);
  else if (address->host.empty() || address->port == 0)
    report.fail(key, "must be HOST:PORT");
}

template <class Entry>
void check_token(const Entry& x, bool knows_clients, entry_report& report) {
  constexpr std::size_t least_token = 16; // bytes: no list has all of them
  auto is_far = [](auto& each) { return !is_of_this_machine(each); };
  if (x.token_file.empty() && !knows_clients
      && std::any_of(x.addresses.begin(), x.addresses.end(), is_far))
    report.fail("token_file", "is missing: addr can be reached from elsewhere");
  else if (!x.token_file.empty() && x.token.size() < least_token)
    report.fail("token_file",
                fmt::format("must hold {} bytes or more", least_token));
  else if (!std::all_of(x.token.begin(), x.token.end(),
                        [](char c) { return c > ' ' && c < '\x7f'; }))
    report.fail("token_file", "must hold one word of ASCII");
}

} // namespace

entry_report::entry_report(std::string_view kind, std::string_view name,
                           const source_location& where,
                           std::vector<config_issue>& issues)
    : path_{entry_path(kind, name)}, where_{where}, issues_{issues} {}

void entry_report::fail(std::string_view key, std::string text) {
  issues_.push_back(
      {where_, fmt::format("{}.{}", path_, key), std::move(text)});
}

void entry_report::expect(const checked& outcome, std::string_view key) {
  if (!outcome)
    fail(key, outcome.error().what);
}

void check_entry(const service_config& x, entry_report& report) {
  visit_service(x, range_check{report});
  check_addresses(x, report);
  check_proxies(x, report);
  check_address_limits(x.address_limits, report);
  check_drain(x.drain, report);
  visit_parking(x.parking, range_check{report, "parking."});
  check_tls(x.tls, report);
}

void check_entry(const router_config& x, entry_report& report) {
  visit_options(x.options, range_check{report, "post_options."});
  check_expiry(x.options.expiry, report);
  check_overflow(x.options.overflow, report);
  check_parking(x.options.parking, report);
  check_deflate(x.options.deflate, report);
  if (x.prefix.empty())
    return;
  auto pattern = path_pattern::parse(x.prefix);
  if (x.prefix.ends_with('/'))
    report.fail("prefix", "must not end with /");
  else if (!pattern)
    report.fail("prefix", pattern.error().what);
}

// Said of the one that somebody has written.
void check_heartbeat(const cluster_config& x, entry_report& report) {
  if (x.heartbeat_timeout > x.heartbeat_interval)
    return;
  if (x.heartbeat_timeout == cluster_config{}.heartbeat_timeout)
    return report.fail(
        "heartbeat_interval",
        fmt::format("must be shorter than heartbeat_timeout, {}ms",
                    x.heartbeat_timeout.count()));
  report.fail("heartbeat_timeout",
              fmt::format("must be longer than heartbeat_interval, {}ms",
                          x.heartbeat_interval.count()));
}

void check_entry(const cluster_config& x, entry_report& report) {
  check_tls(x.tls, report);
  visit_cluster(x, range_check{report});
  check_listen(x.listen, report);
  for (std::size_t i = 0; i < x.peers.size(); ++i)
    check_peer(x.peers[i], fmt::format("peers[{}]", i), report);
  if (x.resolve_interval < std::chrono::seconds{1})
    report.fail("resolve_interval", "must be 1s or more");
  if (x.heartbeat_interval.count() < 1)
    report.fail("heartbeat_interval", "must be 1ms or more");
  check_heartbeat(x, report);
  if (x.reconnect_min.count() < 1)
    report.fail("reconnect_min", "must be 1ms or more");
  if (x.reconnect_max < x.reconnect_min)
    report.fail("reconnect_max", "must not be shorter than reconnect_min");
}

void check_entry(const admin_config& x, entry_report& report) {
  visit_admin(x, range_check{report});
  check_addresses(x, report);
  if (x.tls.enabled())
    check_tls(x.tls, report);
  check_token(x, false, report);
  for (std::size_t i = 0; i < x.required_peers.size(); ++i)
    report.expect(check_name(x.required_peers[i]),
                  fmt::format("required_peers[{}]", i));
}

// Its addresses are checked as those of its service.
void check_entry(const backend_config& x, entry_report report) {
  visit_backend(x, range_check{report});
  check_token(x,
              x.tls.enabled()
                  && x.tls.client_certificate
                         == client_certificate_policy::require,
              report);
}

void check_entry(const http_target_config& x, entry_report& report) {
  constexpr std::size_t max_secrets = 4;
  visit_target(x, range_check{report});
  if (x.server.host.empty())
    report.fail("url", "is missing");
  if (!x.server.ca.empty() && !x.server.tls)
    report.fail("ca", "goes with https only");
  if (x.timeout.count() < 1)
    report.fail("timeout", "must be 1ms or more");
  auto key = x.secret_file.empty() ? "secrets" : "secret_file";
  if (x.secrets.size() > max_secrets)
    report.fail(key, fmt::format("must be {} or less", max_secrets));
  if (!x.secret_file.empty() && x.secrets.empty())
    report.fail(key, "holds no secret");
  for (auto& secret : x.secrets)
    if (auto made = webhook_key(secret); !made)
      report.fail(key, made.error().what);
}

void check_entry(const static_config& x, entry_report& report) {
  if (x.path.empty())
    report.fail("path", "is missing");
  else if (!is_literal_path(x.path))
    report.fail("path", "must be / or a prefix such as /app: literal, without "
                        "a slash at its end");
  check_root(x.root, report);
  if (!is_file_name(x.index))
    report.fail("index", "must be the name of a file");
}

} // namespace wsrelay
