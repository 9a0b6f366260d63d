// What a probe has heard, and what it was told to answer. Of probe.cpp and
// probe_expectations.cpp.
#pragma once

#include "test/kit/probe.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/result.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

struct probe::record {
  std::vector<std::string> log;
  std::vector<ws_join> joins;
  std::vector<ws_message> messages;
  std::vector<ws_heartbeat> heartbeats;
  std::vector<ws_leave> leaves;
  std::vector<ws_refused> refusals;
  std::vector<ws_overflow> overflows;
  std::vector<ws_drained> drains;
  std::vector<std::size_t> places; // of each line, among those of its type
  std::size_t taken = 0;           // lines that were expected
  enum class joins_answer { accept, refuse, hold };
  joins_answer joins_are = joins_answer::accept;
  caf::error refusal;
  bool holds = false;
  std::vector<caf::response_promise> held;

  static std::string to_line(const ws_join& x);
  static std::string to_line(const ws_message& x);
  static std::string to_line(const ws_heartbeat& x);
  static std::string to_line(const ws_leave& x);
  static std::string to_line(const ws_refused& x);
  static std::string to_line(const ws_overflow& x);
  static std::string to_line(const ws_drained& x);

  template <class T>
  void add(std::vector<T>& where, const T& what) {
    log.push_back(to_line(what));
    places.push_back(where.size());
    where.push_back(what);
  }

  caf::result<void> answer(caf::event_based_actor* self, bool hold) {
    if (!hold)
      return caf::unit;
    auto promise = self->make_response_promise<void>();
    held.push_back(promise);
    return promise;
  }

  caf::result<void> on_join(caf::event_based_actor* self, const ws_join& x) {
    add(joins, x);
    if (joins_are == joins_answer::refuse)
      return refusal;
    return answer(self, joins_are == joins_answer::hold);
  }

  void release() {
    for (auto& promise : std::exchange(held, {}))
      promise.deliver(caf::unit);
  }
};

} // namespace wsrelay::test
