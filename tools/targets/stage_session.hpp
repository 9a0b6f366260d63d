// An actor behind one connection of the stage: blue, or the amber one that it
// moves its client to. They count what they hear, crash when they are asked to,
// and end with their client.
#pragma once

#include "actors/messages.hpp"
#include "tools/targets/stage_message.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>

#include <cstdint>
#include <string>

namespace wsrelay {

/// A session to the stage: who its client is now.
struct stage_person {
  caf::actor client;
  stage_entry entry;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stage_person& x) {
  auto& [pid, name, actor, color] = x.entry;
  return f(caf::meta::type_name("stage_person"), x.client, pid, name, actor,
           color);
}

struct stage_session_state;
using stage_session_actor = caf::stateful_actor<stage_session_state>;

struct stage_session_state {
  static inline const char* name = "wsrelay.stage";

  explicit stage_session_state(stage_session_actor* self) : self{self} {}

  caf::result<void> on_join(const ws_join& message);
  void on_message(const ws_message& message);

  void move();
  void tell_stage();
  void on_told();
  void tell(std::string topic, std::string json);

  stage_session_actor* self;
  caf::actor stage;
  caf::actor partner; // null until the first move
  caf::actor client;  // null until the first join
  stage_entry entry;
  std::uint64_t heard = 0;
  bool is_moving = false;
  bool is_telling = false; // the stage has not answered
  bool has_news = false;   // since it was told
};

/// What a handler hands over for one request. `partner` is the other one of a
/// client, null for the first one.
caf::behavior stage_session(stage_session_actor* self, std::string color,
                            caf::actor stage, caf::actor partner);

} // namespace wsrelay
