// Route patterns and request paths: a line of pattern, then the path. A match
// is compared segment by segment with what both texts say.
#include "protocol/path.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

// One octet after the other.
std::optional<std::string> decode(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto high = i + 2 < text.size() ? digits.find(text[i + 1]) : digits.npos;
    auto low = i + 2 < text.size() ? digits.find(text[i + 2]) : digits.npos;
    if (high == digits.npos || low == digits.npos)
      return std::nullopt;
    out += static_cast<char>(high % 16 * 16 + low % 16);
    i += 2;
  }
  return out;
}

// As a server may take the path apart that decodes first.
bool has_dots(std::string_view path) {
  auto text = decode(path).value_or("");
  std::replace(text.begin(), text.end(), '\\', '/');
  for (auto part : split(text, '/')) {
    part = part.substr(0, part.find(';'));
    if (part == "." || part == "..")
      return true;
  }
  return false;
}

std::optional<path_params> match(std::string_view pattern,
                                 std::string_view path) {
  auto wanted = split(pattern, '/');
  auto parts = split(path, '/');
  if (has_dots(path) || wanted.size() != parts.size() || parts.size() < 2
      || !parts[0].empty())
    return std::nullopt;
  path_params out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto value = decode(parts[i]);
    if (!value || !is_plain_utf8(*value))
      return std::nullopt;
    auto is_param = wanted[i].starts_with('{');
    if (is_param ? value->empty() : *value != decode(wanted[i]))
      return std::nullopt;
    if (is_param)
      out.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), *value);
  }
  return out;
}

void check_expansion(std::string_view text, const path_params& params) {
  std::size_t longest = 1;
  for (const auto& [name, value] : params) {
    expect(expand_params("<{" + name + "}>", params) == "<" + value + ">",
           "a parameter is replaced");
    longest = std::max(longest, value.size());
  }
  auto expanded = expand_params(text, params);
  expect(expanded.size() <= text.size() * longest, "an expansion is bounded");
  expect(expand_params(text, {}) == text, "an unknown name stays");
}

void check_pattern(const path_pattern& pattern, std::string_view path) {
  auto params = pattern.match(path);
  expect(params == match(pattern.text(), path), "what matches");
  expect(pattern.same_shape(pattern), "a pattern has its own shape");
  if (params)
    check_expansion(pattern.text(), *params);
  auto other = path_pattern::parse(path);
  if (!other)
    return;
  auto same = pattern.same_shape(*other);
  expect(same == other->same_shape(pattern), "shapes compare both ways");
  expect(!same || pattern.literals() == other->literals(),
         "the same shape is as specific");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto text = in.line();
  auto path = in.rest();
  expect(percent_decode(path) == decode(path), "percent-encoding");
  expect(!decode(path) || has_dot_segments(path) == has_dots(path),
         "dot segments");
  auto pattern = path_pattern::parse(text);
  if (!pattern) {
    expect(is_valid_utf8(pattern.error().what), "a failure may be shown");
    return 0;
  }
  expect(pattern->text() == text, "a pattern keeps its text");
  check_pattern(*pattern, path);
  return 0;
}
