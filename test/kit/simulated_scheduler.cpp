// CAF's testing scheduler, stepped with an execution unit that stays: actors
// keep a pointer to it and use it when a port calls them.
#include "test/kit/simulated_scheduler.hpp"

#include "test/kit/expectation.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>
#include <caf/execution_unit.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace wsrelay::test {

namespace {

// Takes the next message out of a mailbox, which comes as the last argument.
struct removal {
  template <class... Ts>
  caf::intrusive::task_result operator()(Ts&&... arguments) {
    caf::mailbox_element& element =
        std::get<sizeof...(Ts) - 1>(std::tie(arguments...));
    sender = element.sender;
    id = element.mid;
    return caf::intrusive::task_result::stop_all;
  }

  caf::strong_actor_ptr sender;
  caf::message_id id;
};

} // namespace

class simulated_scheduler::unit : public caf::execution_unit {
public:
  unit(caf::actor_system& system, std::optional<seed> from)
      : caf::execution_unit{&system},
        coordinator{dynamic_cast<caf::scheduler::test_coordinator&>(
            system.scheduler())},
        order{from} {}

  void exec_later(caf::resumable* what) override {
    coordinator.jobs.push_back(what);
  }

  caf::resumable* take_job() {
    auto& jobs = coordinator.jobs;
    auto next =
        jobs.begin() + static_cast<std::ptrdiff_t>(order.pick(jobs.size()));
    auto* result = *next;
    jobs.erase(next);
    return result;
  }

  // It runs where it is at home.
  bool is_foreign(caf::resumable* job) {
    auto* who = dynamic_cast<caf::monitorable_actor*>(job);
    if (!who || &who->home_system() == &system())
      return false;
    std::string name = who->name();
    auto id = std::to_string(who->id());
    who->home_system().scheduler().enqueue(job);
    wsrelay::test::fail(
        "an actor of another node, " + name + " (" + id
        + "), was sent to by its own handle; this node's actors "
          "need one of theirs: here(handle)");
    return true;
  }

  // The actor is alive: its job holds a reference.
  void remember(caf::resumable* job) {
    if (auto* who = dynamic_cast<caf::abstract_actor*>(job))
      seen.try_emplace(who->id(), who->ctrl());
  }

  // Returns whether its next message is not for it to handle now.
  bool befalls(caf::resumable* job) {
    if (faults.empty() || std::erase(spared, job) > 0)
      return false;
    auto* who = dynamic_cast<caf::scheduled_actor*>(job);
    auto* next = who ? who->mailbox().peek() : nullptr;
    if (!next || next->mid.is_response())
      return false;
    auto& before = counted[who];
    if (contains(before, next))
      return false;
    before.push_back(next);
    auto fault = count(*next);
    if (fault == faults.end())
      return false;
    auto what = std::move(*fault);
    faults.erase(fault);
    if (!what.failure && what.delay.count() <= 0)
      return false;
    if (what.failure)
      fail(*who, what.failure);
    else
      held.push_back({job, coordinator.clock().now() + what.delay});
    return true;
  }

  // Returns the first one whose message this is; it is a message for all.
  std::vector<message_fault>::iterator count(caf::mailbox_element& message) {
    auto result = faults.end();
    for (auto each = faults.begin(); each != faults.end(); ++each) {
      auto counts = (!each->failure || message.mid.is_request())
                    && each->matches(message.content());
      if (counts && --each->nth == 0 && result == faults.end())
        result = each;
    }
    return result;
  }

  // What was counted and set aside (`skip`, `await`) comes back; what is not
  // there any more has been handled.
  void forget_handled(caf::scheduled_actor& who) {
    auto found = counted.find(&who);
    if (found == counted.end())
      return;
    auto old = std::exchange(found->second, {});
    auto keep = [&](const caf::mailbox_element& each) {
      if (contains(old, &each))
        found->second.push_back(&each);
    };
    auto look = [&](auto& queue) {
      for (auto& each : queue.cache())
        keep(each);
      queue.peek_all(keep);
    };
    look(who.get_urgent_queue());
    look(who.get_normal_queue());
  }

  static bool contains(const std::vector<const caf::mailbox_element*>& all,
                       const caf::mailbox_element* one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  void fail(caf::scheduled_actor& who, const caf::error& why) {
    removal removed;
    who.mailbox().new_round(3, removed);
    if (removed.sender)
      removed.sender->enqueue(caf::strong_actor_ptr{who.ctrl()},
                              removed.id.response_id(), caf::make_message(why),
                              this);
    coordinator.jobs.push_back(&who);
  }

  // Who was held goes on.
  void release_until(time_point when) {
    std::erase_if(held, [&](auto& each) {
      auto is_due = each.until <= when;
      if (is_due) {
        coordinator.jobs.push_back(each.job);
        spared.push_back(each.job);
      }
      return is_due;
    });
  }

  struct held_job {
    caf::resumable* job;
    time_point until;
  };

  caf::scheduler::test_coordinator& coordinator;
  chance order;
  std::vector<message_fault> faults;
  std::vector<held_job> held;
  std::vector<caf::resumable*> spared; // their next message was counted
  // By actor: messages that were counted and not handled.
  std::map<caf::scheduled_actor*, std::vector<const caf::mailbox_element*>>
      counted;
  std::map<caf::actor_id, caf::weak_actor_ptr> seen;
};

void use_simulated_scheduler(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
}

simulated_scheduler::simulated_scheduler(caf::actor_system& system,
                                         std::optional<seed> order)
    : unit_{std::make_unique<unit>(system, order)} {}

simulated_scheduler::~simulated_scheduler() = default;

bool simulated_scheduler::run_one() {
  auto& jobs = unit_->coordinator.jobs;
  if (jobs.empty())
    return false;
  auto* job = unit_->take_job();
  if (unit_->is_foreign(job))
    return true;
  unit_->remember(job);
  if (unit_->befalls(job))
    return true;
  // One message each in turn: nobody's order depends on a mailbox's length.
  auto* who = dynamic_cast<caf::scheduled_actor*>(job);
  auto result = job->resume(unit_.get(), 1);
  if (who && result != caf::resumable::done && !unit_->faults.empty())
    unit_->forget_handled(*who);
  else
    unit_->counted.erase(who);
  switch (result) {
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

std::size_t simulated_scheduler::ready() const {
  return unit_->coordinator.jobs.size();
}

chance& simulated_scheduler::order() {
  return unit_->order;
}

std::vector<std::string> simulated_scheduler::faults_left() const {
  std::vector<std::string> result;
  for (auto& each : unit_->faults)
    result.push_back(each.name);
  return result;
}

void simulated_scheduler::add(message_fault fault) {
  if (fault.nth == 0)
    throw std::invalid_argument{"the next message is number 1"};
  unit_->faults.push_back(std::move(fault));
}

simulated_scheduler::time_point simulated_scheduler::now() const {
  return unit_->coordinator.clock().now();
}

simulated_scheduler::time_point simulated_scheduler::next_timeout() const {
  auto& schedule = unit_->coordinator.clock().schedule();
  auto result = schedule.empty() ? time_point::max() : schedule.begin()->first;
  for (auto& each : unit_->held)
    result = std::min(result, each.until);
  return result;
}

void simulated_scheduler::move_to(time_point when) {
  auto step = when > now() ? when - now() : time_point::duration{0};
  unit_->coordinator.advance_time(step);
  unit_->release_until(now());
}

std::vector<caf::actor> simulated_scheduler::living_actors() const {
  std::vector<caf::actor> result;
  for (auto& [id, weak] : unit_->seen)
    if (auto who = weak.lock();
        who && !who->get()->getf(caf::abstract_actor::is_terminated_flag))
      result.push_back(caf::actor_cast<caf::actor>(who));
  return result;
}

void simulated_scheduler::forget_faults() {
  unit_->faults.clear();
  unit_->release_until(time_point::max());
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
