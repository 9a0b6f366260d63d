// Reaching the cluster's parts.
#include "net/cluster/reach.hpp"

#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/proxy.hpp"

#include <caf/all.hpp>

namespace wsrelay {

namespace {

class reachable_nodes final : public target_nodes {
public:
  bool reaches(const caf::actor& target) const override {
    auto& system = target.home_system();
    if (target.node() == system.node())
      return true;
    if (!loop_of_nodes(system))
      return true; // CAF's own broker, about which this knows nothing
    auto broker = broker_of_nodes(system);
    auto* object = caf::actor_cast<caf::abstract_actor*>(broker);
    auto& table = static_cast<node_broker*>(object)->instance.tbl();
    return table.lookup_direct(target.node()) != caf::none;
  }

  const std::atomic<bool>*
  pressure_on(const caf::actor& target) const override {
    if (target.node() == target.home_system().node())
      return nullptr;
    auto* proxy = dynamic_cast<const node_proxy*>(
        caf::actor_cast<caf::abstract_actor*>(target));
    return proxy ? &proxy->load().high() : nullptr;
  }
};

} // namespace

bool is_prepared(caf::actor_system& system) {
  auto timeout =
      caf::get_or(system.config(), connection_timeout, caf::timespan{0});
  return timeout.count() > 0 && loop_of_nodes(system) != nullptr;
}

const target_nodes& cluster_nodes() noexcept {
  static const reachable_nodes result;
  return result;
}

caf::actor broker_of_nodes(caf::actor_system& system) {
  return system.middleman().named_broker<node_broker>(caf::atom("BASP"));
}

loop* loop_of_nodes(caf::actor_system& system) {
  auto* backend =
      dynamic_cast<basp_multiplexer*>(&system.middleman().backend());
  return backend ? &backend->home() : nullptr;
}

} // namespace wsrelay
