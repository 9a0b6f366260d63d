// Connecting, with an end.
#include "tools/wsrelay/connect.hpp"

#include "actors/error.hpp"

#include <caf/all.hpp>
#include <caf/io/middleman.hpp>

#include <set>

namespace wsrelay::cli {

// As `middleman::remote_actor`, which waits for a silent peer for ever.
result<caf::actor> connect(caf::actor_system& system,
                           const connect_options& options) {
  caf::scoped_actor self{system};
  result<caf::actor> answer = failure{"no answer in time"};
  self->request(caf::actor_cast<caf::actor>(system.middleman().actor_handle()),
                options.timeout, caf::connect_atom::value, options.host,
                options.port)
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
              answer = failure{"cannot connect"};
            else if (error != caf::sec::request_timeout)
              answer = failure{"not a node of wsrelay"};
          });
  return answer;
}

} // namespace wsrelay::cli
