// A fast path for ASCII; RapidJSON decides on all other sequences.
#include "protocol/utf8.hpp"

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

#include <cstdint>
#include <cstring>

namespace wsrelay {

namespace {

// RapidJSON copies what it validates; nobody wants the copy.
struct null_sink {
  void Put(char) noexcept {}
};

// Every text message of every client passes here and most are ASCII: eight
// bytes at a time.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof(word) <= bytes.size();
       at += sizeof(word)) {
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    if ((word & 0x8080808080808080u) != 0)
      break;
  }
  while (at < bytes.size() && (bytes[at] & 0x80) == 0)
    ++at;
  return at;
}

// Length of the sequence at the front of `bytes`, 0 when it is not valid.
// The end of the stream reads as NUL, which continues no sequence.
std::size_t sequence_length(std::string_view bytes) noexcept {
  rapidjson::MemoryStream in(bytes.data(), bytes.size());
  null_sink out;
  return rapidjson::UTF8<>::Validate(in, out) ? in.Tell() : 0;
}

// U+0080 to U+009F are C2 80 to C2 9F.
bool is_c1_control(unsigned char first, unsigned char second) noexcept {
  return first == 0xC2 && second < 0xA0;
}

bool has_control(std::string_view bytes) noexcept {
  unsigned char last = 0;
  for (unsigned char c : bytes) {
    if (c < 0x20 || c == 0x7F || is_c1_control(last, c))
      return true;
    last = c;
  }
  return false;
}

} // namespace

bool is_valid_utf8(std::string_view bytes) noexcept {
  return valid_utf8_prefix(bytes) == bytes.size();
}

std::size_t valid_utf8_prefix(std::string_view bytes) noexcept {
  auto at = ascii_prefix(bytes);
  while (at < bytes.size()) {
    auto length = sequence_length(bytes.substr(at));
    if (length == 0)
      break;
    at += length;
    at += ascii_prefix(bytes.substr(at));
  }
  return at;
}

// RFC 3629 section 4: what may follow a first byte. Its second byte has a
// narrower range in four cases; the others are 80 to BF.
bool is_cut_sequence(std::string_view bytes) noexcept {
  if (bytes.empty())
    return false;
  auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  };
  auto first = byte(0);
  std::size_t length = first < 0xC2    ? 0
                       : first < 0xE0  ? 2
                       : first < 0xF0  ? 3
                       : first <= 0xF4 ? 4
                                       : 0;
  if (bytes.size() >= length)
    return false;
  auto low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  auto high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (bytes.size() > 1 && (byte(1) < low || byte(1) > high))
    return false;
  return bytes.size() < 3 || (byte(2) & 0xC0) == 0x80;
}

bool is_plain_utf8(std::string_view bytes) noexcept {
  return is_valid_utf8(bytes) && !has_control(bytes);
}

} // namespace wsrelay
