// Patterns are compared segment by segment; a segment is decoded after the
// split, so an escape never changes how many there are.
#include "protocol/path.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace wsrelay {

namespace {

std::optional<char> decode_octet(std::string_view digits) {
  unsigned char octet = 0;
  auto end = digits.data() + digits.size();
  auto [stop, status] = std::from_chars(digits.data(), end, octet, 16);
  if (digits.size() != 2 || stop != end || status != std::errc{})
    return std::nullopt;
  return static_cast<char>(octet);
}

// Reads segments octet by octet.
class dot_finder {
public:
  // Returns whether `octet` ends a segment of dots.
  bool add(char octet) noexcept {
    if (octet == '/' || octet == '\\') {
      auto found = is_dots_ && (size_ == 1 || size_ == 2);
      *this = {};
      return found;
    }
    has_params_ = has_params_ || octet == ';';
    is_dots_ = is_dots_ && (has_params_ || octet == '.');
    size_ += has_params_ ? 0 : 1;
    return false;
  }

private:
  bool is_dots_ = true;
  bool has_params_ = false; // what follows the ";" is no part of the name
  std::size_t size_ = 0;
};

const std::string* find_param(const path_params& params,
                              std::string_view name) {
  for (const auto& param : params)
    if (param.first == name)
      return &param.second;
  return nullptr;
}

} // namespace

result<path_pattern> path_pattern::parse(std::string_view text) {
  if (!text.starts_with('/'))
    return failure{"a path begins with \"/\""};
  if (text.find_first_of("?#") != text.npos)
    return failure{"a path has no query and no fragment"};
  path_pattern out;
  out.text_ = text;
  for (auto part : split(text.substr(1), '/'))
    if (auto added = out.add(part); !added)
      return added.error();
  return out;
}

std::optional<path_params> path_pattern::match(std::string_view path) const {
  if (!path.starts_with('/') || has_dot_segments(path))
    return std::nullopt;
  auto parts = split(path.substr(1), '/');
  if (parts.size() != segments_.size())
    return std::nullopt;
  path_params params;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [is_param, text] = segments_[i];
    auto value = decode_segment(parts[i]);
    if (!value || (is_param ? value->empty() : *value != text))
      return std::nullopt;
    if (is_param)
      params.emplace_back(text, std::move(*value));
  }
  return params;
}

std::size_t path_pattern::literals() const noexcept {
  auto count =
      std::count_if(segments_.begin(), segments_.end(),
                    [](const segment& each) { return !each.is_param; });
  return static_cast<std::size_t>(count);
}

bool path_pattern::same_shape(const path_pattern& other) const noexcept {
  return std::equal(
      segments_.begin(), segments_.end(), other.segments_.begin(),
      other.segments_.end(), [](const segment& a, const segment& b) {
        return a.is_param == b.is_param && (a.is_param || a.text == b.text);
      });
}

checked path_pattern::add(std::string_view part) {
  if (part.size() >= 2 && part.front() == '{' && part.back() == '}')
    return add_param(part.substr(1, part.size() - 2));
  return add_literal(part);
}

checked path_pattern::add_param(std::string_view name) {
  if (name.empty() || name.find_first_of("{}") != name.npos
      || !is_plain_utf8(name))
    return failure{"a parameter needs a name without braces"};
  for (const auto& each : segments_)
    if (each.is_param && each.text == name)
      return failure{fmt::format("the parameter {{{}}} stands twice", name)};
  segments_.push_back({true, std::string{name}});
  return passed();
}

checked path_pattern::add_literal(std::string_view part) {
  if (part.find_first_of("{}") != part.npos)
    return failure{"a parameter is a whole segment: \"/{name}/\""};
  auto literal = decode_segment(part);
  if (!literal)
    return failure{
        "a path is percent-encoded UTF-8 without control characters"};
  if (has_dot_segments(part))
    return failure{"a path has no segments \".\" and \"..\""};
  segments_.push_back({false, std::move(*literal)});
  return passed();
}

std::optional<std::string> decode_segment(std::string_view part) {
  auto value = percent_decode(part);
  if (value && !is_plain_utf8(*value))
    value.reset();
  return value;
}

bool has_dot_segments(std::string_view path) noexcept {
  dot_finder segment;
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto octet = path[i] == '%' ? decode_octet(path.substr(i + 1, 2))
                                : std::optional{path[i]};
    if (path[i] == '%' && octet)
      i += 2;
    if (segment.add(octet.value_or('%')))
      return true;
  }
  return segment.add('/');
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (;;) {
    auto escape = std::min(text.find('%'), text.size());
    out += text.substr(0, escape);
    if (escape == text.size())
      return out;
    auto octet = decode_octet(text.substr(escape + 1, 2));
    if (!octet)
      return std::nullopt;
    out += *octet;
    text.remove_prefix(escape + 3);
  }
}

std::string expand_params(std::string_view text, const path_params& params) {
  std::string out;
  for (auto open = text.find('{'); open != text.npos; open = text.find('{')) {
    auto close = text.find('}', open);
    if (close == text.npos)
      break;
    auto value = find_param(params, text.substr(open + 1, close - open - 1));
    out += text.substr(0, open);
    out += value ? std::string_view{*value} : "{";
    text.remove_prefix(value ? close + 1 : open + 1);
  }
  return out += text;
}

} // namespace wsrelay
