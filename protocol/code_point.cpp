// Decoding one character.
#include "protocol/code_point.hpp"

namespace wsrelay {

code_point first_code_point(std::string_view text) noexcept {
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  auto size = lead >= 0xF0 ? 4u : lead >= 0xE0 ? 3u : 2u;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size)
    return {0, 0};
  char32_t code = lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80)
      return {0, 0};
    code = code << 6 | (byte & 0x3Fu);
  }
  auto overlong = code < (size == 3 ? 0x800u : size == 4 ? 0x10000u : 0x80u);
  auto surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? code_point{0, 0}
                                                  : code_point{code, size};
}

} // namespace wsrelay
