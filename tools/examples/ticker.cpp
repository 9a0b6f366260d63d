// ws://127.0.0.1:8080/ticker: a line "SYMBOL CENTS" on standard input is a
// quote. A program of its own, on another node, would send the same message.
#include "tools/examples/ticker.hpp"

#include "config/load.hpp"
#include "net/node.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <iostream>
#include <string>

// `{addr}` is the only thing that the command line can change.
constexpr std::string_view routes = R"(
- name: gateway
  kind: http.service
  addr: "{addr}"
- name: ws
  kind: http.router
  meta: {server: gateway}
  post_middleware: [websocket_relay]
- name: ticker
  kind: http.endpoint
  meta: {router: ws}
  path: /ticker
  relay: {target_pid: ticker}
)";

struct ticker_config : wsrelay::system_config {
  ticker_config() { wsrelay::examples::add_quotes(*this); }
};

int main(int argc, char** argv) {
  wsrelay::path_params values{{"addr", argc > 1 ? argv[1] : "127.0.0.1:8080"}};
  auto loaded =
      wsrelay::load_config(wsrelay::expand_params(routes, values), "ticker");
  ticker_config config;
  caf::actor_system system{config};
  wsrelay::node relay{system, loaded.config};
  auto ticker = system.spawn(wsrelay::examples::ticker);
  auto ready = relay.put("ticker", ticker);
  if (ready)
    ready = relay.start();
  if (!ready) {
    std::cerr << ready.error().what << '\n';
    return 1;
  }
  std::cout << "listening on " << relay.url() << std::endl;
  for (wsrelay::examples::quote news; std::cin >> news.symbol >> news.cents;)
    caf::anon_send(ticker, news);
}
