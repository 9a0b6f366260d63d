// Header fields: a line that is looked for, then fields. What a proxy passes on
// holds nothing that was between its neighbours.
#include "protocol/http_fields.hpp"

#include "protocol/text.hpp"
#include "test/fuzz/http_lines.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

bool has_token_naively(std::string_view value, std::string_view token) {
  auto parts = split(value, ',');
  return std::any_of(parts.begin(), parts.end(), [token](auto part) {
    return to_lower(trim(part)) == to_lower(token);
  });
}

// One spelling for all that may become the same variable.
std::string spell(std::string_view name) {
  auto out = to_lower(name);
  for (auto& c : out)
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
      c = '-';
  return out;
}

bool names(std::string_view connection, std::string_view field) {
  auto parts = split(connection, ',');
  return std::any_of(parts.begin(), parts.end(), [field](auto part) {
    auto option = trim(part); // an empty one is none
    return !option.empty() && spell(option) == field;
  });
}

// RFC 9110 section 7.6.1, and the handshake's.
bool is_between_neighbours(const std::string& name, const http_fields& fields) {
  auto spelled = spell(name);
  for (std::string_view other : {"connection", "proxy-connection", "keep-alive",
                                 "te", "transfer-encoding", "upgrade"})
    if (spelled == other)
      return true;
  if (spelled.starts_with("sec-websocket-"))
    return true;
  return std::any_of(fields.begin(), fields.end(), [&spelled](auto& field) {
    return to_lower(field.first) == "connection"
           && names(field.second, spelled);
  });
}

void check_erasing(const http_fields& fields) {
  http_fields expected;
  for (const auto& field : fields)
    if (!is_between_neighbours(field.first, fields))
      expected.push_back(field);
  auto passed_on = fields;
  erase_hop_by_hop(passed_on);
  expect(passed_on == expected, "what is passed on");
}

void check_looking(const http_fields& fields, std::string_view name) {
  auto count = count_fields(fields, name);
  auto value = find_field(fields, name);
  expect(value.has_value() == (count > 0), "what is counted is found");
  auto rest = fields;
  erase_field(rest, name);
  expect(rest.size() + count == fields.size() && !find_field(rest, name),
         "what is found is erased");
}

void check_safety(std::string_view name, std::string_view value) {
  if (!is_safe_field(name, value))
    return;
  expect(!name.empty() && name.find_first_of(":\r\n \t") == name.npos,
         "a safe name is one word");
  expect(value.find_first_of(std::string_view{"\r\n\0\x7f", 4}) == value.npos,
         "a safe value stays on its line");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto wanted = in.line();
  check_safety(wanted, in.rest());
  check_safety("a", in.rest());
  auto fields = fuzz::take_fields(in);
  for (const auto& [name, value] : fields) {
    expect(has_token(value, wanted) == has_token_naively(value, wanted),
           "a token is found");
    check_safety(name, value);
  }
  check_looking(fields, wanted);
  check_erasing(fields);
  return 0;
}
