// Reports members that are out of range.
#include "config/range_check.hpp"

#include "config/size_text.hpp"
#include "protocol/duration.hpp"

#include <fmt/format.h>

namespace wsrelay {

namespace {

checked check_duration(std::chrono::milliseconds value) {
  if (value > std::chrono::milliseconds{0} && value <= max_duration)
    return passed();
  return failure{fmt::format("must be 1ms to {}h, not {}ms",
                             max_duration.count(), value.count())};
}

} // namespace

void range_check::operator()(std::string_view key, std::uint64_t value,
                             number_range range) {
  report_.expect(check_number(value, range), fmt::format("{}{}", prefix_, key));
}

void range_check::operator()(std::string_view key,
                             std::chrono::milliseconds value) {
  report_.expect(check_duration(value), fmt::format("{}{}", prefix_, key));
}

void range_check::operator()(
    std::string_view key,
    const std::optional<std::chrono::milliseconds>& value) {
  if (value)
    (*this)(key, *value);
}

} // namespace wsrelay
