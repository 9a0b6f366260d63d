#include "tools/bench/workload.hpp"

namespace wsrelay::bench {

std::unique_ptr<workload> make_workload(workload_env env) {
  switch (env.opts.mode) {
    case mode::fanout:
      return make_fanout(env);
    case mode::idle:
      return make_idle(env);
    case mode::handshake:
      return make_handshake(env);
    case mode::echo:
      break;
  }
  return make_echo(env);
}

} // namespace wsrelay::bench
