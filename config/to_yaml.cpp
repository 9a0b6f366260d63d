// Prints a configuration as YAML, every key explicit.
#include "config/fields.hpp"
#include "config/listen_address.hpp"
#include "config/load.hpp"
#include "protocol/duration.hpp"
#include "protocol/json.hpp"
#include "protocol/topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

namespace wsrelay {

namespace {

constexpr std::string_view letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/";

constexpr std::string_view plain_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-.:{}@";

/// What needs no quotes, at least: what begins like a list or ends like a key
/// does, so does the word for nothing.
bool is_plain_scalar(std::string_view text) {
  return !text.empty() && letters.find(text.front()) != text.npos
         && text.find_first_not_of(plain_characters) == text.npos
         && text.back() != ':' && text != "null" && text != "Null"
         && text != "NULL";
}

/// A JSON string is a double-quoted scalar of YAML.
std::string scalar(std::string_view text) {
  return is_plain_scalar(text) ? std::string{text} : json_string(text);
}

class printer {
public:
  template <class Entry>
  void begin(const Entry& entry, std::string_view kind) {
    out_ += fmt::format("{}- name: {}\n  kind: {}\n", out_.empty() ? "" : "\n",
                        scalar(entry.name), kind);
  }

  void print(const service_config& x) {
    begin(x, service_kind);
    print_listening(x);
    visit_service(x, *this);
    list("trusted_proxies", x.trusted_proxies);
    open("address_limits");
    visit_address_limits(x.address_limits, *this);
    list("allow", x.address_limits.allow);
    close();
    open("drain");
    visit_drain(x.drain, *this);
    close();
    open("parking");
    visit_parking(x.parking, *this);
    close();
    if (x.tls.enabled())
      print(x.tls);
  }

  void print(const admin_config& x) {
    begin(x, admin_kind);
    print_listening(x);
    visit_admin(x, *this);
    if (!x.token_file.empty())
      text("token_file", x.token_file);
    list("required_peers", x.required_peers);
    if (x.tls.enabled())
      print(x.tls);
  }

  void print(const backend_config& x) {
    begin(x, backend_kind);
    print_listening(x);
    visit_backend(x, *this);
    if (!x.token_file.empty())
      text("token_file", x.token_file);
    if (x.tls.enabled())
      print(x.tls);
  }

  void print(const http_target_config& x) {
    begin(x, target_kind);
    text("url", x.server.url);
    if (x.server.tls)
      text("ca", x.server.ca);
    visit_target(x, *this);
    if (!x.secret_file.empty())
      text("secret_file", x.secret_file);
    else
      list("secrets", x.secrets);
  }

  void print(const router_config& x) {
    begin(x, router_kind);
    meta("server", x.server);
    text("prefix", x.prefix);
    list("post_middleware", x.relays
                                ? std::vector{std::string{relay_middleware}}
                                : std::vector<std::string>{});
    open("post_options");
    text("wsrelay.allowed.origins", origins_text(x.options.origins));
    visit_options(x.options, *this);
    text("wsrelay.expiry.reason", x.options.expiry.reason);
    text("wsrelay.overflow.event", x.options.overflow.event);
    text("wsrelay.park.endings", endings_text(x.options.parking.endings));
    close();
  }

  void print(const endpoint_config& x, std::string_view prefix) {
    begin(x, endpoint_kind);
    meta("router", x.router);
    text("method", x.method);
    auto path = std::string_view{x.path.text()};
    path.remove_prefix(path.starts_with(prefix) ? prefix.size() : 0);
    text("path", path);
    list("subprotocols", x.subprotocols);
    visit_endpoint(x, *this);
    std::visit([this](const auto& handler) { print(handler); }, x.handler);
  }

  void print(const static_config& x) {
    begin(x, static_kind);
    meta("server", x.server);
    text("path", x.path);
    text("root", x.root);
    text("index", x.index);
  }

  void print(const cluster_config& x) {
    begin(x, cluster_kind);
    text("listen", x.listen);
    list("peers", x.peers);
    visit_cluster(x, *this);
    if (!x.tls.enabled())
      return;
    open("tls");
    text("certificate", x.tls.certificate);
    text("key", x.tls.key);
    text("ca", x.tls.ca);
    close();
  }

  // The members that fields.hpp lists.
  void operator()(std::string_view key, std::uint64_t value, number_range) {
    line(key, std::to_string(value));
  }

  void operator()(std::string_view key, std::chrono::milliseconds value) {
    line(key, to_text(value));
  }

  void operator()(std::string_view key,
                  const std::optional<std::chrono::milliseconds>& value) {
    line(key, value ? to_text(*value) : "off");
  }

  void operator()(std::string_view key, bool value) {
    line(key, value ? "\"true\"" : "\"false\"");
  }

  template <class Enum>
  void operator()(std::string_view key, Enum value, choice_words words) {
    line(key, words[static_cast<std::size_t>(value)]);
  }

  std::string take() { return std::move(out_); }

private:
  template <class Entry>
  void print_listening(const Entry& x) {
    print(x.addresses);
    line("socket_mode", fmt::format("\"{:04o}\"", x.socket_mode));
    text("socket_owner", x.socket_owner);
  }

  void print(const std::vector<service_address>& all) {
    std::vector<std::string> texts;
    for (auto& each : all)
      texts.push_back(to_text(each));
    if (texts.size() == 1)
      text("addr", texts.front());
    else
      list("addr", texts);
  }

  void print(const service_tls_config& x) {
    open("tls");
    if (x.are_listed)
      print_list(x.certificates);
    else
      print(x.certificates.front());
    visit_tls(x, *this);
    if (!x.client_ca.empty())
      text("client_ca", x.client_ca);
    close();
  }

  void print(const certificate_files& x) {
    text("certificate", x.certificate);
    text("key", x.key);
  }

  void print_list(const std::vector<certificate_files>& all) {
    open("certificates");
    for (auto& each : all) {
      auto begin = out_.size() + indent_;
      indent_ += 2;
      print(each);
      close();
      out_[begin] = '-';
    }
    close();
  }

  void print(const func_handler& x) {
    text("func", x.name);
    visit_func(x, *this);
  }

  void print(const upstream_handler& x) {
    text("upstream", x.url);
    if (x.tls)
      text("ca", x.ca);
    visit_upstream(x, *this);
  }

  void print(const relay_handler& x) {
    const auto& topic = x.command.message_topic;
    auto metadata = compact_json_object(x.command.metadata);
    open("relay");
    text("target_pid", x.command.target_pid);
    text("message_topic", topic.empty() ? default_message_topic : topic);
    (*this)("heartbeat_interval", x.command.heartbeat_interval);
    line("metadata", metadata ? *metadata : "{}"); // JSON is YAML
    if (!x.command.limit_key.empty()) {
      text("limit_key", x.command.limit_key);
      line("limit_max", std::to_string(std::max(x.command.limit_max, 1u)));
    }
    (*this)("report_overflow", x.command.report_overflow);
    if (!x.command.state.empty())
      text("state", x.command.state);
    if (!x.command.groups.empty())
      list("groups", x.command.groups);
    if (!x.headers.empty())
      list("headers", x.headers);
    if (!x.query.empty())
      list("query", x.query);
    close();
  }

  void print(const backend_handler&) {}

  void print(const trusted_header_handler& x) {
    line("trusted_header", "true");
    if (!x.secret_file.empty())
      text("secret_file", x.secret_file);
    else if (!x.secret.empty())
      text("secret", x.secret);
  }

  static std::string origins_text(const origin_policy& policy) {
    std::vector<std::string> texts;
    std::transform(policy.allowed.begin(), policy.allowed.end(),
                   std::back_inserter(texts),
                   [](const origin_pattern& x) { return to_text(x); });
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  static std::string endings_text(const park_endings& endings) {
    std::vector<std::string_view> words;
    visit_endings(endings, [&](std::string_view word, bool is_in) {
      if (is_in)
        words.push_back(word);
    });
    return fmt::format("{}", fmt::join(words, ", "));
  }

  void meta(std::string_view key, std::string_view value) {
    open("meta");
    text(key, value);
    close();
  }

  void open(std::string_view key) {
    line(key, "");
    indent_ += 2;
  }

  void close() { indent_ -= 2; }

  void text(std::string_view key, std::string_view value) {
    line(key, scalar(value));
  }

  void list(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty())
      return line(key, "[]");
    open(key);
    for (const auto& value : values)
      out_ += fmt::format("{:{}}- {}\n", "", indent_, scalar(value));
    close();
  }

  void line(std::string_view key, std::string_view value) {
    out_ += fmt::format("{:{}}{}:{}{}\n", "", indent_, key,
                        value.empty() ? "" : " ", value);
  }

  std::string out_;
  int indent_ = 2;
};

} // namespace

std::string to_yaml(const relay_config& config) {
  printer out;
  for (const auto& x : config.services)
    if (!x.is_derived)
      out.print(x);
  for (const auto& x : config.routers)
    if (!x.is_derived)
      out.print(x);
  for (const auto& x : config.endpoints)
    if (!x.is_derived)
      out.print(x, prefix_of(x.router, config));
  for (const auto& x : config.statics)
    out.print(x);
  for (const auto& x : config.clusters)
    out.print(x);
  for (const auto& x : config.admins)
    out.print(x);
  for (const auto& x : config.targets)
    out.print(x);
  for (const auto& x : config.backends)
    out.print(x);
  return out.take();
}

} // namespace wsrelay
