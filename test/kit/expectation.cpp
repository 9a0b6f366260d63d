// What is done about a failure.
#include "test/kit/expectation.hpp"

#include "test/kit/seed.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace wsrelay::test {

namespace {

// Handlers are set by initialisers of globals, too.
failure_handler& current_handler() {
  static failure_handler instance;
  return instance;
}

thread_local failure_watch* watching = nullptr;

std::string with_place(const std::string& text, source_line where) {
  auto result =
      std::string{where.file} + ":" + std::to_string(where.line) + ": " + text;
  if (auto order = current_seed())
    result += "\nwith " + std::to_string(order->value) + " as WSRELAY_SEED";
  return result;
}

} // namespace

expectation_failed::expectation_failed(const std::string& text,
                                       source_line where, bool may_throw)
    : std::runtime_error{with_place(text, where)},
      text_{std::make_shared<const std::string>(text)},
      where_{where},
      may_throw_{may_throw} {}

expectation_failed at_test(const expectation_failed& failure,
                           source_line test) {
  auto is_inside = std::string_view{failure.file()} == test.file
                   && failure.line() >= test.line;
  if (failure.may_throw() || is_inside)
    return failure;
  return {failure.text() + "\n  of what is declared at " + failure.file() + ":"
              + std::to_string(failure.line()),
          test, false};
}

failure_watch::failure_watch() : outer_{std::exchange(watching, this)} {}

failure_watch::~failure_watch() {
  watching = outer_;
}

void failure_watch::rethrow() {
  if (auto failure = std::exchange(kept_, std::nullopt))
    throw expectation_failed{*failure};
}

failure_handler on_failure(failure_handler handler) {
  return std::exchange(current_handler(), std::move(handler));
}

void fail(const std::string& text, source_line where) {
  expectation_failed failure{text, where, true};
  if (current_handler())
    return current_handler()(failure);
  if (watching && !watching->kept_)
    watching->kept_ = failure;
  throw failure;
}

void fail_at_end(const std::string& text, source_line where) noexcept {
  expectation_failed failure{text, where, false};
  if (current_handler())
    return current_handler()(failure);
  std::fprintf(stderr, "%s\n", failure.what());
  std::abort();
}

} // namespace wsrelay::test
