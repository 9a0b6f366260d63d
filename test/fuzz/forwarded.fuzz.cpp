// The value of a Forwarded field: what was read prints and reads again, and
// nothing in it could split a message.
#include "protocol/forwarded.hpp"

#include "protocol/http_fields.hpp"
#include "test/fuzz/input.hpp"

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

bool says_nothing(const forwarded_element& each) {
  return !each.node && !each.scheme && !each.host;
}

void check_element(const forwarded_element& each) {
  for (const auto& part : {each.node, each.scheme, each.host})
    expect(!part || is_safe_field("Forwarded", *part), "a value is safe");
  auto again = parse_forwarded(to_text(each));
  expect(again && again->size() == 1 && again->front() == each,
         "an element prints and reads again");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  std::string value{in.rest()};
  auto parsed = parse_forwarded(value);
  if (!parsed)
    return 0;
  for (const auto& each : *parsed)
    if (!says_nothing(each))
      check_element(each);
  auto longer = parse_forwarded(value + ", for=x");
  expect(longer && longer->size() == parsed->size() + 1
             && longer->back() == forwarded_element{"x", {}, {}},
         "the next proxy may append");
  return 0;
}
