// A node whose target tells all of its clients something at a fixed rate: what
// broadcast.py measures. The configuration says where it listens.
#include "actors/audience.hpp"
#include "config/load.hpp"
#include "net/node.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace wsrelay;

struct news_state {
  explicit news_state(caf::local_actor* self) : readers{self} {}

  audience readers;
};

caf::behavior news(caf::stateful_actor<news_state>* self,
                   std::chrono::microseconds interval) {
  auto& readers = self->state.readers;
  shared_buffer bytes{std::string(125, 'n')};
  self->delayed_send(self, interval, caf::tick_atom_v);
  return {
      [&readers](const ws_join& message) { readers.add(message.client); },
      [](const ws_message&) {},
      [&readers](const ws_leave& message) { readers.remove(message.client); },
      [self, &readers, interval, bytes](caf::tick_atom) {
        self->delayed_send(self, interval, caf::tick_atom_v);
        // Of its own memory, as if somebody had just written it.
        readers.send(
            ws_send{message_type::binary, shared_buffer{bytes.view()}});
      },
  };
}

int run(const relay_config& settings, std::chrono::microseconds interval) {
  termination_signals signals;
  system_config config;
  config.prepare(settings);
  caf::actor_system system{config};
  node relay{system, settings};
  auto ready = relay.put("news", system.spawn(news, interval));
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::fprintf(stderr, "%s\n", ready.error().what.c_str());
    return 1;
  }
  std::printf("node listening on port %u\nlistening on %s\n",
              relay.cluster_port(), relay.url().c_str());
  std::fflush(stdout);
  signals.wait();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto rate = argc == 3 ? std::atof(argv[2]) : 0.0;
  if (rate <= 0) {
    std::fputs("usage: news_node FILE RATE\n", stderr);
    return 2;
  }
  auto loaded = load_config_file(argv[1]);
  for (auto& error : loaded.errors)
    std::fprintf(stderr, "%s\n", to_text(error).c_str());
  if (!loaded.errors.empty())
    return 1;
  return run(loaded.config,
             std::chrono::microseconds{static_cast<long>(1e6 / rate)});
}
