// Values of the configuration that have a text form of their own: addresses,
// sizes, URLs. A line for a set of addresses, then the value.
#include "config/address_set.hpp"
#include "config/listen_address.hpp"
#include "config/size_text.hpp"
#include "config/upstream_url.hpp"
#include "protocol/text.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

void check_address(std::string_view text) {
  auto value = parse_listen_address(text);
  if (!value)
    return;
  auto again = parse_listen_address(to_text(*value));
  expect(again && again->host == value->host && again->port == value->port,
         "an address prints and reads again");
}

void check_url(std::string_view text) {
  auto value = parse_upstream_url(text);
  if (!value)
    return;
  expect(value->url == text, "a URL keeps its text");
  expect(value->port != 0 && !value->host.empty(), "a URL has its parts");
  expect(value->path.empty() || value->path.starts_with('/'), "a path is one");
  expect(text.find_first_of("\r\n \t") == text.npos, "no blank in a URL");
}

// "KiB", "MiB" and "GiB" multiply.
void check_size(std::string_view text) {
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  auto value = parse_number(text, {1, most, true});
  auto plain = parse_decimal(text);
  if (value)
    expect(*value >= 1 && *value <= most, "a number is in its range");
  if (plain)
    expect(static_cast<bool>(value) == (*plain >= 1 && *plain <= most),
           "a number in the range is accepted");
}

// A block, and an address that may be in it.
void check_set(std::string_view text, std::string_view address) {
  address_set set, other;
  if (!set.add(text)) {
    expect(!set.contains(address), "an empty set holds nothing");
    return;
  }
  expect(set.contains(text.substr(0, text.find('/'))),
         "a block holds its own address");
  if (text.find('/') == text.npos && address.find('/') == address.npos
      && other.add(address))
    expect(set.contains(address) == other.contains(text),
           "two addresses are the same or not");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto block = in.line();
  auto text = in.rest();
  check_address(text);
  check_url(text);
  check_size(text);
  check_set(block, text);
  return 0;
}
