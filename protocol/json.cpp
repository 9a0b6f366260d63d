// The settings under which RapidJSON is safe on hostile text, and what it gets
// wrong there.
#include "protocol/json.hpp"

#include "protocol/utf8.hpp"

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace wsrelay {

namespace {

using string_writer = rapidjson::Writer<rapidjson::StringBuffer>;

// Numbers stay text: RapidJSON would round them, and overflows an int on some
// exponents when it converts them (1.1.0, exp + expFrac).
constexpr unsigned safe_flags = rapidjson::kParseIterativeFlag
                                | rapidjson::kParseValidateEncodingFlag
                                | rapidjson::kParseNumbersAsStringsFlag;

// Parsing "in place" onto a stream that drops what is written: no string is
// ever copied.
constexpr unsigned check_flags = safe_flags | rapidjson::kParseInsituFlag;

class check_stream : public rapidjson::MemoryStream {
public:
  using rapidjson::MemoryStream::MemoryStream;

  char* PutBegin() { return nullptr; }
  std::size_t PutEnd(char*) { return 1; } // the NUL that ends every string
  void Flush() {}

  // RapidJSON refuses a lone high surrogate but encodes a lone low one (1.1.0):
  // ED A0..BF can come from an escape only.
  void Put(char c) {
    surrogate_ |= last_ == 0xED && static_cast<unsigned char>(c) >= 0xA0;
    last_ = static_cast<unsigned char>(c);
  }

  bool has_surrogate() const noexcept { return surrogate_; }

private:
  unsigned char last_ = 0;
  bool surrogate_ = false;
};

// Ends the parse where the nesting gets too deep.
class depth_limit
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, depth_limit> {
public:
  bool StartObject() { return enter(); }
  bool StartArray() { return enter(); }
  bool EndObject(rapidjson::SizeType) { return leave(); }
  bool EndArray(rapidjson::SizeType) { return leave(); }

private:
  bool enter() { return ++depth_ <= max_json_depth; }
  bool leave() { return --depth_, true; }

  std::size_t depth_ = 0;
};

// RapidJSON's own RawNumber writes a string (1.1.0).
class compact_writer : public string_writer {
public:
  using string_writer::string_writer;

  bool RawNumber(const char* digits, rapidjson::SizeType size, bool) {
    return RawValue(digits, size, rapidjson::kNumberType);
  }
};

failure not_json(std::size_t at) {
  return {fmt::format("not valid JSON at byte {}", at)};
}

failure too_deep() {
  return {fmt::format("nested more than {} levels deep", max_json_depth)};
}

std::string to_string(const rapidjson::StringBuffer& buffer) {
  return {buffer.GetString(), buffer.GetSize()};
}

std::string replace_invalid(std::string_view text) {
  std::string out;
  for (;;) {
    auto valid = valid_utf8_prefix(text);
    out += text.substr(0, valid);
    if (valid == text.size())
      return out;
    out += "\xEF\xBF\xBD"; // U+FFFD
    text.remove_prefix(valid + 1);
  }
}

std::string quote(std::string_view text) {
  rapidjson::StringBuffer buffer;
  string_writer writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return to_string(buffer);
}

constexpr bool is_escaped(char c) {
  return (c < ' ') | (c == '\x7f') | (c == '"') | (c == '\\');
}

// Most texts do. A block has no branch: the compiler takes its bytes at once.
bool stands_for_itself(std::string_view text) {
  constexpr std::size_t block = 16;
  while (text.size() >= block) {
    unsigned found = 0;
    for (std::size_t i = 0; i < block; ++i)
      found |= unsigned{is_escaped(text[i])};
    if (found != 0)
      return false;
    text.remove_prefix(block);
  }
  return std::none_of(text.begin(), text.end(), is_escaped);
}

} // namespace

checked check_json(std::string_view text) {
  check_stream in(text.data(), text.size());
  depth_limit depth;
  rapidjson::Reader reader;
  auto outcome = reader.Parse<check_flags>(in, depth);
  if (outcome.Code() == rapidjson::kParseErrorTermination)
    return too_deep();
  if (outcome.IsError())
    return not_json(outcome.Offset());
  // The reader takes a NUL for the end of the text.
  if (in.Tell() != text.size())
    return not_json(in.Tell());
  if (in.has_surrogate())
    return failure{"not valid JSON: a surrogate stands alone"};
  return passed();
}

checked check_json_object(std::string_view text) {
  auto valid = check_json(text);
  if (valid && text[text.find_first_not_of(" \t\r\n")] != '{')
    return failure{"not a JSON object"};
  return valid;
}

result<std::string> compact_json_object(std::string_view text) {
  if (auto valid = check_json_object(text); !valid)
    return valid.error();
  rapidjson::MemoryStream in(text.data(), text.size());
  rapidjson::StringBuffer buffer;
  compact_writer writer(buffer);
  rapidjson::Reader{}.Parse<safe_flags>(in, writer);
  return to_string(buffer);
}

std::string json_string(std::string_view text) {
  std::string result;
  append_json_string(result, text);
  return result;
}

void append_json_string(std::string& out, std::string_view text) {
  if (stands_for_itself(text))
    out.append(1, '"').append(text).append(1, '"');
  else
    out += is_valid_utf8(text) ? quote(text) : quote(replace_invalid(text));
}

} // namespace wsrelay
