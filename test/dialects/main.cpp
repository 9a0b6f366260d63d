// A node with the targets of dialects.hpp, until it is told to end.
#include "test/dialects/dialects.hpp"

#include "actors/log.hpp"
#include "config/load.hpp"
#include "net/log_output.hpp"
#include "net/node.hpp"

#include <caf/all.hpp>

#include <cstdio>
#include <iostream>

#include <unistd.h>

int main(int argc, char** argv) {
  using namespace wsrelay;
  auto loaded = load_config_file(argc > 1 ? argv[1] : "");
  for (auto& error : loaded.errors)
    std::cerr << to_text(error) << '\n';
  if (!loaded.errors.empty())
    return 1;
  termination_signals signals;
  set_log_sink(make_log_output(STDERR_FILENO), spdlog::level::info);
  system_config config{loaded.config};
  caf::actor_system system{config};
  node relay{system, loaded.config};
  auto terms = system.spawn(dialects::terms);
  for (auto& put :
       {relay.put("graphql", system.spawn(dialects::graphql)),
        relay.put("mqtt", system.spawn(dialects::mqtt)),
        relay.put("terms", terms),
        relay.put("tickets", system.spawn(dialects::tickets, terms))})
    if (!put)
      std::cerr << put.error().what << '\n';
  if (auto started = relay.start(); !started) {
    std::cerr << "error: " << started.error().what << '\n';
    return 1;
  }
  for (auto& url : relay.urls())
    std::cout << "listening on " << url << std::endl;
  signals.wait();
  return 0;
}
