// A node that empties before it stops.
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "actors/order_line.hpp"
#include "net/node.hpp"
#include "net/node_view.hpp"
#include "net/running_service.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace wsrelay {

namespace {

// Between looks at whether all are gone.
constexpr std::chrono::milliseconds drain_step{20};

} // namespace

void node::on_drain_order(std::function<void()> order) {
  orders_ = system_.spawn([order](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->set_error_handler([](caf::error&) {});
    return caf::behavior{[self, order, is_given = false](node_drain) mutable {
      log_order(self, "drain");
      if (!std::exchange(is_given, true))
        order();
    }};
  });
  caf::anon_send(directory_, directory_own{"wsrelay.drain", orders_});
}

void node::drain(const std::function<bool()>& is_enough) {
  using clock = std::chrono::steady_clock;
  enter(node_state::draining);
  runs_ = false; // nothing is reloaded any more
  auto draining = view_->running();
  draining.insert(draining.end(), retired_.begin(), retired_.end());
  std::chrono::milliseconds lead{0}, deadline{0};
  for (auto& service : draining) {
    auto settings = service->settings();
    auto& options = settings->drain;
    lead = std::max(lead, options.lead.value_or(lead));
    deadline = std::max(deadline, options.deadline);
  }
  auto begin = clock::now();
  auto wait = [&](clock::time_point until, auto is_done) {
    while (clock::now() < until && !is_done()) {
      if (is_enough && is_enough())
        return false;
      std::this_thread::sleep_for(drain_step);
    }
    return true;
  };
  log().info("draining: lead={}ms deadline={}ms", lead.count(),
             deadline.count());
  caf::anon_send(directory_, directory_drain{deadline});
  if (!wait(begin + lead, [] { return false; }))
    return;
  // Each close takes its time, too.
  auto drain_all = [&](bool of_backends, std::chrono::milliseconds longest) {
    auto is_meant = [&](auto& each) {
      return each->settings()->is_derived == of_backends;
    };
    for (auto& service : draining)
      if (is_meant(service))
        service->drain(longest);
    return wait(begin + deadline, [&] {
      return std::all_of(draining.begin(), draining.end(), [&](auto& each) {
        return !is_meant(each) || each->is_empty();
      });
    });
  };
  // Backends are the targets of clients, and go behind them.
  if (drain_all(false, (deadline - lead) * 4 / 5))
    drain_all(true, std::chrono::milliseconds::zero());
}

} // namespace wsrelay
