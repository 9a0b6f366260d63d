// How a test learns that something it expected did not come: by an exception,
// or by what the test framework in use makes of it. KIT.md has the line for
// each of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace wsrelay::test {

/// A line of a test. As a default argument `here()` is the caller's.
struct source_line {
  const char* file;
  int line;

  static constexpr source_line here(const char* file = __builtin_FILE(),
                                    int line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

/// An expectation that was not met. `what()` is "FILE:LINE: TEXT".
class expectation_failed : public std::runtime_error {
public:
  expectation_failed(const std::string& text, source_line where,
                     bool may_throw);

  /// Returns who, what was expected, and what came instead; several lines.
  const std::string& text() const noexcept { return *text_; }

  const char* file() const noexcept { return where_.file; }
  int line() const noexcept { return where_.line; }

  /// Returns whether a handler may throw. Not at the end of a node, which may
  /// be that of its test: there is nobody left to catch it.
  bool may_throw() const noexcept { return may_throw_; }

private:
  std::shared_ptr<const std::string> text_; // copies do not throw
  source_line where_;
  bool may_throw_;
};

/// Returns a failure as a framework tells it of a test that begins at `test`:
/// what is found at the end of a node of a fixture, or of another file, is
/// told at the test's own line, and the text has the node's.
expectation_failed at_test(const expectation_failed& failure, source_line test);

using failure_handler = std::function<void(const expectation_failed&)>;

/// Sets what is done from now on about each expectation that is not met, and
/// returns what was before. If the handler returns, the test goes on. Null, as
/// at the start: `expectation_failed` is thrown; where that cannot be, the text
/// goes to standard error and the program aborts, which every framework tells
/// as the failure of the test that runs.
failure_handler on_failure(failure_handler handler);

/// Keeps what is thrown in this thread while it lives, but for where a handler
/// is set: CAF ends an actor with an exception, and no test hears of it.
class failure_watch {
public:
  failure_watch();
  ~failure_watch();

  failure_watch(const failure_watch&) = delete;
  failure_watch& operator=(const failure_watch&) = delete;

  /// Throws the first one that was kept, if there is one.
  void rethrow();

private:
  friend void fail(const std::string& text, source_line where);

  std::optional<expectation_failed> kept_;
  failure_watch* outer_;
};

/// For expectations of your own: fails as those of the kit do.
void fail(const std::string& text, source_line where = source_line::here());

/// The same where nothing may be thrown: in a destructor.
void fail_at_end(const std::string& text, source_line where) noexcept;

/// Lets the node of a client or a probe run; does nothing once it has ended.
using weak_runner = std::weak_ptr<const std::function<void()>>;

} // namespace wsrelay::test
