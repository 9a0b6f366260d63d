// Actors that live on an event loop: their messages and their socket's calls
// run on one thread. CAF's own brokers do the same (caf/io/abstract_broker.hpp,
// 0.17.6): `enqueue` ignores the caller's execution unit for their own.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/execution_unit.hpp>
#include <caf/make_actor.hpp>

#include <utility>

namespace wsrelay {

/// An execution unit whose `exec_later` may be called from any thread and runs
/// io actors on the unit's own thread. Implemented in net; tests have none.
class event_loop : public caf::execution_unit {
public:
  using caf::execution_unit::execution_unit;
};

/// Base of actors that live on an event loop. Without a loop (in tests) it is
/// an ordinary scheduled actor.
class loop_actor : public caf::event_based_actor {
public:
  explicit loop_actor(caf::actor_config& config)
      : caf::event_based_actor(config),
        home_{dynamic_cast<event_loop*>(config.host)} {}

  using caf::event_based_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* caller) override {
    caf::event_based_actor::enqueue(std::move(what), home_ ? home_ : caller);
  }

  void launch(caf::execution_unit* caller, bool lazy, bool hide) override {
    caf::event_based_actor::launch(home_ ? home_ : caller, lazy, hide);
  }

  subtype_t subtype() const override {
    return home_ ? caf::resumable::io_actor : caf::resumable::scheduled_actor;
  }

  /// Returns the loop that the actor lives on, null for the scheduler.
  event_loop* home() const noexcept { return home_; }

private:
  event_loop* home_; // outlives every actor on it
};

/// Spawns a function-style actor on `loop`, or on the scheduler when it is
/// null.
template <class F, class... Ts>
caf::actor spawn_on(caf::actor_system& system, event_loop* loop, F fun,
                    Ts&&... xs) {
  using impl = caf::infer_impl_from_fun_t<F>;
  caf::detail::init_fun_factory<impl, F> factory;
  caf::actor_config config{loop};
  config.init_fun = factory(std::move(fun), std::forward<Ts>(xs)...);
  return system.spawn_class<impl, caf::no_spawn_options>(config);
}

/// The same with an id that was taken before (`system.next_actor_id()`).
template <class F, class... Ts>
caf::actor spawn_as(caf::actor_id id, caf::actor_system& system,
                    event_loop* loop, F fun, Ts&&... xs) {
  using impl = caf::infer_impl_from_fun_t<F>;
  caf::detail::init_fun_factory<impl, F> factory;
  caf::execution_unit* host = loop;
  caf::actor_config config{host ? host : system.dummy_execution_unit()};
  config.init_fun = factory(std::move(fun), std::forward<Ts>(xs)...);
  auto who =
      caf::make_actor<impl, caf::actor>(id, system.node(), &system, config);
  static_cast<impl*>(caf::actor_cast<caf::abstract_actor*>(who))
      ->launch(config.host, false, false);
  return who;
}

} // namespace wsrelay
