// A module of the actor system: these are asked before any actor is spawned.
#include "test/kit/node_identity.hpp"

#include <caf/actor_system.hpp>

#include <utility>

namespace wsrelay::test {

namespace {

using node_member = caf::node_id caf::actor_system::*;

struct identity_access {
  friend node_member member_of(identity_access);
};

// CAF 0.17.6 has no function for it; a template may be instantiated with the
// name of a private member ([temp.spec]).
template <node_member Member>
struct identity_grant {
  friend node_member member_of(identity_access) { return Member; }
};

template struct identity_grant<&caf::actor_system::node_>;

class identity_module final : public caf::actor_system::module {
public:
  identity_module(caf::actor_system& system, caf::node_id id)
      : system_{system}, id_{std::move(id)} {}

  void start() override {}
  void stop() override {}
  void init(caf::actor_system_config&) override {
    system_.*member_of(identity_access{}) = id_;
  }
  id_t id() const override { return opencl_manager; } // nobody's, here
  void* subtype_ptr() override { return this; }

private:
  caf::actor_system& system_;
  const caf::node_id id_;
};

} // namespace

void use_node_id(caf::actor_system_config& config, caf::node_id id) {
  config.module_factories.push_back([id](caf::actor_system& system) {
    return static_cast<caf::actor_system::module*>(
        new identity_module{system, id}); // the system owns it
  });
}

} // namespace wsrelay::test
