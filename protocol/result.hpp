// What a pure function returns that may fail: the value or a failure. Nothing
// in protocol throws, also not on hostile bytes.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace wsrelay {

/// Says why something was refused. `what` is one sentence without a period
/// that may be shown to the peer: it never holds internals of the node.
struct failure {
  std::string what;
};

/// Holds a `T` or the failure that stands in its place.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : data_{std::move(value)} {}
  result(failure why) : data_{std::move(why)} {}

  explicit operator bool() const noexcept { return data_.index() == 0; }

  /// @pre `*this` holds a value.
  T& operator*() noexcept { return *std::get_if<0>(&data_); }
  const T& operator*() const noexcept { return *std::get_if<0>(&data_); }
  T* operator->() noexcept { return std::get_if<0>(&data_); }
  const T* operator->() const noexcept { return std::get_if<0>(&data_); }

  /// @pre `*this` holds a failure.
  const failure& error() const noexcept { return *std::get_if<1>(&data_); }

private:
  std::variant<T, failure> data_;
};

/// The result of a check that has nothing to return.
using checked = result<std::monostate>;

/// A check that passed.
inline checked passed() {
  return std::monostate{};
}

} // namespace wsrelay
