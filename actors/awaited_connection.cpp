// An actor without a mailbox: a line, then a way to the connection.
#include "actors/awaited_connection.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/messages.hpp"
#include "actors/operator_messages.hpp"
#include "actors/pid_text.hpp"
#include "protocol/close_code.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_registry.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/system_messages.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

std::size_t size_of(const ws_send& what) {
  return what.data.size() + what.key.size();
}

std::size_t size_of(const ws_event& what) {
  return what.topic.size() + what.data.size() + what.key.size();
}

std::size_t size_of(const ws_close& what) {
  return what.reason.size();
}

std::size_t size_of(const std::vector<std::string>& names) {
  std::size_t result = 0;
  for (auto& each : names)
    result += each.size() + sizeof each;
  return result;
}

std::size_t size_of(const ws_control& what) {
  return what.target_pid.size()
         + (what.message_topic ? what.message_topic->size() : 0)
         + (what.metadata ? what.metadata->size() : 0)
         + size_of(what.join_groups) + size_of(what.leave_groups);
}

// Bytes of what may wait; nothing of what may not: it is no target, and nothing
// can be told of it yet.
template <class... Messages>
std::optional<std::size_t> size_of_one(const caf::message& what) {
  std::optional<std::size_t> result;
  auto look = [&](auto* type) {
    using message = std::remove_pointer_t<decltype(type)>;
    if (what.match_elements<message>())
      result = size_of(what.get_as<message>(0));
  };
  (look(static_cast<Messages*>(nullptr)), ...);
  return result;
}

template <class Content>
bool is_exit(const Content& what) {
  return what.template match_elements<caf::exit_msg>();
}

caf::error check(const caf::message& what) {
  if (what.match_elements<connection_report_get>())
    return make_error(errc::no_such_target, "it is not open yet");
  if (!what.match_elements<ws_close>())
    return {};
  auto& close = what.get_as<ws_close>(0);
  auto good = check_close(close.code, close.reason);
  return good ? caf::error{}
              : make_error(errc::invalid_close, good.error().what);
}

class awaited_actor final : public caf::monitorable_actor {
public:
  explicit awaited_actor(caf::actor_config& config)
      : caf::monitorable_actor{config} {}

  using caf::monitorable_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    // An exit is the connection's, be it a kill.
    auto ignore = [](caf::down_msg&) {};
    if (!is_exit(what->content())
        && handle_system_message(*what, host, true, ignore))
      return;
    std::unique_lock guard{mutex_};
    if (client_) {
      guard.unlock();
      return pass(std::move(what), host);
    }
    auto error = is_open_ ? take(*what) : make_error(errc::connection_lost);
    guard.unlock();
    reply(*what, std::move(error), host);
  }

  // Whoever comes meanwhile comes behind what has waited.
  void become(const caf::actor& client) {
    std::unique_lock guard{mutex_};
    client_ = caf::actor_cast<caf::actor_addr>(client);
    for (auto& each : std::exchange(waiting_, {}))
      enqueue_to(client, std::move(each.sender), caf::make_message_id(),
                 std::move(each.content), nullptr);
  }

  void close() {
    std::unique_lock guard{mutex_};
    is_open_ = false;
    waiting_.clear();
  }

  void on_destroy() override {
    if (!getf(is_cleaned_up_flag))
      cleanup(caf::exit_reason::unreachable, nullptr);
    caf::monitorable_actor::on_destroy();
  }

  const char* name() const override { return "wsrelay.awaited"; }

private:
  struct item {
    caf::strong_actor_ptr sender;
    caf::message content;
  };

  // @pre it is there: `client_` does not change any more
  void pass(caf::mailbox_element_ptr what, caf::execution_unit* host) {
    if (auto client = caf::actor_cast<caf::actor>(client_))
      enqueue_to(client, std::move(what), host);
    else
      reply(*what, make_error(errc::connection_lost), host);
  }

  caf::error take(caf::mailbox_element& what) {
    auto content = what.move_content_to_message();
    if (auto bad = check(content))
      return bad;
    auto size = size_of_one<ws_send, ws_event, ws_close, ws_control>(content);
    if (!size && !is_exit(content))
      return caf::sec::unexpected_message;
    if (waiting_.size() >= max_awaited_messages
        || bytes_ + size.value_or(0) > max_awaited_bytes)
      return make_error(errc::busy, "too much waits for this connection");
    bytes_ += size.value_or(0);
    waiting_.push_back({what.sender, std::move(content)});
    return {};
  }

  // Who waited for the opening to be answered would keep a handler that asks
  // from ever deciding on it.
  static void reply(const caf::mailbox_element& what, caf::error error,
                    caf::execution_unit* host) {
    if (what.sender && what.mid.is_request())
      enqueue_to(what.sender, nullptr, what.mid.response_id(),
                 error ? caf::make_message(std::move(error))
                       : caf::make_message(),
                 host);
  }

  std::mutex mutex_;
  bool is_open_ = true;
  caf::actor_addr client_; // null until it is there
  std::vector<item> waiting_;
  std::size_t bytes_ = 0;
};

awaited_actor& object_of(const caf::actor& who) {
  return static_cast<awaited_actor&>(
      *caf::actor_cast<caf::abstract_actor*>(who));
}

} // namespace

awaited_connection::awaited_connection(caf::actor_system& system) {
  caf::actor_config config;
  who_ = caf::make_actor<awaited_actor, caf::actor>(
      system.next_actor_id(), system.node(), &system, config);
  system.registry().put(who_.id(),
                        caf::actor_cast<caf::strong_actor_ptr>(who_));
}

awaited_connection::~awaited_connection() {
  if (is_there_)
    return;
  object_of(who_).close();
  object_of(who_).cleanup(make_error(errc::connection_lost), nullptr);
}

std::string awaited_connection::pid() const {
  return pid_text(who_.id(), who_.node());
}

void awaited_connection::become(const caf::actor& client) {
  is_there_ = true;
  object_of(who_).become(client);
  // The PID leads here as before, and from here to the connection: there is no
  // moment at which it leads nowhere. It ends as the connection does.
  caf::actor_cast<caf::abstract_actor*>(client)->attach_functor(
      [who = who_](const caf::error& reason) {
        object_of(who).cleanup(caf::error{reason}, nullptr);
      });
}

bool is_awaited(const caf::abstract_actor& who) noexcept {
  return typeid(who) == typeid(awaited_actor);
}

} // namespace wsrelay
