// First the list of extensions as its grammar has it, then what the offers of
// permessage-deflate among them mean.
#include "protocol/deflate_offer.hpp"

#include "protocol/quoted.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

struct extension_parameter {
  std::string_view name;
  std::optional<std::string> value; // unquoted
};

struct extension_element {
  std::string_view name;
  std::vector<extension_parameter> parameters;
};

// Reads the list of RFC 6455 section 9.1: names and parameters are tokens, a
// value is a token, with or without quotes. The grammar's notation is that of
// RFC 2616 section 2.1: blanks may stand between any two words, and elements
// may be empty.
class extension_reader {
public:
  explicit extension_reader(std::string_view rest) : rest_{rest} {}

  // Appends to `to`; false when the list is malformed.
  bool run(std::vector<extension_element>& to) {
    do {
      skip_blanks();
      if (!rest_.empty() && rest_.front() != ',' && !read_element(to))
        return false;
    } while (take(','));
    return rest_.empty();
  }

private:
  bool read_element(std::vector<extension_element>& to) {
    auto& element = to.emplace_back();
    element.name = read_token();
    if (element.name.empty())
      return false;
    while (take(';'))
      if (!read_parameter(element.parameters.emplace_back()))
        return false;
    return true;
  }

  bool read_parameter(extension_parameter& to) {
    to.name = read_token();
    if (to.name.empty())
      return false;
    if (!take('='))
      return true;
    to.value = rest_.starts_with('"') ? take_quoted(rest_).value_or("")
                                      : std::string{read_token()};
    return is_token(*to.value);
  }

  // Takes `mark` and the blanks around it.
  bool take(char mark) {
    skip_blanks();
    if (!rest_.starts_with(mark))
      return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }

  // Empty when there is none.
  std::string_view read_token() {
    auto end = std::min(rest_.find_first_of(",;=\" \t"), rest_.size());
    auto token = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return is_token(token) ? token : std::string_view{};
  }

  std::string_view rest_;
};

// An offer of permessage-deflate: RFC 7692 section 7.1.
struct deflate_offer {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  std::optional<int> server_bits;
  bool limits_client = false;
  std::optional<int> client_bits;
};

// "A decimal integer value without leading zeroes between 8 to 15 inclusive".
std::optional<int> parse_window_bits(const std::string& text) {
  auto bits = parse_decimal(text);
  if (!bits || text.front() == '0' || *bits < 8 || *bits > 15)
    return std::nullopt;
  return static_cast<int>(*bits);
}

// False when the flag has a value or stands twice.
bool read_flag(const extension_parameter& from, bool& to) {
  return !from.value && !std::exchange(to, true);
}

bool read_client_bits(const extension_parameter& from, deflate_offer& to) {
  if (std::exchange(to.limits_client, true))
    return false;
  if (from.value)
    to.client_bits = parse_window_bits(*from.value);
  return from.value.has_value() == to.client_bits.has_value();
}

bool read_server_bits(const extension_parameter& from, deflate_offer& to) {
  if (!from.value || to.server_bits)
    return false;
  to.server_bits = parse_window_bits(*from.value);
  return to.server_bits.has_value();
}

// False when the offer is to be declined for this parameter.
bool read_offered(const extension_parameter& from, deflate_offer& to) {
  if (from.name == "server_no_context_takeover")
    return read_flag(from, to.server_no_takeover);
  if (from.name == "client_no_context_takeover")
    return read_flag(from, to.client_no_takeover);
  if (from.name == "server_max_window_bits")
    return read_server_bits(from, to);
  return from.name == "client_max_window_bits" && read_client_bits(from, to);
}

// Names compare with case, as browsers have it: a response could not say which
// way of writing it accepts.
std::optional<deflate_offer> read_offer(const extension_element& element) {
  deflate_offer offer;
  if (element.name != "permessage-deflate")
    return std::nullopt;
  for (const auto& each : element.parameters)
    if (!read_offered(each, offer))
      return std::nullopt;
  // zlib (1.2.13) has no raw deflate with a window of 256 bytes: it refuses 8,
  // and before 1.2.9 it took 9 for it, which such a client cannot inflate.
  if (offer.server_bits == 8)
    return std::nullopt;
  return offer;
}

std::string print_response(const deflate_agreement& agreed,
                           bool says_server_bits) {
  std::string out{"permessage-deflate"};
  if (!agreed.server_takeover)
    out += "; server_no_context_takeover";
  if (!agreed.client_takeover)
    out += "; client_no_context_takeover";
  if (says_server_bits)
    out +=
        "; server_max_window_bits=" + std::to_string(agreed.server_window_bits);
  if (agreed.client_window_bits < 15)
    out +=
        "; client_max_window_bits=" + std::to_string(agreed.client_window_bits);
  return out;
}

// A server may say unasked that neither side keeps its context (sections
// 7.1.1.1 and 7.1.1.2), and how small its own window is (7.1.2.1), but not how
// small the client's has to be (7.1.2.2).
deflate_agreement accept_offer(const deflate_offer& offer,
                               const deflate_settings& settings) {
  deflate_agreement out;
  out.server_takeover = settings.context_takeover && !offer.server_no_takeover;
  out.client_takeover = settings.context_takeover && !offer.client_no_takeover;
  out.server_window_bits =
      std::min(settings.server_window_bits, offer.server_bits.value_or(15));
  if (offer.limits_client)
    out.client_window_bits =
        std::min(settings.client_window_bits, offer.client_bits.value_or(15));
  out.response = print_response(out, offer.server_bits.has_value()
                                         || out.server_window_bits < 15);
  return out;
}

} // namespace

std::optional<deflate_agreement>
agree_on_deflate(const http_fields& headers, const deflate_settings& settings) {
  std::vector<extension_element> list;
  for (const auto& [name, value] : headers)
    if (same_field(name, "Sec-WebSocket-Extensions")
        && !extension_reader{value}.run(list))
      return std::nullopt;
  for (const auto& element : list)
    if (auto offer = read_offer(element))
      return accept_offer(*offer, settings);
  return std::nullopt;
}

} // namespace wsrelay
