// A PROXY protocol header: what is told of some bytes holds however many
// follow, and an address is one.
#include "protocol/proxy_header.hpp"

#include "test/fuzz/input.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

// In the one form that inet_ntop prints; a mapped address is IPv4.
bool is_printed_address(const std::string& text) {
  auto family = text.find(':') == text.npos ? AF_INET : AF_INET6;
  char bytes[16] = {};
  char again[INET6_ADDRSTRLEN] = {};
  return inet_pton(family, text.c_str(), bytes) == 1
         && inet_ntop(family, bytes, again, sizeof again) == text
         && !(text.starts_with("::ffff:") && text.find('.') != text.npos);
}

void check_header(const proxy_header& header, std::string_view bytes) {
  expect(header.size > 0 && header.size <= bytes.size(),
         "a header is a part of the bytes");
  expect(header.size <= max_proxy_header, "a header is not too long");
  expect(header.is_local
             ? header.address.empty() && !header.is_tls
             : header.address == "unix:" || is_printed_address(header.address),
         "a client has an address, the proxy itself none");
  auto alone = parse_proxy_header(bytes.substr(0, header.size));
  expect(alone && *alone && **alone == header, "a header needs nothing more");
}

// What `size` bytes tell, `bytes` tell too.
void check_prefix(std::string_view bytes, std::size_t size) {
  auto all = parse_proxy_header(bytes);
  // In memory of its own, so that AddressSanitizer sees its end.
  std::string part{bytes.substr(0, size)};
  part.shrink_to_fit();
  auto some = parse_proxy_header(part);
  if (!some)
    expect(!all, "a failure stays one");
  else if (*some)
    expect(all && *all == *some, "a header stays the same");
  else
    expect(size < max_proxy_header, "more is asked for up to the limit");
  if (all && *all)
    expect(some && some->has_value() == (size >= (*all)->size),
           "a header is told with its last byte");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto bytes = in.rest();
  auto parsed = parse_proxy_header(bytes);
  if (parsed && *parsed)
    check_header(**parsed, bytes);
  if (parsed && !*parsed)
    expect(size < max_proxy_header, "more is asked for up to the limit");
  // Every prefix while they are short: a longer header's middle tells little.
  auto every = std::min<std::size_t>(size, 300);
  for (std::size_t i = 0; i <= every; ++i)
    check_prefix(bytes, i);
  if (size > every)
    check_prefix(bytes, size - 1);
  return 0;
}
