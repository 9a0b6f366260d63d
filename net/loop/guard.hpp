// Where exceptions end that nobody below has caught: one line in the log, and
// the loop goes on.
#pragma once

#include <utility>

namespace wsrelay {

/// Logs the exception that is being handled.
void log_exception(const char* where) noexcept;

/// Calls `what`; an exception is logged and ends here.
template <class Function>
void guarded(const char* where, Function&& what) noexcept {
  try {
    std::forward<Function>(what)();
  } catch (...) {
    log_exception(where);
  }
}

/// Calls `what`; an exception is logged, and then `on_failure` is called, from
/// which nothing escapes either.
template <class Function, class Handler>
void guarded(const char* where, Function&& what,
             Handler&& on_failure) noexcept {
  try {
    std::forward<Function>(what)();
  } catch (...) {
    log_exception(where);
    guarded(where, std::forward<Handler>(on_failure));
  }
}

} // namespace wsrelay
