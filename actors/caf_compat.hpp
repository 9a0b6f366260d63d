// What depends on the version of CAF; the only file that tests for it. What
// later versions have otherwise is asked for here, so that a move changes this
// file: the members of `caf::result`, `enqueue` of four arguments, atoms,
// categories.
#pragma once

#include <caf/abstract_actor.hpp>
#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/atom.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/result.hpp>

#include <utility>

#if CAF_VERSION < 1706 || CAF_VERSION >= 1800
#error "wsrelay needs CAF 0.17.6"
#endif

namespace wsrelay {

/// Returns whether the actor has not ended yet, as far as this node knows. Any
/// thread; the answer can be outdated when it arrives.
inline bool is_alive(const caf::actor& who) {
  auto* ptr = caf::actor_cast<caf::abstract_actor*>(who);
  return ptr != nullptr && !ptr->getf(caf::abstract_actor::is_terminated_flag);
}

/// Returns whether nobody has a handle of the actor any more: CAF destroys it.
/// What it still sends must not carry a handle of it, not even as the sender:
/// CAF 0.17.6 would destroy it once more with the last one.
inline bool is_unreachable(const caf::abstract_actor& who) noexcept {
  return who.ctrl()->strong_refs == 0;
}

/// Returns whether two handles, which are equal when they are of one actor, are
/// of one object, too. An actor of a node that was lost and found again has two
/// for a while.
template <class Handle, class Other>
bool is_same_object(const Handle& one, const Other& two) {
  return caf::actor_cast<caf::actor_control_block*>(one)
         == caf::actor_cast<caf::actor_control_block*>(two);
}

/// Puts a message into an actor's mailbox. `sender` is who gets the answer,
/// null for nobody; `host` is who runs the actor, null for the scheduler.
template <class Handle>
void enqueue_to(const Handle& who, caf::strong_actor_ptr sender,
                caf::message_id id, caf::message content,
                caf::execution_unit* host) {
  who->enqueue(std::move(sender), id, std::move(content), host);
}

/// The same for a message with all that belongs to it.
template <class Handle>
void enqueue_to(const Handle& who, caf::mailbox_element_ptr what,
                caf::execution_unit* host) {
  who->enqueue(std::move(what), host);
}

/// Returns what a handler has returned: a value, an error or, where it is
/// neither, a promise or somebody else's answer.
template <class T>
bool is_value(const caf::result<T>& result) noexcept {
  return result.flag == caf::rt_value;
}

template <class T>
bool is_error(const caf::result<T>& result) noexcept {
  return result.flag == caf::rt_error;
}

/// @pre `is_error(result)`.
template <class T>
caf::error& error_of(caf::result<T>& result) noexcept {
  return result.err;
}

/// @pre `is_value(result)`.
template <class T>
caf::message& value_of(caf::result<T>& result) noexcept {
  return result.value;
}

/// The categories of `caf::sec` and of `caf::exit_reason` in `caf::error`.
inline constexpr caf::atom_value system_category = caf::atom("system");
inline constexpr caf::atom_value exit_category = caf::atom("exit");

} // namespace wsrelay

/// Declares NAME_atom and its value NAME_atom_v, at most 10 characters, as CAF
/// declares its own: `WSRELAY_ATOM(quit)`.
#define WSRELAY_ATOM(name)                                                     \
  using name##_atom = caf::atom_constant<caf::atom(#name)>;                    \
  [[maybe_unused]] constexpr name##_atom name##_atom_v{};
