// A request to an actor whose answer may take its time.
#pragma once

#include "actors/error.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/duration.hpp>
#include <caf/expected.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/unit.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace wsrelay::test {

/// What a request was answered with, once it was. A handle; not older than its
/// node.
template <class Result>
class pending_reply {
public:
  /// Sends `message` at once; the answer comes with `test_node::run`.
  template <class Message>
  pending_reply(caf::actor_system& system, const caf::actor& whom,
                Message message)
      : state_{std::make_shared<state>(system)} {
    auto handle =
        state_->self->request(whom, caf::infinite, std::move(message));
    state_->receive = [me = state_.get(), handle]() mutable {
      me->receive_from(handle);
    };
  }

  /// Returns whether the answer has come.
  bool answered() const {
    if (!state_->answer && !state_->self->mailbox().empty())
      state_->receive();
    return state_->answer.has_value();
  }

  /// Returns the answer, `sec::request_timeout` while there is none.
  caf::expected<Result> get() const {
    if (!answered())
      return caf::error{caf::sec::request_timeout};
    return *state_->answer;
  }

  /// Returns the error that was answered; false when there is none.
  caf::error error() const {
    auto answer = get();
    return answer ? caf::error{} : answer.error();
  }

  /// Returns whether the request was answered, and not with an error.
  bool succeeded() const { return static_cast<bool>(get()); }

  /// Returns whether `code` was answered.
  bool failed_with(errc code) const { return is(error(), code); }

private:
  struct state {
    // Hidden: it does not count as a running actor.
    explicit state(caf::actor_system& system) : self{system, true} {}

    template <class Handle>
    void receive_from(Handle& handle) {
      auto failed = [this](caf::error& why) { answer.emplace(std::move(why)); };
      if constexpr (std::is_void_v<Result>)
        handle.receive([this] { answer.emplace(caf::unit); }, failed);
      else
        handle.receive(
            [this](Result& value) { answer.emplace(std::move(value)); },
            failed);
    }

    caf::scoped_actor self;
    std::function<void()> receive;
    std::optional<caf::expected<Result>> answer;
  };

  std::shared_ptr<state> state_;
};

} // namespace wsrelay::test
