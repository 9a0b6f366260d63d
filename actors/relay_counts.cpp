// Names of what is counted.
#include "actors/relay_counts.hpp"

namespace wsrelay {

namespace {

constexpr std::uint16_t first_code = 1000;
constexpr std::size_t known_codes = 16;

} // namespace

std::string_view to_text(connection_phase phase) noexcept {
  constexpr std::array<std::string_view, connection_phase_count> names{
      "binding", "relaying", "transferring", "parked", "leaving", "closing"};
  return names[static_cast<std::size_t>(phase)];
}

std::size_t close_code_kind(std::uint16_t code) noexcept {
  if (code >= first_code && code < first_code + known_codes)
    return code - first_code;
  auto thousands = code / 1000;
  return thousands == 3 || thousands == 4 ? known_codes - 3 + thousands
                                          : close_code_kinds - 1;
}

std::string close_code_text(std::size_t kind) {
  if (kind < known_codes)
    return std::to_string(first_code + kind);
  return kind == known_codes       ? "3xxx"
         : kind == known_codes + 1 ? "4xxx"
                                   : "other";
}

} // namespace wsrelay
