// Keys in base64 and signatures by OpenSSL.
#include "protocol/webhook_signature.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view webhook_secret_prefix = "whsec_";
constexpr int min_webhook_key = 24; // bytes: 192 and 512 bits
constexpr int max_webhook_key = 64;
constexpr std::size_t webhook_digest_size = 32; // SHA-256

struct mac_context_delete {
  void operator()(EVP_MAC_CTX* x) const noexcept { EVP_MAC_CTX_free(x); }
};
using mac_context = std::unique_ptr<EVP_MAC_CTX, mac_context_delete>;

const unsigned char* mac_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string webhook_base64(std::string_view bytes) {
  // OpenSSL ends it with a zero.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                              mac_bytes(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// Bytes of base64 for that many.
constexpr std::size_t webhook_base64_size(int bytes) {
  return (static_cast<std::size_t>(bytes) + 2) / 3 * 4;
}

// OpenSSL takes blanks, padding anywhere and bits that stand for nothing: only
// what encodes to the same text is a key.
std::optional<std::string> decode_webhook_key(std::string_view base64) {
  if (base64.size() > webhook_base64_size(max_webhook_key))
    return std::nullopt;
  std::string out(webhook_base64_size(max_webhook_key), '\0');
  auto padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
  auto size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      mac_bytes(base64), static_cast<int>(base64.size()))
      - padding;
  if (size < min_webhook_key || size > max_webhook_key)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  if (webhook_base64(out) != base64)
    return std::nullopt;
  return out;
}

// Null where OpenSSL refuses.
mac_context make_webhook_mac(std::string_view key) {
  // Looked up once: a fetch takes a lock and searches by name.
  static auto* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (hmac == nullptr)
    return nullptr;
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  mac_context out{EVP_MAC_CTX_new(hmac)};
  if (out && EVP_MAC_init(out.get(), mac_bytes(key), key.size(), params) != 1)
    out.reset();
  return out;
}

std::optional<std::string> sign_webhook(std::string_view key,
                                        std::string_view start,
                                        std::string_view body) {
  std::array<unsigned char, webhook_digest_size> digest{};
  std::size_t size = 0;
  auto mac = make_webhook_mac(key);
  if (!mac || EVP_MAC_update(mac.get(), mac_bytes(start), start.size()) != 1
      || EVP_MAC_update(mac.get(), mac_bytes(body), body.size()) != 1
      || EVP_MAC_final(mac.get(), digest.data(), &size, digest.size()) != 1)
    return std::nullopt;
  return webhook_base64({reinterpret_cast<const char*>(digest.data()), size});
}

} // namespace

result<std::string> webhook_key(std::string_view secret) {
  if (secret.starts_with(webhook_secret_prefix)) {
    secret.remove_prefix(webhook_secret_prefix.size());
    if (auto key = decode_webhook_key(secret))
      return std::move(*key);
  }
  return failure{fmt::format("a webhook secret is {} and {} to {} bytes in "
                             "base64",
                             webhook_secret_prefix, min_webhook_key,
                             max_webhook_key)};
}

std::string webhook_signature(const std::vector<std::string>& keys,
                              std::string_view id, std::int64_t timestamp,
                              std::string_view body) {
  auto start = fmt::format("{}.{}.", id, timestamp);
  std::string out;
  for (const auto& key : keys) {
    auto signature = sign_webhook(key, start, body);
    if (!signature)
      return {};
    out.append(out.empty() ? "v1," : " v1,").append(*signature);
  }
  return out;
}

} // namespace wsrelay
