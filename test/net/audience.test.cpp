// Audiences between threads: CAF's own scheduler, senders that are in each
// other's way.
#include "actors/audience.hpp"

#include "net/node.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <array>
#include <memory>

namespace wsrelay::audience_test {

namespace {

constexpr int senders = 4;
constexpr int messages = 2000; // of each

struct heard {
  std::array<int, senders> last{}; // number of each sender's latest message
  bool in_order = true;
  int count = 0;
};

using heard_ptr = std::shared_ptr<heard>;

// Messages are "SENDER NUMBER". Ends when it has heard all.
caf::behavior member(caf::event_based_actor* self, heard_ptr result) {
  return {
      [self, result](const ws_send& message) {
        int sender = 0;
        int number = 0;
        std::sscanf(std::string{message.data.view()}.c_str(), "%d %d", &sender,
                    &number);
        if (number != ++result->last[sender])
          result->in_order = false;
        if (++result->count == senders * messages)
          self->quit();
      },
      caf::after(std::chrono::seconds{10}) >> [self] { self->quit(); },
  };
}

// Every third message goes to each member by itself.
void send_all(caf::event_based_actor* self, int me, const caf::actor& everybody,
              const std::vector<caf::actor>& members) {
  for (int i = 1; i <= messages; ++i) {
    ws_send message{message_type::text, shared_buffer{std::to_string(me) + " "
                                                      + std::to_string(i)}};
    if (i % 3 != 0)
      self->send(everybody, message);
    else
      for (auto& one : members)
        self->send(one, message);
  }
}

} // namespace

TEST_CASE("each sender's order holds while others send, come and go") {
  system_config config;
  config.set("scheduler.max-threads", 4);
  caf::actor_system system{config};
  std::vector<heard_ptr> results;
  {
    caf::scoped_actor self{system};
    audience everybody{self.ptr()};
    std::vector<caf::actor> members;
    for (int i = 0; i < 3; ++i) {
      results.push_back(std::make_shared<heard>());
      members.push_back(system.spawn(member, results.back()));
      everybody.add(members.back());
    }
    for (int me = 0; me < senders; ++me)
      system.spawn(
          [me, members, all = everybody.actor()](caf::event_based_actor* self) {
            send_all(self, me, all, members);
          });
    // Guests are taken out, or end while they are members.
    for (int i = 0; i < 500; ++i) {
      auto guest = system.spawn(member, std::make_shared<heard>());
      everybody.add(guest);
      if (i % 2 == 0)
        everybody.remove(guest);
      self->send_exit(guest, caf::exit_reason::kill);
      self->wait_for(guest);
    }
    for (auto& one : members)
      self->wait_for(one);
  }
  for (auto& result : results) {
    CHECK(result->in_order);
    CHECK(result->count == senders * messages);
  }
}

} // namespace wsrelay::audience_test
