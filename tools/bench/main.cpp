// wsrelay-bench: reads the options, finds the address, runs, reports.
// Exit code 0: every connection opened, nothing lost or wrong. 1: otherwise.
// 2: bad arguments.
#include "tools/bench/engine.hpp"
#include "tools/bench/options.hpp"
#include "tools/bench/process_stats.hpp"
#include "tools/bench/report.hpp"
#include "tools/process/standard_streams.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <netdb.h>

namespace {

using namespace wsrelay;
using namespace wsrelay::bench;

// Descriptors of our own: standard streams, epoll, signals, /proc.
constexpr std::uint64_t own_descriptors = 16;

int complain(int code, const std::string& text) {
  std::fputs(("wsrelay-bench: " + text + '\n').c_str(), stderr);
  return code;
}

std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> resolve(const url& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto error = getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found);
  if (error != 0)
    throw std::runtime_error{
        fmt::format("{}: {}", to.host, gai_strerror(error))};
  return {found, &freeaddrinfo};
}

void check_descriptors(const options& opts) {
  auto limit = raise_descriptor_limit();
  if (opts.connections + own_descriptors > limit)
    throw std::runtime_error{
        fmt::format("{} connections need more than the {} descriptors allowed "
                    "(ulimit -n)",
                    opts.connections, limit)};
}

int measure(const options& opts) {
  check_descriptors(opts);
  auto found = resolve(opts.target);
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  engine bench{opts, address, found->ai_addrlen};
  auto result = bench.run();
  fmt::print("{}{}", opts.json ? to_json(opts, result) : to_lines(opts, result),
             opts.json ? "\n" : "");
  auto problem = flush_standard_output();
  if (problem.empty())
    problem = failure(opts, result);
  return problem.empty() ? 0 : complain(1, problem);
}

} // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  auto parsed = parse_options({argv + 1, argv + argc});
  if (auto* exit = std::get_if<early_exit>(&parsed)) {
    if (exit->code != 0)
      return complain(exit->code, exit->text);
    fmt::print("{}", exit->text);
    return 0;
  }
  try {
    return measure(std::get<options>(parsed));
  } catch (const std::exception& error) {
    return complain(1, error.what());
  }
}
