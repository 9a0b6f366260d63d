// JSON checks against a parser that is written after RFC 8259, and what is made
// of JSON that passed.
#include "protocol/json.hpp"

#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

// Recursive descent; each function removes what it accepts.
class json_reference {
public:
  explicit json_reference(std::string_view text) : rest_{text} {}

  bool accepts() { return value(0) && (blanks(), rest_.empty()); }

private:
  bool value(std::size_t depth) {
    blanks();
    switch (front()) {
      case '{':
        return depth < max_json_depth && members('}', depth);
      case '[':
        return depth < max_json_depth && members(']', depth);
      case '"':
        return string();
      default:
        return word("true") || word("false") || word("null") || number();
    }
  }

  // An object or an array behind its first character.
  bool members(char end, std::size_t depth) {
    take();
    blanks();
    if (one(end))
      return true;
    do {
      if (end == '}' && !key())
        return false;
      if (!value(depth + 1))
        return false;
      blanks();
    } while (one(','));
    return one(end);
  }

  bool key() {
    blanks();
    return string() && (blanks(), one(':'));
  }

  bool string() {
    if (!one('"'))
      return false;
    while (!rest_.empty() && front() != '"')
      if (static_cast<unsigned char>(front()) < 0x20
          || !(take() != '\\' || escape()))
        return false;
    return one('"');
  }

  bool escape() {
    if (front() != 'u')
      return std::string_view{"\"\\/bfnrt"}.find(take()) != rest_.npos;
    auto code = unit();
    if (code < 0xD800 || code > 0xDFFF)
      return code <= 0xFFFF;
    if (code > 0xDBFF || !one('\\'))
      return false;
    auto low = unit();
    return low >= 0xDC00 && low <= 0xDFFF;
  }

  // "u" and four digits; more than 16 bits = there is something else.
  unsigned unit() {
    if (!one('u') || rest_.size() < 4)
      return 0x10000;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
      auto at = digits.find(take());
      if (at == digits.npos)
        return 0x10000;
      code = code * 16 + static_cast<unsigned>(at % 16);
    }
    return code;
  }

  bool number() {
    one('-');
    if (!one('0') && !digits())
      return false;
    if (one('.') && !digits())
      return false;
    if (!one('e') && !one('E'))
      return true;
    if (!one('+'))
      one('-');
    return digits();
  }

  bool digits() {
    auto count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }

  bool word(std::string_view text) {
    auto found = rest_.starts_with(text);
    rest_.remove_prefix(found ? text.size() : 0);
    return found;
  }

  void blanks() {
    auto count = std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size());
    rest_.remove_prefix(count);
  }

  char front() const { return rest_.empty() ? '\0' : rest_.front(); }

  char take() {
    auto c = front();
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return c;
  }

  bool one(char c) { return !rest_.empty() && front() == c && take() == c; }

  std::string_view rest_;
};

// RapidJSON refuses numbers that no double can hold.
bool may_overflow(std::string_view text) {
  return text.find_first_of("eE") != text.npos || text.size() > 300;
}

void check_compact(std::string_view text) {
  auto once = compact_json_object(text);
  expect(static_cast<bool>(once) == static_cast<bool>(check_json_object(text)),
         "an object can be compacted");
  if (!once)
    return;
  auto twice = compact_json_object(*once);
  expect(twice && *twice == *once, "compacted JSON does not change again");
  expect(once->size() <= text.size() * 6, "compacting keeps the size bounded");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto text = fuzz::input{data, size}.rest();
  auto valid = check_json(text);
  auto expected = is_valid_utf8(text) && json_reference{text}.accepts();
  expect(!valid || expected, "what passes is JSON");
  expect(valid || !expected || may_overflow(text), "JSON passes");
  expect(valid || is_plain_utf8(valid.error().what), "a failure may be shown");
  auto first = text.find_first_not_of(" \t\r\n");
  expect(static_cast<bool>(check_json_object(text))
             == (valid && text[first] == '{'),
         "which JSON is an object");
  check_compact(text);
  auto quoted = json_string(text);
  expect(static_cast<bool>(check_json(quoted)), "any text makes a string");
  expect(json_reference{quoted}.accepts(), "... also for the reference");
  return 0;
}
