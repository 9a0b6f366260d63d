// A walk through two values at once.
#include "test/kit/json_difference.hpp"

#include "protocol/json.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace wsrelay::test {

namespace {

using json_value = rapidjson::Value;

// As rapidjson does not: -1 and 2^64 - 1 are of the same bits to it, and next
// to a double what is above 2^53 is rounded.
bool is_same_number(const json_value& one, const json_value& other) {
  if (one.IsDouble() && other.IsDouble())
    return one.GetDouble() == other.GetDouble();
  if (one.IsDouble())
    return is_same_number(other, one);
  if (!other.IsDouble())
    return one.IsUint64() == other.IsUint64()
           && (one.IsUint64() ? one.GetUint64() == other.GetUint64()
                              : one.GetInt64() == other.GetInt64());
  auto value = other.GetDouble();
  constexpr auto end = 18446744073709551616.0; // 2^64
  if (one.IsUint64())
    return value >= 0 && value < end
           && static_cast<std::uint64_t>(value) == one.GetUint64()
           && std::trunc(value) == value;
  return value < 0 && value >= -end / 2
         && static_cast<std::int64_t>(value) == one.GetInt64()
         && std::trunc(value) == value;
}

bool is_same(const json_value& one, const json_value& other) {
  return one.IsNumber() && other.IsNumber() ? is_same_number(one, other)
                                            : one == other;
}

constexpr std::size_t max_differences = 10;
constexpr std::size_t max_shown_json = 200;

std::string shown_json(const json_value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer{out};
  value.Accept(writer);
  std::string text{out.GetString(), out.GetSize()};
  if (text.size() > max_shown_json)
    text = text.substr(0, max_shown_json) + "...";
  return text;
}

std::string member_path(const std::string& path, const json_value& name) {
  std::string text{name.GetString(), name.GetStringLength()};
  auto is_word =
      !text.empty() && text.find_first_of(".[] \"") == std::string::npos;
  return is_word ? path + "." + text : path + "[" + json_string(text) + "]";
}

class differences {
public:
  void compare(const json_value& expected, const json_value& got,
               const std::string& path) {
    if (expected.IsObject() && got.IsObject())
      compare_members(expected, got, path);
    else if (expected.IsArray() && got.IsArray())
      compare_elements(expected, got, path);
    else if (!is_same(expected, got))
      add(path + ": expected " + shown_json(expected) + ", got "
          + shown_json(got));
  }

  std::optional<std::string> text() const {
    if (count_ == 0)
      return std::nullopt;
    if (count_ <= max_differences)
      return lines_;
    return lines_ + "\n  and " + std::to_string(count_ - max_differences)
           + " more";
  }

private:
  void compare_members(const json_value& expected, const json_value& got,
                       const std::string& path) {
    for (auto& [name, value] : expected.GetObject()) {
      auto found = got.FindMember(name);
      if (found == got.MemberEnd())
        add(member_path(path, name) + ": expected " + shown_json(value)
            + ", got nothing");
      else
        compare(value, found->value, member_path(path, name));
    }
    for (auto& each : got.GetObject())
      if (&got.FindMember(each.name)->value != &each.value)
        add(member_path(path, each.name) + ": stands twice");
    for (auto& [name, value] : got.GetObject())
      if (!expected.HasMember(name))
        add(member_path(path, name) + ": expected nothing, got "
            + shown_json(value));
  }

  void compare_elements(const json_value& expected, const json_value& got,
                        const std::string& path) {
    auto both = std::min(expected.Size(), got.Size());
    for (rapidjson::SizeType i = 0; i < both; ++i)
      compare(expected[i], got[i], path + "[" + std::to_string(i) + "]");
    for (auto i = both; i < expected.Size(); ++i)
      add(path + "[" + std::to_string(i) + "]: expected "
          + shown_json(expected[i]) + ", got nothing");
    for (auto i = both; i < got.Size(); ++i)
      add(path + "[" + std::to_string(i) + "]: expected nothing, got "
          + shown_json(got[i]));
  }

  void add(const std::string& line) {
    if (count_++ < max_differences)
      lines_ += (lines_.empty() ? "  " : "\n  ") + line;
  }

  std::string lines_;
  std::size_t count_ = 0;
};

void parse_checked(rapidjson::Document& document, std::string_view text) {
  document.Parse(text.data(), text.size());
}

} // namespace

std::optional<std::string> json_difference(std::string_view expected,
                                           std::string_view got) {
  if (auto checked = check_json(expected); !checked)
    return "  what is expected is no JSON: " + checked.error().what;
  if (auto checked = check_json(got); !checked)
    return "  what came is no JSON: " + checked.error().what;
  rapidjson::Document one;
  rapidjson::Document two;
  parse_checked(one, expected);
  parse_checked(two, got);
  differences found;
  found.compare(one, two, "$");
  return found.text();
}

} // namespace wsrelay::test
