// UTF-8 against a decoder that is written after RFC 3629 section 3.
#include "protocol/utf8.hpp"

#include "test/fuzz/input.hpp"

#include <optional>
#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

struct character {
  std::uint32_t code;
  std::size_t size;
};

std::size_t sequence_size(std::uint8_t lead) {
  if (lead < 0x80)
    return 1;
  return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

// The character at the front; nothing when there is no valid one.
std::optional<character> decode(std::string_view bytes) {
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  auto lead = static_cast<std::uint8_t>(bytes.front());
  auto size = sequence_size(lead);
  if (size == 1)
    return character{lead, 1};
  if (lead < 0xC0 || lead >= 0xF8 || bytes.size() < size)
    return std::nullopt;
  std::uint32_t code = lead & (0x7Fu >> size);
  for (auto byte : bytes.substr(1, size - 1)) {
    if ((byte & 0xC0) != 0x80)
      return std::nullopt;
    code = code << 6 | (byte & 0x3F);
  }
  if (code < least[size] || code > 0x10FFFF || (code >> 11) == 0x1B)
    return std::nullopt;
  return character{code, size};
}

bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

// Tries what may come: the other bytes of a sequence are 80 to BF.
bool can_become_valid(std::string_view bytes) {
  for (int next = 0x80; next < 0xC0; ++next) {
    auto longer = std::string{bytes} + std::string(3, static_cast<char>(next));
    auto whole = bytes.empty() ? std::nullopt : decode(longer);
    if (whole && whole->size > bytes.size())
      return true;
  }
  return false;
}

void check_cuts(std::string_view text) {
  for (std::size_t at = 0; at < text.size() && at < 8; ++at)
    for (std::size_t size = 0; size < 6; ++size) {
      auto piece = text.substr(at, size);
      expect(is_cut_sequence(piece) == can_become_valid(piece),
             "what can become valid is known");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto text = fuzz::input{data, size}.rest();
  std::size_t valid = 0;
  bool controls = false;
  while (valid < size) {
    auto next = decode(text.substr(valid));
    if (!next)
      break;
    controls |= is_control(next->code);
    valid += next->size;
  }
  expect(valid_utf8_prefix(text) == valid, "the valid prefix");
  expect(is_valid_utf8(text) == (valid == size), "valid is all valid");
  expect(is_plain_utf8(text) == (valid == size && !controls),
         "plain has no control characters");
  check_cuts(text.substr(0, valid));
  (void)is_cut_sequence(text.substr(valid));
  return 0;
}
