// What a node shows to its admin listener: its own parts, for other threads.
#pragma once

#include "net/admin/admin_view.hpp"
#include "net/running_service.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace wsrelay {

/// The functions are the node's, safe to call from any thread.
class node_view final : public admin_view {
public:
  struct all_services {
    std::vector<std::shared_ptr<running_service>> running;
    std::vector<std::shared_ptr<running_service>> retired;
  };
  using services_function = std::function<all_services()>;
  using config_function = std::function<std::shared_ptr<const relay_config>()>;
  using listener_function = std::function<std::shared_ptr<service>()>;

  node_view(caf::actor_system& system, caf::actor directory,
            std::function<node_state()> state, services_function services,
            config_function config, listener_function listener)
      : system_{system},
        directory_{std::move(directory)},
        state_{std::move(state)},
        services_{std::move(services)},
        config_{std::move(config)},
        listener_{std::move(listener)} {}

  caf::actor_system& system() override { return system_; }
  const caf::actor& directory() override { return directory_; }
  node_state state() const override { return state_(); }
  std::shared_ptr<const relay_config> config() const override {
    return config_();
  }

  std::shared_ptr<service> listener() const override { return listener_(); }

  std::vector<service_view> services() const override {
    std::vector<service_view> result;
    auto all = services_();
    for (auto& each : all.running)
      if (each->shared())
        result.push_back(
            {each->shared(), each->loops(), each->ports().urls(), each});
    for (auto& each : all.retired)
      if (!each->is_empty())
        result.push_back({each->shared(), {}, {}, each, true});
    return result;
  }

  std::vector<std::shared_ptr<running_service>> running() const {
    return services_().running;
  }

private:
  caf::actor_system& system_;
  caf::actor directory_;
  std::function<node_state()> state_;
  services_function services_;
  config_function config_;
  listener_function listener_;
};

} // namespace wsrelay
