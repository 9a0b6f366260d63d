// HTTP servers, played by the test.
#pragma once

#include "net/http/upstream.hpp"
#include "test/http_kit/test_relay.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <deque>
#include <memory>

namespace wsrelay::test {

/// Answers with the node's next steps. Outlives nobody's call.
class fake_upstreams final : public upstream_asker {
public:
  explicit fake_upstreams(caf::actor_system& system);
  ~fake_upstreams() override;

  test_relay::upstream_answer answer; // null = none can be reached

  [[nodiscard]] std::shared_ptr<upstream_call>
  ask(std::shared_ptr<const upstream_handler> upstream,
      const http_request& request, http_fields forwarded,
      std::function<void(upstream_result)> done) override;

private:
  class call;

  void answer_next();

  std::deque<std::shared_ptr<call>> calls_;
  caf::actor turn_; // a message to it is an answer's turn
};

} // namespace wsrelay::test
