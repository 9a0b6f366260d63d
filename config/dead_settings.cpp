// Keys beside their defaults.
#include "config/dead_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace wsrelay {

namespace {

/// The members that the lists of fields.hpp visit, as numbers.
class field_values {
public:
  template <class T, class... Ignored>
  void operator()(std::string_view key, const T& member, const Ignored&...) {
    all_.push_back({key, number(member)});
  }

  /// Returns the keys that are different in `other`, in their order.
  std::vector<std::string_view> different_in(const field_values& other) const {
    std::vector<std::string_view> result;
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (all_[i].value != other.all_[i].value)
        result.push_back(all_[i].key);
    return result;
  }

private:
  struct field {
    std::string_view key;
    std::int64_t value;
  };

  static std::int64_t number(std::chrono::milliseconds value) {
    return value.count();
  }
  static std::int64_t
  number(const std::optional<std::chrono::milliseconds>& value) {
    return value ? value->count() : -1;
  }
  template <class T>
  static std::enable_if_t<std::is_integral_v<T> || std::is_enum_v<T>,
                          std::int64_t>
  number(T value) {
    return static_cast<std::int64_t>(value);
  }

  std::vector<field> all_;
};

std::vector<std::string_view> changed_keys(const relay_options& options) {
  const relay_options defaults;
  field_values now, before;
  visit_options(options, now);
  visit_options(defaults, before);
  auto result = now.different_in(before);
  if (!options.origins.allowed.empty())
    result.insert(result.begin(), "wsrelay.allowed.origins");
  if (!options.overflow.event.empty())
    result.push_back("wsrelay.overflow.event");
  if (options.parking.endings != defaults.parking.endings)
    result.push_back("wsrelay.park.endings");
  if (options.expiry.reason != defaults.expiry.reason)
    result.push_back("wsrelay.expiry.reason");
  return result;
}

template <class Entry>
bool has_unix(const Entry& x) {
  return std::any_of(x.addresses.begin(), x.addresses.end(),
                     [](auto& each) { return !each.unix_path.empty(); });
}

// What systemd passes may be a unix socket.
bool has_tcp_only(const service_config& x) {
  return std::all_of(x.addresses.begin(), x.addresses.end(),
                     [](auto& each) { return each.is_tcp(); });
}

template <class Entry>
void find_dead_sockets(const Entry& x, entry_report& report) {
  constexpr auto text = "does nothing: no addr is a unix socket";
  if (has_unix(x))
    return;
  if (x.socket_mode != Entry{}.socket_mode)
    report.fail("socket_mode", text);
  if (!x.socket_owner.empty())
    report.fail("socket_owner", text);
}

// Who trusts only those that can never come trusts nobody.
void find_dead_proxies(const service_config& x, entry_report& report) {
  for (std::size_t i = 0; i < x.trusted_proxies.size(); ++i)
    if (x.trusted_proxies[i] == unix_peer && has_tcp_only(x))
      report.fail(fmt::format("trusted_proxies[{}]", i),
                  "does nothing: no addr is a unix socket");
  if (!x.proxy_protocol
      && x.proxy_protocol_timeout != service_config{}.proxy_protocol_timeout)
    report.fail("proxy_protocol_timeout",
                "does nothing: proxy_protocol is off");
}

std::string_view switch_of(std::string_view key, const relay_options& options) {
  if (key.starts_with("wsrelay.deflate.") && !options.deflate.enabled)
    return "wsrelay.deflate";
  if (key.starts_with("wsrelay.park.") && !options.parking.is_on())
    return "wsrelay.on_target_exit";
  if ((key == "wsrelay.rate.burst" || key == "wsrelay.rate.patience")
      && !options.rate.is_on())
    return "wsrelay.rate.messages";
  if (key == "wsrelay.overflow.event"
      && options.overflow.policy == overflow_policy::close)
    return "wsrelay.overflow";
  if (key == "wsrelay.pong.timeout" && !options.ping_interval)
    return "wsrelay.ping.interval";
  return "";
}

// Its first word is the one that switches off.
bool is_choice(std::string_view key) {
  return key == "wsrelay.on_target_exit" || key == "wsrelay.overflow";
}

} // namespace

void find_dead_settings(const service_config& x, entry_report& report) {
  find_dead_sockets(x, report);
  find_dead_proxies(x, report);
}

void find_dead_settings(const admin_config& x, entry_report& report) {
  find_dead_sockets(x, report);
}

void find_dead_settings(const router_config& x, entry_report& report) {
  auto changed = changed_keys(x.options);
  if (!x.relays && !changed.empty()) {
    report.fail("post_options",
                fmt::format("does nothing: post_middleware has no {} ({})",
                            relay_middleware, fmt::join(changed, ", ")));
    return;
  }
  for (auto key : changed)
    if (auto off = switch_of(key, x.options); !off.empty())
      report.fail(fmt::format("post_options.{}", key),
                  fmt::format("does nothing: {} is {}", off,
                              is_choice(off) ? "close" : "off"));
}

} // namespace wsrelay
