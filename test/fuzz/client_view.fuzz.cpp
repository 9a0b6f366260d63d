// Header fields of a request, one on each line, that comes from a trusted proxy
// 10.0.0.1: what it tells has the form of what was asked for, and nobody trusts
// a stranger.
#include "config/client_view.hpp"

#include "config/ip_address.hpp"
#include "protocol/forwarded.hpp"
#include "protocol/host.hpp"
#include "protocol/text.hpp"
#include "test/fuzz/http_lines.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

bool trusts(std::string_view address) {
  expect(spell_address(address) == address, "a spelled address is asked for");
  return address.starts_with("10.");
}

void check_view(const client_view& client) {
  expect(spell_address(client.address) == client.address, "an address");
  expect(client.scheme == "http" || client.scheme == "https", "a scheme");
  expect(static_cast<bool>(check_host(client.host)), "a host");
}

void check_fields(const http_fields& fields) {
  for (const auto& [name, value] : fields) {
    expect(is_safe_field(name, value), "fields are safe");
    if (name == "X-Forwarded-For")
      expect(value.ends_with("10.0.0.1"), "the proxy is the last");
    if (name == "Forwarded")
      expect(static_cast<bool>(parse_forwarded(value)), "Forwarded is valid");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto headers = fuzz::take_fields(in);
  auto client = see_client(headers, "10.0.0.1", "http", "own", trusts);
  check_view(client);
  auto told = forwarded_fields(headers, "10.0.0.1", "http", "own", trusts);
  check_fields(told);
  erase_forwarded_fields(headers);
  headers.insert(headers.end(), told.begin(), told.end());
  auto next = see_client(headers, "10.0.0.9", "http", "inner", trusts);
  expect(count_fields(headers, "Forwarded") > 0 || next.scheme == client.scheme,
         "the next node sees the same scheme");
  auto alone = see_client(headers, "192.0.2.1", "http", "own", trusts);
  expect(alone.address == "192.0.2.1" && alone.scheme == "http"
             && alone.host == "own",
         "a stranger tells nothing");
  return 0;
}
