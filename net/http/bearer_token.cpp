// Comparing.
#include "net/http/bearer_token.hpp"

#include "protocol/text.hpp"

#include <openssl/crypto.h>

namespace wsrelay {

bool shows_token(const http_fields& fields, std::string_view token) {
  constexpr std::string_view scheme = "bearer ";
  auto given = find_field(fields, "Authorization").value_or("");
  if (given.size() <= scheme.size()
      || to_lower(given.substr(0, scheme.size())) != scheme)
    return false;
  given.remove_prefix(scheme.size());
  return given.size() == token.size()
         && CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

} // namespace wsrelay
