// 101.
#include "net/ws/handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

namespace wsrelay {

std::string accept_key(std::string_view key) {
  static constexpr std::string_view guid =
      "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
  std::string text{key};
  text += guid;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  // Found once: OpenSSL 3 searches its providers for what it is only named.
  static const auto* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha1, nullptr);
  std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> base64;
  auto size = EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
  return {reinterpret_cast<const char*>(base64.data()),
          static_cast<std::size_t>(size)};
}

std::string make_switching_protocols(std::string_view key,
                                     const http_fields& headers) {
  std::string result = "HTTP/1.1 101 Switching Protocols\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: ";
  result += accept_key(key);
  result += "\r\nServer: wsrelay\r\n";
  for (auto& [name, value] : headers)
    result.append(name).append(": ").append(value).append("\r\n");
  result += "\r\n";
  return result;
}

} // namespace wsrelay
