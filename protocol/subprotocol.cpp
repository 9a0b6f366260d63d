// Offers and the choice.
#include "protocol/subprotocol.hpp"

#include "protocol/text.hpp"

#include <algorithm>
#include <set>

namespace wsrelay {

namespace {

// An empty element of a list counts for nothing (RFC 9110 section 5.6.1.2).
checked add_offers(std::string_view value,
                   std::vector<std::string_view>& offers,
                   std::set<std::string_view>& seen) {
  for (auto part : split(value, ',')) {
    auto name = trim(part);
    if (name.empty())
      continue;
    if (!is_token(name))
      return failure{"Sec-WebSocket-Protocol holds what is no token"};
    if (!seen.insert(name).second)
      return failure{"Sec-WebSocket-Protocol offers one twice"};
    offers.push_back(name);
  }
  return passed();
}

} // namespace

result<std::vector<std::string_view>>
offered_subprotocols(const http_fields& headers) {
  std::vector<std::string_view> offers;
  std::set<std::string_view> seen;
  for (auto& [name, value] : headers)
    if (same_field(name, subprotocol_header))
      if (auto added = add_offers(value, offers, seen); !added)
        return added.error();
  return offers;
}

std::string_view choose_subprotocol(std::span<const std::string> spoken,
                                    std::span<const std::string_view> offered) {
  for (auto& name : spoken)
    if (std::find(offered.begin(), offered.end(), name) != offered.end())
      return name;
  return {};
}

} // namespace wsrelay
