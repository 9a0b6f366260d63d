// Reads an http.endpoint.
#include "config/file_text.hpp"
#include "config/read_entries.hpp"
#include "config/upstream_url.hpp"
#include "protocol/topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view handler_keys[] = {"func", "upstream", "relay",
                                             "trusted_header"};

constexpr std::string_view handler_choice =
    "one of func, upstream, relay and trusted_header";

/// A key that stands beside one kind of handler only.
struct companion {
  std::string_view key;
  std::string_view handler;
};

constexpr companion companions[] = {
    {"timeout", "func"},
    {"connect_timeout", "upstream"},
    {"response_timeout", "upstream"},
    {"max_response_size", "upstream"},
    {"ca", "upstream"},
    {"max_idle_connections", "upstream"},
    {"idle_timeout", "upstream"},
    {"secret", "trusted_header"},
    {"secret_file", "trusted_header"},
};

func_handler read_func(yaml_map& in) {
  func_handler out;
  out.name = in.text("func").value_or("");
  visit_func(out, field_reader{in});
  return out;
}

upstream_handler read_upstream(yaml_map& in, const std::string& folder) {
  upstream_handler out;
  if (auto url = in.text("upstream")) {
    auto parsed = parse_upstream_url(*url);
    if (parsed)
      out = std::move(*parsed);
    else
      in.fail("upstream", parsed.error().what);
  }
  if (auto ca = in.text("ca"); ca && !ca->empty())
    out.ca = resolve_path(folder, *ca);
  visit_upstream(out, field_reader{in});
  return out;
}

relay_handler read_relay(yaml_map& in) {
  relay_handler result;
  auto& out = result.command;
  auto relay = in.child("relay");
  out.target_pid = relay.text("target_pid").value_or("");
  out.message_topic = relay.text("message_topic").value_or("");
  if (out.message_topic == default_message_topic)
    out.message_topic.clear();
  field_reader{relay}("heartbeat_interval", out.heartbeat_interval);
  out.metadata = relay.json("metadata").value_or(out.metadata);
  out.limit_key = relay.text("limit_key").value_or("");
  out.report_overflow = relay.flag("report_overflow").value_or(false);
  out.state = relay.text("state").value_or("");
  out.groups = relay.texts("groups");
  result.headers = relay.texts("headers");
  result.query = relay.texts("query");
  if (auto max = relay.number("limit_max", {1, max_limit_max}))
    out.limit_max = static_cast<std::uint32_t>(*max);
  relay.refuse_unknown();
  return result;
}

void read_secret_file(yaml_map& in, trusted_header_handler& out,
                      const std::string& file) {
  auto secret = read_secret(file);
  if (!secret)
    return in.fail("secret_file", secret.error().what);
  out.secret_file = file;
  out.secret = std::move(*secret);
}

trusted_header_handler read_trusted_header(yaml_map& in,
                                           const std::string& folder) {
  trusted_header_handler out;
  if (in.flag("trusted_header") == false)
    in.fail("trusted_header", "must be true, or left out");
  auto secret = in.text("secret");
  auto file = in.text("secret_file");
  if (secret && file)
    in.fail("secret_file", "secret is there as well");
  else if (file)
    read_secret_file(in, out, resolve_path(folder, *file));
  else if (secret && secret->empty())
    in.fail("secret", "must not be empty");
  else
    out.secret = secret.value_or("");
  return out;
}

/// Refuses what belongs to another handler than `chosen`; with no handler
/// chosen that is not known.
void check_companions(yaml_map& in, std::string_view chosen) {
  for (auto [key, handler] : companions) {
    if (in.has(key) && !chosen.empty() && handler != chosen)
      in.fail(key, fmt::format("goes with {} only", handler));
  }
}

/// Returns the key of the handler, "" when there is none. Of several the first
/// counts, the others are errors.
std::string_view choose_handler(yaml_map& in) {
  std::string_view chosen;
  for (auto key : handler_keys) {
    if (!in.has(key))
      continue;
    if (chosen.empty())
      chosen = key;
    else
      in.fail(key, fmt::format("{} is there as well, must be {}", chosen,
                               handler_choice));
  }
  if (chosen.empty())
    in.fail("func", fmt::format("is missing, must be {}", handler_choice));
  return chosen;
}

handler_config read_handler(yaml_map& in, const std::string& folder) {
  auto chosen = choose_handler(in);
  check_companions(in, chosen);
  if (chosen == "upstream")
    return read_upstream(in, folder);
  if (chosen == "relay")
    return read_relay(in);
  if (chosen == "trusted_header")
    return read_trusted_header(in, folder);
  return chosen == "func" ? read_func(in) : func_handler{};
}

void read_path(yaml_map& in, endpoint_config& out, const relay_config& config) {
  auto text = in.text("path");
  if (!text)
    return;
  if (!text->empty() && !text->starts_with('/')) {
    in.fail("path", "must begin with /");
    text->insert(0, "/"); // its parameters are known
  }
  auto prefix = std::string{prefix_of(out.router, config)};
  if (!path_pattern::parse(prefix)) // that is reported where it stands
    prefix.clear();
  auto pattern = path_pattern::parse(prefix + *text);
  if (pattern)
    out.path = std::move(*pattern);
  else if (!in.has_failed("path"))
    in.fail("path", pattern.error().what);
}

} // namespace

endpoint_config read_endpoint(yaml_map& in, const relay_config& config,
                              const std::string& folder) {
  endpoint_config out;
  out.router = read_reference(in, "router");
  out.method = in.text("method").value_or(out.method);
  read_path(in, out, config);
  out.handler = read_handler(in, folder);
  out.subprotocols = in.texts("subprotocols");
  visit_endpoint(out, field_reader{in});
  return out;
}

} // namespace wsrelay
