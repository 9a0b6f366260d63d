// Durations against the same sum in floating point.
#include "protocol/duration.hpp"

#include "test/fuzz/input.hpp"

#include <cmath>
#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

double unit_of(const char*& at) {
  if (*at == 'h')
    return ++at, 3'600'000.0;
  if (*at == 's')
    return ++at, 1'000.0;
  ++at;
  return *at == 's' ? ++at, 1.0 : 60'000.0;
}

// The milliseconds of a text that was accepted.
double sum(const std::string& text) {
  double out = 0;
  for (auto at = text.c_str(); *at != '\0';) {
    char* end = nullptr;
    auto value = std::strtod(at, &end);
    at = end;
    out += value * unit_of(at);
  }
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto text = fuzz::input{data, size}.rest();
  auto value = parse_duration(text);
  if (!value)
    return 0;
  expect(text.find_first_not_of("0123456789.hms") == text.npos,
         "a duration is digits and units");
  expect(value->count() > 0 && *value <= max_duration, "within the range");
  auto expected = sum(std::string{text});
  expect(std::abs(static_cast<double>(value->count()) - expected) < 1e-3,
         "the value is the sum");
  auto again = parse_duration(to_text(*value));
  expect(again && *again == *value, "what is printed is read back");
  return 0;
}
