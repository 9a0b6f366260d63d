// Connecting, with an end.
#include "tools/wsrelay/connect.hpp"

#include "actors/error.hpp"
#include "net/cluster/connector.hpp"
#include "net/cluster/tls.hpp"

#include <caf/all.hpp>

#include <set>

namespace wsrelay::cli {

namespace {

// "cannot_connect_to_node: Connection refused" without what the caller says.
std::string reason(const caf::error& error) {
  auto text = to_text(error);
  auto colon = text.find(": ");
  return colon == text.npos ? text : text.substr(colon + 2);
}

} // namespace

result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options) {
  auto tls = make_node_tls(options.tls);
  if (!tls)
    return failure{tls.error()};
  auto connector =
      spawn_node_connector(system, *tls, cluster_config{}.output_limit);
  caf::scoped_actor self{system};
  result<caf::actor> answer = failure{"no answer in time"};
  self->request(connector, options.timeout, caf::connect_atom::value,
                options.host, options.port)
      .receive(
          [&](caf::node_id&, caf::strong_actor_ptr& found,
              std::set<std::string>&) {
            if (found)
              answer = caf::actor_cast<caf::actor>(found);
            else
              answer = failure{"not a node of wsrelay"};
          },
          [&](caf::error& error) {
            if (error == caf::sec::cannot_connect_to_node)
              answer = failure{"cannot connect: " + reason(error)};
            else if (error != caf::sec::request_timeout)
              answer = failure{"not a node of wsrelay"};
          });
  self->send_exit(connector, caf::exit_reason::user_shutdown);
  return answer;
}

} // namespace wsrelay::cli
