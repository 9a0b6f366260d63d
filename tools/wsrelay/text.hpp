// Text for terminals.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::cli {

/// Whether line breaks and tabs stay what they are.
enum class lines { escaped, kept };

/// Returns `untrusted` so that no byte of it can command a terminal: control
/// characters (C0, DEL, C1) and bytes that are not UTF-8 become \n, \t or
/// \xHH, characters that reorder or break lines \u{HEX}, a backslash two.
std::string printable(std::string_view untrusted,
                      lines breaks = lines::escaped);

/// Prints a time that passed, in its two largest units: "850ms", "5s",
/// "1m05s", "1h02m", "3d04h".
std::string age_text(std::chrono::milliseconds age);

/// A row of a table is its cells.
using table_row = std::vector<std::string>;

/// Prints rows under their header, columns aligned; those from `numbers` on to
/// the right. Cells are made printable. Every row is as long as the header.
std::string to_table(const table_row& header,
                     const std::vector<table_row>& rows, std::size_t numbers);

} // namespace wsrelay::cli
