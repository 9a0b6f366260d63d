// What a client may offer: the first line chooses what the server is willing
// to, each other one is a field. A response is an offer that is agreed on in
// the same way, and promises nothing that was not asked for.
#include "protocol/deflate_offer.hpp"

#include "test/fuzz/input.hpp"

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

constexpr auto extensions_field = "Sec-WebSocket-Extensions";

deflate_settings offer_settings(std::string_view line) {
  fuzz::input in{reinterpret_cast<const std::uint8_t*>(line.data()),
                 line.size()};
  deflate_settings out;
  out.server_window_bits = 9 + in.byte() % 7;
  out.client_window_bits = 9 + in.byte() % 7;
  out.context_takeover = in.byte() % 2 != 0;
  return out;
}

bool same_agreement(const std::optional<deflate_agreement>& a,
                    const deflate_agreement& b) {
  return a && a->server_takeover == b.server_takeover
         && a->client_takeover == b.client_takeover
         && a->server_window_bits == b.server_window_bits
         && a->client_window_bits == b.client_window_bits
         && a->response == b.response;
}

void check_agreement(const deflate_agreement& agreed,
                     const deflate_settings& settings,
                     const std::string& offers) {
  expect(is_safe_field(extensions_field, agreed.response), "it is a value");
  expect(settings.context_takeover
             || (!agreed.server_takeover && !agreed.client_takeover),
         "no takeover that the server does not want");
  expect(agreed.server_window_bits >= 9
             && agreed.server_window_bits <= settings.server_window_bits,
         "zlib can deflate with it");
  expect(agreed.client_window_bits >= 8 && agreed.client_window_bits <= 15,
         "zlib can inflate with it");
  constexpr auto client_limit = "client_max_window_bits";
  expect(agreed.response.find(client_limit) == std::string::npos
             || offers.find(client_limit) != std::string::npos,
         "a client is limited only if it offers that");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto settings = offer_settings(in.line());
  http_fields fields;
  std::string joined;
  while (!in.empty()) {
    fields.emplace_back(extensions_field, in.line());
    joined.append(joined.empty() ? "" : ", ").append(fields.back().second);
  }
  auto agreed = agree_on_deflate(fields, settings);
  if (!agreed)
    return 0;
  check_agreement(*agreed, settings, joined);
  auto again = [&settings](const std::string& offers) {
    return agree_on_deflate({{extensions_field, offers}}, settings);
  };
  expect(same_agreement(again(joined), *agreed), "fields are one list");
  expect(
      same_agreement(again("x, " + joined + ", permessage-deflate"), *agreed),
      "the first offer that can be accepted is");
  expect(same_agreement(again(agreed->response), *agreed),
         "the response is accepted as it is");
  return 0;
}
