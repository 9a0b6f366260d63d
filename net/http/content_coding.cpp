// Content codings that a client takes.
#include "net/http/content_coding.hpp"

#include "protocol/text.hpp"

#include <optional>

namespace wsrelay {

namespace {

// RFC 9110 section 12.4.2: "0", "0.123", "1", "1.000"; in thousandths.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')
      || (text.size() > 1 && text[1] != '.'))
    return std::nullopt;
  int result = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (!is_digit(text[i]))
      return std::nullopt;
    result += (text[i] - '0') * unit;
  }
  return result <= 1000 ? std::optional{result} : std::nullopt;
}

// The weight that the parameters of a member give it.
std::optional<int> weight_of(std::string_view params) {
  auto text = trim(params);
  if (text.empty())
    return 1000;
  if (text.size() < 2 || to_lower(text[0]) != 'q' || text[1] != '=')
    return std::nullopt;
  return parse_weight(text.substr(2));
}

struct named {
  std::optional<int> br, gzip, identity, rest;

  void add(std::string_view member) {
    auto semicolon = std::min(member.find(';'), member.size());
    auto name = trim(member.substr(0, semicolon));
    auto params = member.substr(std::min(semicolon + 1, member.size()));
    auto weight = weight_of(params);
    if (!weight)
      return;
    if (same_field(name, "br"))
      br = weight;
    else if (same_field(name, "gzip") || same_field(name, "x-gzip"))
      gzip = weight;
    else if (same_field(name, "identity"))
      identity = weight;
    else if (name == "*")
      rest = weight;
  }
};

} // namespace

coding_weights accepted_codings(const http_fields& request) {
  named found;
  for (auto& [name, value] : request)
    if (same_field(name, "Accept-Encoding"))
      for (auto member : split(value, ','))
        found.add(member);
  coding_weights result;
  result.br = found.br.value_or(found.rest.value_or(0));
  result.gzip = found.gzip.value_or(found.rest.value_or(0));
  // Without a coding is always there, also when a client wants it not: there
  // may be nothing else.
  result.identity = std::max(found.identity.value_or(1), 1);
  return result;
}

} // namespace wsrelay
