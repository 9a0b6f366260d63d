// The stage of the demo page: a handler that gives each connection actors of
// its own, and tells everybody who is here. What those do is in
// stage_session.hpp.
#pragma once

#include "actors/audience.hpp"
#include "actors/messages.hpp"
#include "tools/targets/stage_session.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace wsrelay {

/// Connections on the stage: in all, and of one address (a /64 of IPv6).
inline constexpr std::size_t max_stage_connections = 256;
inline constexpr std::size_t max_stage_per_address = 64;

/// What has changed is told together, this long after the first change.
inline constexpr std::chrono::milliseconds stage_pause{100};

struct stage_state;
using stage_actor = caf::stateful_actor<stage_state>;

struct stage_state {
  static inline const char* name = "wsrelay.stage.people";

  explicit stage_state(stage_actor* self) : self{self}, everybody{self} {}

  http_response on_request(const http_request& request);
  void on_person(const stage_person& person);
  void on_down(const caf::actor_addr& who);
  void tell_changes();

  void release(const std::string& address);
  void note_change();
  std::vector<std::string> entries(const std::set<caf::actor_addr>* of) const;

  stage_actor* self;
  audience everybody;
  std::map<caf::actor_addr, stage_entry> people;             // by connection
  std::unordered_map<caf::actor_addr, std::string> sessions; // their addresses
  std::map<std::string, std::size_t> counts;                 // of an address
  std::set<caf::actor_addr> changed;
  std::vector<std::string> gone; // PIDs
  bool is_told_soon = false;
};

/// The handler `demo_stage`: 503 when the stage is full.
caf::behavior stage(stage_actor* self);

} // namespace wsrelay
