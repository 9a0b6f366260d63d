// The port of an http.target that is real: an upstream client, a loop's timers,
// the node's directory.
#pragma once

#include "config/config.hpp"
#include "net/hook/hook_port.hpp"
#include "net/http/upstream.hpp"

#include <functional>
#include <memory>

namespace wsrelay {

/// What the targets of a node share; calls keep it.
struct hook_upstreams {
  hook_upstreams(loop& home, std::shared_ptr<name_resolver> names,
                 std::shared_ptr<const upstream_contexts> contexts)
      : client{home, std::move(names), std::move(contexts)} {}

  upstream_client client;
};

/// Loop thread only, but for its construction. `on_open` is told of `set_open`.
class hook_client final : public hook_port {
public:
  hook_client(loop& home, std::function<void(bool open)> on_open);
  ~hook_client() override;

  /// Sends what comes from now on there.
  void use(std::shared_ptr<hook_upstreams> upstreams,
           std::shared_ptr<const http_target_config> settings);

  time_point now() const override;
  milliseconds unix_now() const override;
  double random_share() override;
  void ask(http_request what, time_point deadline, on_result done) override;
  void wake_at(time_point when, std::function<void()> wake) override;
  void set_open(bool open) override;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace wsrelay
