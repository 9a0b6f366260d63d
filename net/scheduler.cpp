// A clock in front of CAF's, and the schedulers that have it.
#include "net/scheduler.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/defaults.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/policy/work_stealing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <mutex>
#include <unordered_set>
#include <utility>

namespace wsrelay {

namespace {

using caf::abstract_actor;
using caf::atom_value;
using caf::detail::thread_safe_actor_clock;

/// Passes everything on to another clock, but for the ends of actors that never
/// had a timeout. Any thread.
class quiet_clock final : public thread_safe_actor_clock {
public:
  explicit quiet_clock(thread_safe_actor_clock& to) : to_{to} {}

  void set_ordinary_timeout(time_point t, abstract_actor* self, atom_value type,
                            std::uint64_t id) override {
    note(*self);
    to_.set_ordinary_timeout(t, self, type, id);
  }

  void set_multi_timeout(time_point t, abstract_actor* self, atom_value type,
                         std::uint64_t id) override {
    note(*self);
    to_.set_multi_timeout(t, self, type, id);
  }

  void set_request_timeout(time_point t, abstract_actor* self,
                           caf::message_id id) override {
    note(*self);
    to_.set_request_timeout(t, self, id);
  }

  void cancel_ordinary_timeout(abstract_actor* self, atom_value type) override {
    to_.cancel_ordinary_timeout(self, type);
  }

  void cancel_request_timeout(abstract_actor* self,
                              caf::message_id id) override {
    to_.cancel_request_timeout(self, id);
  }

  void cancel_timeouts(abstract_actor* self) override {
    if (forget(*self))
      to_.cancel_timeouts(self);
  }

  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override {
    to_.schedule_message(t, std::move(receiver), std::move(content));
  }

  void schedule_message(time_point t, caf::group target,
                        caf::strong_actor_ptr sender,
                        caf::message content) override {
    to_.schedule_message(t, std::move(target), std::move(sender),
                         std::move(content));
  }

  void cancel_all() override { to_.cancel_all(); }

private:
  void note(const abstract_actor& who) {
    std::lock_guard guard{mutex_};
    with_timeout_.insert(who.id());
  }

  bool forget(const abstract_actor& who) {
    std::lock_guard guard{mutex_};
    return with_timeout_.erase(who.id()) > 0;
  }

  thread_safe_actor_clock& to_;
  std::mutex mutex_;
  std::unordered_set<caf::actor_id> with_timeout_; // until they end
};

template <class Policy>
class coordinator final : public caf::scheduler::coordinator<Policy> {
  using super = caf::scheduler::coordinator<Policy>;

public:
  using super::super;

  thread_safe_actor_clock& clock() noexcept override { return clock_; }

private:
  quiet_clock clock_{super::clock()};
};

} // namespace

caf::actor_system::module* make_scheduler(caf::actor_system& system) {
  auto policy = caf::get_or(system.config(), "scheduler.policy",
                            caf::defaults::scheduler::policy);
  if (policy == caf::atom("stealing"))
    return new coordinator<caf::policy::work_stealing>{system};
  return new coordinator<caf::policy::work_sharing>{system};
}

} // namespace wsrelay
