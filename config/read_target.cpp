// Reads an http.target.
#include "config/file_text.hpp"
#include "config/read_entries.hpp"
#include "config/upstream_url.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::size_t max_response_size = 1024 * 1024;

// Servers keep a connection for 2 seconds or more. A request that crosses their
// close is lost.
constexpr std::chrono::seconds idle_timeout{1};
constexpr std::size_t max_idle_connections = 64;

// As it stands in the URL: a server may see another resource behind a slash.
std::string request_target_of(std::string_view url) {
  auto authority = url.find("://") + 3;
  auto begin = url.find_first_of("/?", authority);
  if (begin == url.npos)
    return "/";
  auto target = std::string{url.substr(begin)};
  return target.front() == '/' ? target : "/" + target;
}

bool is_query(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

void read_url(yaml_map& in, http_target_config& out) {
  auto url = in.text("url");
  if (!url) // that it is no text has been told
    return in.has("url") ? void() : in.fail("url", "is missing");
  auto query = url->find('?');
  auto server = parse_upstream_url(url->substr(0, query));
  if (!server || (query != url->npos && !is_query(url->substr(query))))
    return in.fail("url", "must be http://host[:port]/path[?query], or https");
  out.server = std::move(*server);
  out.server.url = *url;
  out.server.path.clear();
  out.request_target = request_target_of(*url);
}

void read_secrets(yaml_map& in, http_target_config& out,
                  const std::string& folder) {
  out.secrets = in.texts("secrets");
  auto file = in.text("secret_file");
  if (!file)
    return;
  if (!out.secrets.empty())
    return in.fail("secret_file", "secrets are there as well");
  out.secret_file = resolve_path(folder, *file);
  auto text = read_secret(out.secret_file);
  if (!text)
    return in.fail("secret_file", text.error().what);
  for (auto line : split(*text, '\n'))
    if (auto secret = trim(line.substr(0, line.find('\r'))); !secret.empty())
      out.secrets.emplace_back(secret);
}

} // namespace

http_target_config read_target(yaml_map& in, const std::string& folder) {
  http_target_config out;
  read_url(in, out);
  out.server.max_response_size = max_response_size;
  out.server.idle_timeout = idle_timeout;
  out.server.max_idle_connections = max_idle_connections;
  if (auto ca = in.text("ca"); ca && !ca->empty())
    out.server.ca = resolve_path(folder, *ca);
  visit_target(out, field_reader{in});
  out.server.response_timeout = out.timeout;
  read_secrets(in, out, folder);
  return out;
}

} // namespace wsrelay
