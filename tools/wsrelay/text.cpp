// Escapes, ages, columns.
#include "tools/wsrelay/text.hpp"

#include "protocol/code_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace wsrelay::cli {

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

void escape_bytes(std::string& out, std::string_view bytes) {
  for (auto byte : bytes)
    fmt::format_to(std::back_inserter(out), "\\x{:02x}",
                   static_cast<unsigned char>(byte));
}

void escape(std::string& out, code_point what, std::string_view bytes,
            lines breaks) {
  if (what.code == '\n' || what.code == '\t') {
    if (breaks == lines::kept)
      out += bytes;
    else
      out += what.code == '\n' ? "\\n" : "\\t";
  } else if (what.code == '\\') {
    out += "\\\\";
  } else if (is_control_code(what.code)) {
    escape_bytes(out, bytes);
  } else if (is_deceiving(what.code)) {
    fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}",
                   static_cast<std::uint32_t>(what.code));
  } else {
    out += bytes;
  }
}

std::size_t width(std::string_view text) {
  auto starts = [](char c) { return !is_continuation(c); };
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), starts));
}

void put_cell(std::string& line, std::string_view cell, std::size_t size,
              bool right) {
  if (!line.empty())
    line += "  ";
  std::string space(size - width(cell), ' ');
  line += right ? space : "";
  line += cell;
  line += right ? "" : space;
}

} // namespace

std::string printable(std::string_view untrusted, lines breaks) {
  std::string out;
  out.reserve(untrusted.size());
  for_each_code_point(untrusted, [&](code_point what, std::string_view bytes) {
    if (what.size == 0)
      escape_bytes(out, bytes);
    else
      escape(out, what, bytes, breaks);
  });
  return out;
}

std::string age_text(std::chrono::milliseconds age) {
  using namespace std::chrono;
  auto value = [&](auto unit) { return age / unit; };
  if (age < 1s)
    return fmt::format("{}ms", age.count());
  if (age < 1min)
    return fmt::format("{}s", value(1s));
  if (age < 1h)
    return fmt::format("{}m{:02}s", value(1min), value(1s) % 60);
  if (age < 24h)
    return fmt::format("{}h{:02}m", value(1h), value(1min) % 60);
  return fmt::format("{}d{:02}h", value(24h), value(1h) % 24);
}

std::string to_table(const table_row& header,
                     const std::vector<table_row>& rows, std::size_t numbers) {
  std::vector<table_row> all{header};
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(header.size());
  for (auto& row : all)
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  std::string out;
  for (auto& row : all) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      put_cell(line, row[i], widths[i], i >= numbers);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

} // namespace wsrelay::cli
