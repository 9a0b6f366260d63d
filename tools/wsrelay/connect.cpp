// Connecting, with an end.
#include "tools/wsrelay/connect.hpp"

#include "actors/error.hpp"
#include "config/listen_address.hpp"
#include "net/cluster/connector.hpp"
#include "net/cluster/operator_folder.hpp"
#include "net/cluster/tls.hpp"
#include "net/loop/local_socket.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>

namespace wsrelay::cli {

namespace {

void replace(std::string& text, std::string_view what, std::string_view with) {
  if (auto at = text.find(what); at != text.npos)
    text.replace(at, what.size(), with);
}

// "cannot_connect_to_node: Connection refused" without what the caller says,
// and about options where nodes speak of their configuration.
std::string reason(const caf::error& error, const tls_words& words) {
  auto text = to_text(error);
  if (auto colon = text.find(": "); colon != text.npos)
    text.erase(0, colon + 2);
  replace(text, "this node's tls.ca", words.ca);
  replace(text, "this node's tls.certificate", words.certificate);
  replace(text, ", or its cluster.node has tls and this one's has not", "");
  return text;
}

const std::string& word_of(tls_file file, const tls_words& words) {
  switch (file) {
    case tls_file::certificate:
      return words.certificate;
    case tls_file::key:
      return words.key;
    case tls_file::ca:
      break;
  }
  return words.ca;
}

// What a node with `tls` looks like to one without: each waits for the other.
failure no_node(std::string_view what, const connect_options& options) {
  if (options.tls.enabled() || is_socket_path(options.host))
    return {std::string{what}};
  return {fmt::format("{}, or it wants TLS (--tls-cert, --tls-key, --tls-ca)",
                      what)};
}

} // namespace

std::string place_of(const connect_options& options) {
  return is_socket_path(options.host)
             ? options.host
             : wsrelay::to_text(listen_address{options.host, options.port});
}

checked check_certificates(const connect_options& options) {
  if (is_socket_path(options.host))
    return passed();
  for (auto& found : check_node_tls(options.tls))
    if (found.is_error)
      return failure{fmt::format("{}: {}", word_of(found.file, options.words),
                                 found.text)};
  return passed();
}

result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options) {
  auto is_here = is_socket_path(options.host);
  if (is_here)
    if (auto fault = fault_of_socket(options.host); !fault.empty())
      return failure{fault};
  // A file's mode says who may be there: certificates are for those outside.
  auto tls = make_node_tls(is_here ? tls_config{} : options.tls);
  if (!tls)
    return failure{tls.error()};
  auto connector =
      spawn_node_connector(system, *tls, cluster_config{}.output_limit);
  caf::scoped_actor self{system};
  result<caf::actor> answer =
      no_node("no answer in time: it may be no node", options);
  self->request(connector, options.timeout, caf::connect_atom_v, options.host,
                options.port)
      .receive(
          [&](caf::node_id&, caf::strong_actor_ptr& found,
              std::set<std::string>&) {
            if (found)
              answer = caf::actor_cast<caf::actor>(found);
            else
              answer = no_node("not a node of wsrelay", options);
          },
          [&](caf::error& error) {
            if (error == caf::sec::cannot_connect_to_node)
              answer =
                  failure{"cannot connect: " + reason(error, options.words)};
            else if (error == caf::sec::disconnect_during_handshake)
              answer = no_node(reason(error, options.words), options);
            else if (error != caf::sec::request_timeout)
              answer = no_node("not a node of wsrelay", options);
          });
  self->send_exit(connector, caf::exit_reason::user_shutdown);
  return answer;
}

} // namespace wsrelay::cli
