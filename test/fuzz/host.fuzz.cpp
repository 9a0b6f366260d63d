// The value of a Host field. What passes is built from the characters of RFC
// 3986 alone, and an IPv6 address is what the C library takes for one.
#include "protocol/host.hpp"

#include "protocol/text.hpp"
#include "test/fuzz/input.hpp"

#include <arpa/inet.h>

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

bool is_ipv6(std::string_view text) {
  in6_addr bytes;
  return text.find('\0') == text.npos
         && inet_pton(AF_INET6, std::string{text}.c_str(), &bytes) == 1;
}

void check_parts(std::string_view value) {
  auto colon = value.ends_with(']') ? value.npos : value.rfind(':');
  auto host = value.substr(0, colon);
  expect(value.find_first_of("/@?#\\<>\"{}|^` \t\r\n") == value.npos,
         "a host is nothing but a host");
  expect(std::all_of(value.begin(), value.end(),
                     [](char c) { return c > ' ' && c < '\x7F'; }),
         "a host is ASCII");
  if (colon != value.npos && colon + 1 < value.size())
    expect(parse_decimal(value.substr(colon + 1)).value_or(65536) <= 65535,
           "a port has 16 bits");
  if (!host.starts_with('['))
    return expect(host.find_first_of(":[]") == host.npos, "a name is plain");
  expect(host.ends_with(']') && is_ipv6(host.substr(1, host.size() - 2)),
         "brackets hold an IPv6 address");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto value = in.rest();
  expect(is_ipv6_address(value) == is_ipv6(value), "what is an IPv6 address");
  if (check_host(value)) {
    check_parts(value);
    expect(!check_host("u@" + std::string{value}), "no user info");
    expect(!check_host("http://" + std::string{value}), "no scheme");
  }
  return 0;
}
