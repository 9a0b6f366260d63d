// The http.targets of a node: actors on a loop of their own, with their names.
#pragma once

#include "config/config.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/name_resolver.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

class hook_client;
class hook_target_state;
struct hook_upstreams;

/// Used by its node's thread.
class hooks {
public:
  hooks(caf::actor_system& system, caf::actor directory);
  ~hooks();

  hooks(const hooks&) = delete;
  hooks& operator=(const hooks&) = delete;

  /// Spawns what the configuration has, and gives it its names. Failure: a name
  /// is taken. Blocks for the directory's answer.
  checked start(std::shared_ptr<const relay_config> config,
                std::shared_ptr<const upstream_contexts> contexts);

  /// Goes on with another configuration: new ones begin, changed ones send what
  /// comes there, those that are gone have no name any more, and end with their
  /// last connection. A name that is taken is logged.
  void adopt(std::shared_ptr<const relay_config> config,
             std::shared_ptr<const upstream_contexts> contexts);

  /// Ends them: once every end of a connection is told, or at the deadline.
  void stop(std::chrono::steady_clock::time_point deadline);

  /// Returns the loop, null where there is no http.target.
  loop* home() const noexcept { return home_.get(); }

private:
  struct running {
    caf::actor who;
    hook_client* port;
    hook_target_state* state;
  };

  void begin();
  running spawn(std::shared_ptr<const http_target_config> settings);
  void use(const running& target,
           std::shared_ptr<const http_target_config> settings);
  checked add(std::shared_ptr<const http_target_config> settings);
  void end_retired();
  bool are_done();
  bool is_done(const running& target);

  caf::actor_system& system_;
  caf::actor directory_;
  std::unique_ptr<loop> home_;
  std::shared_ptr<name_resolver> names_ = std::make_shared<name_resolver>();
  std::shared_ptr<hook_upstreams> upstreams_;
  std::map<std::string, running> targets_;
  std::vector<running> retired_;
};

} // namespace wsrelay
