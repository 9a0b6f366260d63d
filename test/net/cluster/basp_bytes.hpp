// What a node says, byte by byte, as CAF 0.17.6 writes it: all numbers big
// endian.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay::test::basp {

enum operation : std::uint8_t {
  server_handshake,
  client_handshake,
  direct_message,
  routed_message,
  monitor_message,
  down_message,
  heartbeat,
};

template <class T>
std::string number(T value) {
  std::string result;
  for (auto shift = 8 * sizeof(T); shift > 0; shift -= 8)
    result += static_cast<char>(std::uint64_t{value} >> (shift - 8));
  return result;
}

struct header_fields {
  std::uint8_t what = heartbeat;
  std::uint8_t flags = 0;
  std::uint32_t size = 0;
  std::uint64_t data = 0;
  std::uint64_t source = 0;
  std::uint64_t receiver = 0;
};

inline std::string header(const header_fields& x) {
  return number(x.what) + std::string(2, '\0') + number(x.flags)
         + number(x.size) + number(x.data) + number(x.source)
         + number(x.receiver);
}

/// A header and its payload, whose size is set.
inline std::string message(header_fields x, std::string_view payload) {
  x.size = static_cast<std::uint32_t>(payload.size());
  return header(x).append(payload);
}

/// An atom, as CAF packs its characters.
constexpr std::uint64_t atom(std::string_view text) {
  constexpr std::string_view alphabet =
      "0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  std::uint64_t result = 0xf;
  for (auto c : text)
    result = result << 6 | alphabet.find(c);
  return result;
}

/// The id of a node that `number` alone makes.
inline std::string node(std::uint32_t process) {
  std::string host(20, '\1');
  return number(atom("default")) + number(process) + host;
}

inline std::string text(std::string_view what) {
  std::string result;
  auto size = what.size();
  for (; size > 0x7f; size >>= 7)
    result += static_cast<char>(size | 0x80);
  result += static_cast<char>(size);
  return result.append(what);
}

/// A message's content: its types, "+TYPE+TYPE", and their values.
inline std::string content(std::string_view types, std::string_view values) {
  return number(std::uint16_t{0}) + text("@<>" + std::string{types})
         + std::string{values};
}

/// What a message carries: no other actors to pass, and its content.
inline std::string payload(std::string_view types = {},
                           std::string_view values = {}) {
  return std::string(1, '\0') + content(types, values);
}

/// A text of the actor 7 of the node `from` for one of the node `to`.
inline std::string routed(std::string_view from, std::string_view to,
                          std::uint64_t receiver) {
  std::string result{from};
  result.append(to).append(payload("+@str", text("hi")));
  return message({routed_message, 0, 0, 0, 7, receiver}, result);
}

/// Greetings of both sides.
inline std::string hello(std::uint32_t process, std::uint8_t flags = 0) {
  return message({client_handshake, flags}, node(process));
}

inline std::string server_hello(std::uint32_t process,
                                std::uint64_t version = 3) {
  return message({server_handshake, 0, 0, version},
                 node(process) + '\1' + text("generic-caf-app")
                     + number(std::uint64_t{0}) + '\0');
}

} // namespace wsrelay::test::basp
