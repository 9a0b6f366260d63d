// Answers only to those who asked. CAF 0.17.6 sends the error, or the empty
// result of a promise, also to the sender of a message that was no request, as
// a message of its own; by default an error ends its receiver. A target that
// sends to a closing connection must not die of it.
#pragma once

#include "actors/caf_compat.hpp"

#include <caf/local_actor.hpp>
#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace wsrelay {

/// Returns whether the message being handled is a request.
inline bool is_request(caf::local_actor* self) {
  return self->current_message_id().is_request();
}

/// Returns `result`, or nothing when nobody asked and it is an error.
inline caf::result<void> answer(caf::local_actor* self,
                                caf::result<void> result) {
  if (is_error(result) && !is_request(self))
    return caf::unit;
  return result;
}

/// The same for any result, as a message; a value goes to any sender.
template <class T>
caf::result<caf::message> answer(caf::local_actor* self,
                                 caf::result<T> result) {
  if (is_value(result))
    return std::move(value_of(result));
  if (!is_error(result))
    return caf::delegated<caf::message>{};
  if (!is_request(self))
    return caf::message{};
  return std::move(error_of(result));
}

/// Returns a promise for a request, nothing for any other message.
inline std::optional<caf::response_promise>
promise_to_requester(caf::local_actor* self) {
  if (!is_request(self))
    return std::nullopt;
  return self->make_response_promise();
}

/// Returns what a handler returns that answers later: the promise, or nothing
/// when nobody asked.
template <class T = void>
caf::result<T> later(const std::optional<caf::response_promise>& promise) {
  if (promise)
    return *promise;
  if constexpr (std::is_void_v<T>)
    return caf::unit;
  else
    return T{};
}

/// Default handler: an unknown request is an error, anything else is dropped.
inline caf::result<caf::message> drop_unexpected(caf::scheduled_actor* self,
                                                 caf::message_view&) {
  if (!is_request(self))
    return caf::message{};
  return caf::sec::unexpected_message;
}

} // namespace wsrelay
