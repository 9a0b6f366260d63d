// One behavior for all actors of a kind. A caf::behavior is memory of each
// actor's own, 40 bytes for each of its handlers; where there are very many
// actors, that is a part of each that one would notice.
#pragma once

#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"

#include <caf/behavior.hpp>
#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/result.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/type_erased_tuple.hpp>

#include <type_traits>
#include <utility>

namespace wsrelay {

/// What a handler is: a member function of a state that takes one message and
/// returns nothing, a value, or a result.
template <class Function>
struct handler_traits;

template <class State, class Result, class Message>
struct handler_traits<Result (State::*)(Message)> {
  using result = Result;
  using message = std::remove_cvref_t<Message>;
};

template <class State, class Result, class Message>
struct handler_traits<Result (State::*)(Message) const>
    : handler_traits<Result (State::*)(Message)> {};

/// Whether a handler may also return an error, a promise or somebody else's
/// answer.
template <class T>
inline constexpr bool is_result = false;

template <class T>
inline constexpr bool is_result<caf::result<T>> = true;

/// Calls a handler, and returns what CAF is to answer. Where nobody asked, no
/// answer is made of nothing.
template <class Actor, auto Handler>
caf::result<caf::message> call(Actor& self,
                               const caf::type_erased_tuple& content) {
  using traits = handler_traits<decltype(Handler)>;
  using result = typename traits::result;
  auto& message = content.get_as<typename traits::message>(0);
  if constexpr (std::is_void_v<result>)
    (self.state.*Handler)(message);
  else if constexpr (std::is_same_v<result, caf::result<void>>) {
    auto made = (self.state.*Handler)(message);
    if (!is_value(made))
      return answer<void>(&self, std::move(made));
  } else if constexpr (is_result<result>)
    return answer(&self, (self.state.*Handler)(message));
  else
    return caf::make_message((self.state.*Handler)(message));
  if (!is_request(&self))
    return caf::delegated<caf::message>{};
  return caf::message{};
}

/// An unknown message came: the state is told if it wants to know.
template <class Actor>
caf::result<caf::message> refuse_unknown(Actor& self, caf::message_view& view) {
  if constexpr (requires { self.state.note_unknown(view.content()); })
    if (!is_request(&self))
      self.state.note_unknown(view.content());
  return drop_unexpected(&self, view);
}

/// Calls the first of the handlers that takes the message; what none of them
/// takes is unexpected. The default handler of an actor.
template <class Actor, auto Handler, auto... Others>
caf::result<caf::message> handle(caf::scheduled_actor* self,
                                 caf::message_view& view) {
  using message = typename handler_traits<decltype(Handler)>::message;
  if (view.content().template match_elements<message>())
    return call<Actor, Handler>(*static_cast<Actor*>(self), view.content());
  if constexpr (sizeof...(Others) > 0)
    return handle<Actor, Others...>(self, view);
  else
    return refuse_unknown(*static_cast<Actor*>(self), view);
}

/// Sets the handlers of an actor, and returns the behavior that it lives by:
/// one of no messages, the same for all.
template <class Actor, auto... Handlers>
caf::behavior share_behavior(Actor* self) {
  struct nothing {};
  // Of two elements: whoever has one of them is told apart at a glance.
  static const caf::behavior shared{[](const nothing&, const nothing&) {}};
  self->set_default_handler(&handle<Actor, Handlers...>);
  return shared;
}

} // namespace wsrelay
