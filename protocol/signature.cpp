// Reads the signature's fields; computes nothing.
#include "protocol/signature.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace wsrelay {

namespace {

constexpr std::string_view version = "v1";
constexpr std::size_t field_count = 4; // the version and three fields
constexpr std::size_t min_nonce = 16;
constexpr std::size_t max_nonce = 64;
constexpr std::size_t hmac_length = 64;

bool consists_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == text.npos;
}

checked read_expires(relay_signature& out, std::string_view value) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  auto seconds = parse_decimal(value);
  if (!seconds || *seconds > static_cast<std::uint64_t>(last))
    return failure{"expires: not a number of seconds"};
  out.expires = static_cast<std::int64_t>(*seconds);
  return passed();
}

checked read_nonce(relay_signature& out, std::string_view value) {
  if (value.size() < min_nonce || value.size() > max_nonce
      || !consists_of(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789_-"))
    return failure{"nonce: not 16 to 64 characters of A-Z, a-z, 0-9, _ and -"};
  out.nonce = value;
  return passed();
}

checked read_hmac(relay_signature& out, std::string_view value) {
  if (value.size() != hmac_length || !consists_of(value, "0123456789abcdef"))
    return failure{"hmac: not 64 lower-case hexadecimal digits"};
  out.hmac = value;
  return passed();
}

// Returns the value of a field, "" when there is no such field.
std::string_view value_of(const std::vector<std::string_view>& fields,
                          std::string_view name) {
  for (auto field : fields) {
    auto equals = field.find('=');
    if (equals != field.npos && field.substr(0, equals) == name)
      return field.substr(equals + 1);
  }
  return {};
}

} // namespace

result<relay_signature> parse_signature(std::string_view text) {
  auto fields = split(text, ';');
  // With this many, a double or unknown field means that another is missing.
  if (fields.front() != version || fields.size() != field_count)
    return failure{"not a signature of version v1 with three fields"};
  relay_signature out;
  if (auto read = read_expires(out, value_of(fields, "expires")); !read)
    return read.error();
  if (auto read = read_nonce(out, value_of(fields, "nonce")); !read)
    return read.error();
  if (auto read = read_hmac(out, value_of(fields, "hmac")); !read)
    return read.error();
  return out;
}

std::string signed_text(const relay_signature& signature,
                        const signed_request& what) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", version, signature.expires,
                     signature.nonce, what.method, to_lower(what.host),
                     what.target, what.command);
}

bool equal_digests(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size())
    return false;
  // Volatile, so that no compiler leaves the loop at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference = difference | static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

} // namespace wsrelay
