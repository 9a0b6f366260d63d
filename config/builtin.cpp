// The configuration of a node that was given none.
#include "config/load.hpp"

namespace wsrelay {

std::string_view builtin_yaml() {
  return R"yaml(# What a node runs that was given no configuration.
- name: gateway
  kind: http.service
  addr: 127.0.0.1:8080

- name: demo
  kind: http.static
  meta:
    server: gateway
  path: /
  root: builtin:demo

- name: ws
  kind: http.router
  meta:
    server: gateway
  prefix: /ws
  post_middleware:
    - websocket_relay

- name: echo
  kind: http.endpoint
  meta:
    router: ws
  path: /echo
  relay:
    target_pid: echo

- name: chat
  kind: http.endpoint
  meta:
    router: ws
  path: /chat/{room}
  relay:
    target_pid: chat
    metadata:
      room: "{room}"

- name: stage
  kind: http.endpoint
  meta:
    router: ws
  path: /stage
  func: demo_stage
)yaml";
}

} // namespace wsrelay
