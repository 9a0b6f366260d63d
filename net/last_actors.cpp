// CAF's registry, and the end of a process.
#include "net/last_actors.hpp"

#include "actors/caf_compat.hpp"
#include "actors/log.hpp"
#include "actors/messages.hpp"

#include <caf/all.hpp>

#include <cstdlib>
#include <set>
#include <string_view>
#include <thread>

namespace wsrelay {

namespace {

using std::chrono::steady_clock;

// Between two looks at who is left.
constexpr std::chrono::milliseconds look_again{5};

// For the last line to be written, by a thread of its own.
constexpr std::chrono::milliseconds log_patience{100};

// CAF's own are none that the system waits for; a scoped actor, which ends with
// somebody's stack, none that a message could end.
bool is_waited_for(const caf::actor& who) {
  auto* object = caf::actor_cast<caf::abstract_actor*>(who);
  auto* here = dynamic_cast<caf::local_actor*>(object);
  auto on_a_stack = here && here->name() == std::string_view{"scoped_actor"};
  return is_alive(who) && object->getf(caf::abstract_actor::is_registered_flag)
         && !on_a_stack;
}

} // namespace

// The registry cannot be walked, but ids count up.
std::vector<caf::actor> kept_actors(caf::actor_system& system) {
  std::vector<caf::actor> result;
  for (auto id = system.latest_actor_id(); id > 0; --id)
    if (auto who = caf::actor_cast<caf::actor>(system.registry().get(id));
        who && is_waited_for(who))
      result.push_back(std::move(who));
  return result;
}

std::size_t end_kept_actors(caf::actor_system& system,
                            steady_clock::time_point deadline) {
  std::set<caf::actor_id> told;
  for (;;) {
    auto left = kept_actors(system);
    if (left.empty() || steady_clock::now() >= deadline)
      return left.size();
    // As an ordinary message: one of high priority would overtake a ws_leave.
    for (auto& who : left)
      if (told.insert(who.id()).second)
        caf::anon_send(who, caf::exit_msg{caf::actor_addr{},
                                          caf::exit_reason::user_shutdown});
    std::this_thread::sleep_for(look_again);
  }
}

void end_named_actors(caf::actor_system& system, const caf::actor& directory) {
  caf::scoped_actor self{system};
  self->request(directory, caf::infinite, directory_list{})
      .receive(
          [&](const std::vector<directory_entry>& entries) {
            for (auto& entry : entries)
              if (entry.who.node() == system.node())
                self->send(entry.who,
                           caf::exit_msg{caf::actor_addr{},
                                         caf::exit_reason::user_shutdown});
          },
          [](caf::error&) {});
}

// Not joined: it ends with the process, one way or the other.
void end_process_at(steady_clock::time_point deadline) {
  std::thread{[deadline] {
    std::this_thread::sleep_until(deadline - log_patience);
    log().warn("actors do not end, the process ends without them:"
               " hint=\"an actor of the program blocks, or ignores its exit\"");
    std::this_thread::sleep_until(deadline);
    std::_Exit(EXIT_SUCCESS);
  }}.detach();
}

} // namespace wsrelay
