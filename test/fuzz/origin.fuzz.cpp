// Origins: a line of pattern, a line of Origin header, then a Host header.
// Nobody is let in whom the text of the pattern does not name.
#include "protocol/origin.hpp"

#include "protocol/text.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

std::string print(const origin& value) {
  return to_text(origin_pattern{false, value});
}

void check_value(const origin& value) {
  auto again = parse_origin(print(value));
  expect(again && *again == value, "an origin prints and reads again");
  expect(value.port != 0 && !value.host.empty(), "an origin has its parts");
  expect(value.scheme == "http" || value.scheme == "https", "the scheme");
  expect(value.host == to_lower(value.host), "the host is in lower case");
  expect(value.host.find_first_of("/@?#* \t\r\n") == value.host.npos,
         "the host is nothing but a host");
}

// Label by label, from the text of both.
bool names(const origin_pattern& pattern, const origin& value) {
  auto labels = split(pattern.value.host, '.');
  auto parts = split(value.host, '.');
  auto same = labels.size() == parts.size();
  for (std::size_t i = 0; same && i < labels.size(); ++i)
    same = labels[i] == "*" || labels[i] == parts[i];
  return pattern.any
         || (same && pattern.value.scheme == value.scheme
             && pattern.value.port == value.port);
}

void check_pattern(const origin_pattern& pattern, std::string_view header) {
  auto again = parse_origin_pattern(to_text(pattern));
  expect(again && again->any == pattern.any && again->value == pattern.value,
         "a pattern prints and reads again");
  origin_policy policy{{pattern}, true};
  auto value = parse_origin(header);
  auto named = pattern.any || (value && names(pattern, *value));
  expect(static_cast<bool>(check_origin(policy, header, {})) == named,
         "a pattern lets in whom it names");
  expect(!check_origin(policy, {}, {}), "an origin is required");
}

void check_same(std::string_view header, std::string_view host) {
  auto value = parse_origin(header);
  auto self = self_origin("https", host);
  if (self)
    check_value(*self);
  expect(static_cast<bool>(check_origin({}, header, self))
             == (value && self && *value == *self),
         "without a pattern the same origin is let in");
  expect(!check_origin({}, header, {}), "without a Host nobody is let in");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto pattern = parse_origin_pattern(in.line());
  auto header = in.line();
  if (auto value = parse_origin(header))
    check_value(*value);
  if (pattern)
    check_pattern(*pattern, header);
  check_same(header, in.rest());
  return 0;
}
