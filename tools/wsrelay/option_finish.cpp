// Words that belong together.
#include "tools/wsrelay/option_finish.hpp"

#include "config/listen_address.hpp"
#include "protocol/close_code.hpp"
#include "protocol/duration.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/text.hpp"
#include "tools/wsrelay/option_checks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace wsrelay::cli {

namespace {

// Returns what is wrong, or nothing.
std::string read_file(const std::string& name, std::string& out) {
  std::ifstream file{name, std::ios::binary};
  out.assign(std::istreambuf_iterator<char>{file}, {});
  return file ? std::string{} : "cannot read " + name;
}

} // namespace

std::string finish_send(const CLI::App& app, const raw_options& raw,
                        options& out) {
  out.binary = app.count("--binary") > 0;
  if (out.binary)
    return read_file(raw.file, out.text);
  return app.count("text") > 0 ? std::string{} : "send needs TEXT or --binary";
}

std::string finish_close(const raw_options& raw, options& out) {
  out.code = static_cast<std::uint16_t>(*parse_decimal(raw.code)); // checked
  auto good = check_close(out.code, out.reason);
  return good ? std::string{} : good.error().what;
}

// Other commands take names, too: a program may have named an actor that
// understands them.
std::string finish_inspect(const options& out) {
  auto& text = out.subject;
  auto at = text.find('@');
  auto is_pid = at != text.npos && at + 1 < text.size()
                && parse_decimal(std::string_view{text}.substr(0, at));
  return is_pid ? std::string{} : text + " is no PID (see wsrelay ps)";
}

void finish_call(const CLI::App& app, const raw_options& raw, options& out) {
  for (auto& line : raw.headers) {
    auto colon = line.find(':');
    out.headers.emplace_back(line.substr(0, colon),
                             trim(std::string_view{line}.substr(colon + 1)));
  }
  for (auto& text : raw.params) {
    auto equals = text.find('=');
    out.params.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (app.count("json") > 0) {
    out.text = raw.body;
    if (!find_field(out.headers, "Content-Type"))
      out.headers.emplace_back("Content-Type", "application/json");
  }
  if (out.method.empty())
    out.method = out.text.empty() ? "GET" : "POST";
}

// A word that a script has left empty is no reason to end a node.
std::string finish_drain(const CLI::App& app, const raw_options& raw,
                         options& out) {
  out.from_node = raw.drained_node;
  auto has_from = app.count("--target") + app.count("--node") > 0;
  auto has_to = app.count("--to") > 0;
  if (has_from && !has_to)
    return "drain --target or --node wants --to (before the command --node "
           "says where to ask)";
  if (!has_from && (has_to || app.count("--rate") > 0))
    return "drain --to and --rate want --target or --node";
  if (has_from
      && (out.target.empty() || out.subject.empty() == out.from_node.empty()))
    return "drain: a name is empty";
  if (has_from
      && out.target == (out.subject.empty() ? out.from_node : out.subject))
    return "drain: from " + out.target + " to itself";
  return {};
}

std::string finish_node(const raw_options& raw, options& out) {
  if (!out.admin.url.empty() && !raw.token_file.empty()) {
    if (auto error = read_file(raw.token_file, out.admin.token); !error.empty())
      return error;
    auto& token = out.admin.token;
    token.resize(token.find_last_not_of("\r\n") + 1);
  }
  if (!out.admin.url.empty() && (!raw.node.empty() || !out.peer.empty()))
    return "--admin cannot stand beside --node and --peer (nor WSRELAY_ADMIN "
           "beside WSRELAY_NODE)";
  out.admin.ca = out.node.tls.ca;
  out.node.host = socket_path(raw.node);
  if (!raw.node.empty() && out.node.host.empty()) {
    auto address = parse_listen_address(raw.node); // checked
    out.node.host = address->host;
    out.node.port = address->port;
  }
  out.node.timeout = *parse_duration(raw.timeout);
  auto& tls = out.node.tls;
  if (out.admin.url.empty() && tls.enabled()
      && (tls.certificate.empty() || tls.key.empty() || tls.ca.empty()))
    return "--tls-cert, --tls-key and --tls-ca belong together (or "
           "WSRELAY_TLS_CERT, _KEY and _CA)";
  return {};
}

} // namespace wsrelay::cli
