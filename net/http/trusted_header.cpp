// Trusted relay headers.
#include "net/http/trusted_header.hpp"

#include "protocol/relay_command.hpp"
#include "protocol/signature.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace wsrelay {

namespace {

problem refused(std::string detail) {
  return {403, "trusted_header", std::move(detail)};
}

// Returns a problem, or one with status 0.
problem check_signature(service& owner, const std::string& secret,
                        const http_request& request, std::string_view command,
                        std::int64_t now) {
  auto text = find_field(request.headers, signature_header);
  if (!text)
    return refused("the relay header is not signed");
  if (count_fields(request.headers, signature_header) > 1)
    return refused("the relay header is signed twice");
  auto signature = parse_signature(*text);
  if (!signature)
    return refused(signature.error().what);
  auto expected =
      hmac_sha256(secret, signed_text(*signature, {request.method, request.host,
                                                   request.target, command}));
  if (!equal_digests(expected, signature->hmac))
    return refused("the signature is wrong");
  if (signature->expires < now)
    return refused("the signature has expired");
  if (signature->expires > now + max_signature_life)
    return refused("the signature expires too far ahead");
  auto& nonces = *owner.nonces.at(secret);
  switch (nonces.add(signature->nonce, signature->expires, now)) {
    case nonce_cache::verdict::replayed:
      return refused("the signature was used before");
    case nonce_cache::verdict::full:
      return {503, "trusted_header", "too many signatures at once"};
    case nonce_cache::verdict::fresh:
      break;
  }
  return {0, {}, {}};
}

} // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
       &size);
  std::string result;
  for (unsigned i = 0; i < size; ++i)
    result += fmt::format("{:02x}", digest[i]);
  return result;
}

std::variant<std::string, problem>
read_trusted_header(service& owner, const trusted_header_handler& handler,
                    const http_request& request, std::string_view peer_address,
                    std::int64_t now) {
  if (!owner.is_trusted(peer_address))
    return refused("this endpoint is for trusted proxies");
  auto command = find_field(request.headers, relay_header);
  if (!command)
    return problem{400, "trusted_header", "the relay header is missing"};
  // One field may be the client's own, which the proxy let through.
  if (count_fields(request.headers, relay_header) > 1)
    return problem{400, "trusted_header", "the relay header stands twice"};
  if (handler.secret.empty())
    return std::string{*command};
  auto problem = check_signature(owner, handler.secret, request, *command, now);
  if (problem.status != 0)
    return problem;
  return std::string{*command};
}

} // namespace wsrelay
