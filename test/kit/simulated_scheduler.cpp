// CAF's testing scheduler, stepped with an execution unit that stays: actors
// keep a pointer to it and use it when a port calls them.
#include "test/kit/simulated_scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>
#include <caf/execution_unit.hpp>
#include <caf/exit_reason.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <map>
#include <utility>

namespace wsrelay::test {

class simulated_scheduler::unit : public caf::execution_unit {
public:
  explicit unit(caf::actor_system& system)
      : caf::execution_unit{&system},
        coordinator{dynamic_cast<caf::scheduler::test_coordinator&>(
            system.scheduler())} {}

  void exec_later(caf::resumable* what) override {
    coordinator.jobs.push_back(what);
  }

  // The actor is alive: its job holds a reference.
  void remember(caf::resumable* job) {
    if (auto* who = dynamic_cast<caf::abstract_actor*>(job))
      seen.try_emplace(who->id(), who->ctrl());
  }

  caf::scheduler::test_coordinator& coordinator;
  std::map<caf::actor_id, caf::weak_actor_ptr> seen;
};

void use_simulated_scheduler(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
}

simulated_scheduler::simulated_scheduler(caf::actor_system& system)
    : unit_{std::make_unique<unit>(system)} {}

simulated_scheduler::~simulated_scheduler() = default;

bool simulated_scheduler::run_one() {
  auto& jobs = unit_->coordinator.jobs;
  if (jobs.empty())
    return false;
  auto* job = jobs.front();
  jobs.pop_front();
  unit_->remember(job);
  // One message each in turn: nobody's order depends on a mailbox's length.
  switch (job->resume(unit_.get(), 1)) {
    case caf::resumable::resume_later:
      jobs.push_back(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
  }
  return true;
}

simulated_scheduler::time_point simulated_scheduler::now() const {
  return unit_->coordinator.clock().now();
}

simulated_scheduler::time_point simulated_scheduler::next_timeout() const {
  auto& schedule = unit_->coordinator.clock().schedule();
  return schedule.empty() ? time_point::max() : schedule.begin()->first;
}

void simulated_scheduler::move_to(time_point when) {
  auto step = when > now() ? when - now() : time_point::duration{0};
  unit_->coordinator.advance_time(step);
}

std::vector<caf::actor> simulated_scheduler::actors() const {
  std::vector<caf::actor> result;
  for (auto& [id, weak] : unit_->seen)
    if (auto who = weak.lock();
        who && !who->get()->getf(caf::abstract_actor::is_terminated_flag))
      result.push_back(caf::actor_cast<caf::actor>(who));
  return result;
}

void simulated_scheduler::kill_actors() {
  for (auto& [id, weak] : std::exchange(unit_->seen, {}))
    if (auto who = weak.lock())
      caf::anon_send_exit(who, caf::exit_reason::kill);
}

void simulated_scheduler::cancel_timeouts() {
  unit_->coordinator.clock().cancel_all();
}

} // namespace wsrelay::test
