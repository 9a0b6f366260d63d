// The chat target: rooms of people who hear each other. The room stands in a
// connection's metadata; what is said is in chat_message.hpp.
#pragma once

#include "actors/audience.hpp"
#include "actors/messages.hpp"
#include "tools/targets/chat_message.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace wsrelay {

/// Lines that a newcomer gets to see.
inline constexpr std::size_t max_chat_history = 50;

struct chat_state;
using chat_actor = caf::stateful_actor<chat_state>;

struct chat_state {
  static inline const char* name = "wsrelay.chat";

  struct room {
    explicit room(caf::local_actor* self) : named{self} {}

    std::map<caf::actor_addr, std::string> members; // connections, their names
    audience named;                                 // those who have one
    std::deque<chat_line> history;
  };

  explicit chat_state(chat_actor* self) : self{self} {}

  void on_join(const ws_join& message);
  void on_message(const ws_message& message);
  void on_leave(const ws_leave& message);
  void on_down(const caf::actor_addr& who);

  void hello(const std::string& place, const ws_message& message,
             std::string name);
  void say(room& where, const caf::actor& from, std::string text);
  void tell(const caf::actor& who, std::string topic, shared_buffer json);
  static std::vector<std::string> names(const room& where);

  chat_actor* self;
  std::map<std::string, room> rooms;
  std::unordered_map<caf::actor_addr, std::string> places; // the room of each
};

/// The chat target.
caf::behavior chat(chat_actor* self);

} // namespace wsrelay
