// Reading and making a traceparent.
#include "protocol/trace_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <random>
#include <span>

namespace wsrelay {

namespace {

constexpr std::size_t version_at = 0, trace_at = 3, parent_at = 36,
                      flags_at = 53, size_of_version_0 = 55;

// Upper-case digits are none (section 3.2.2.3).
int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

void write_hex(std::span<const std::uint8_t> bytes, std::string& out) {
  for (auto byte : bytes)
    fmt::format_to(std::back_inserter(out), "{:02x}", byte);
}

bool is_zero(std::span<const std::uint8_t> bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](auto x) { return x == 0; });
}

void fill(std::span<std::uint8_t> out) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  do {
    for (std::size_t i = 0; i < out.size(); i += sizeof(std::uint64_t)) {
      auto bytes = random();
      std::memcpy(out.data() + i, &bytes, sizeof bytes);
    }
  } while (is_zero(out));
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < size_of_version_0 || text[trace_at - 1] != '-'
      || text[parent_at - 1] != '-' || text[flags_at - 1] != '-')
    return std::nullopt;
  std::array<std::uint8_t, 1> version{}, flags{};
  trace_context result;
  if (!read_hex(text.substr(version_at), version)
      || !read_hex(text.substr(trace_at), result.trace)
      || !read_hex(text.substr(parent_at), result.parent)
      || !read_hex(text.substr(flags_at), flags))
    return std::nullopt;
  auto has_more = text.size() > size_of_version_0;
  if (version[0] == 0xff || (version[0] == 0 && has_more)
      || (has_more && text[size_of_version_0] != '-'))
    return std::nullopt;
  if (is_zero(result.trace) || is_zero(result.parent))
    return std::nullopt;
  result.flags = flags[0] & 1; // the only one that version 00 knows
  return result;
}

trace_context make_trace() {
  trace_context result;
  fill(result.trace);
  fill(result.parent);
  return result;
}

trace_context make_span_of(trace_context parent) {
  fill(parent.parent);
  return parent;
}

std::string to_text(const trace_context& value) {
  std::string result{"00-"};
  write_hex(value.trace, result);
  result += '-';
  write_hex(value.parent, result);
  result += fmt::format("-{:02x}", value.flags);
  return result;
}

std::string trace_text(const trace_context& value) {
  std::string result;
  write_hex(value.trace, result);
  return result;
}

} // namespace wsrelay
