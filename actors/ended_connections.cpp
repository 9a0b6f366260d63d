// Reports of those that have gone.
#include "actors/ended_connections.hpp"

#include "actors/pid_text.hpp"

namespace wsrelay {

connection_report report_of(const ended_connection& what,
                            const caf::node_id& node) {
  auto result = report_of(*what.record);
  result.client_pid = pid_text(what.id, node);
  result.remote_address = what.remote_address;
  result.endpoint = what.endpoint;
  return result;
}

std::vector<connection_report>
ended_connections::find(caf::actor_id id, const caf::node_id& node) const {
  std::vector<connection_report> result;
  for (auto each = all_.rbegin(); each != all_.rend(); ++each)
    if (id == 0 || each->id == id)
      result.push_back(report_of(*each, node));
  return result;
}

} // namespace wsrelay
