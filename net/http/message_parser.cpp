// What does not depend on the kind of message.
#include "net/http/message_parser.hpp"

#include "protocol/text.hpp"

namespace wsrelay {

namespace {

// Neither may be empty or hold what is no token (RFC 9112 section 7): a name,
// and parameters, which no coding has that is known here.
std::optional<message_error> check_one_coding(std::string_view text) {
  auto semicolon = std::min(text.find(';'), text.size());
  auto name = trim(text.substr(0, semicolon));
  if (!is_safe_field(name, "") || same_field(name, "chunked"))
    return message_error::malformed;
  return message_error::coding;
}

} // namespace

std::optional<message_error> check_coding(const message_head& head) {
  std::string all;
  for (auto& [name, value] : head.fields)
    if (same_field(name, "Transfer-Encoding"))
      all += (all.empty() ? "" : ",") + (value.empty() ? " " : value);
  if (all.empty())
    return std::nullopt;
  if (head.version < 11)
    return message_error::malformed;
  auto codings = split(all, ',');
  auto last = trim(codings.back());
  auto is_chunked = same_field(last, "chunked");
  if (is_chunked)
    codings.pop_back();
  for (auto coding : codings)
    if (check_one_coding(coding) == message_error::malformed)
      return message_error::malformed;
  if (codings.empty())
    return std::nullopt;
  return message_error::coding;
}

std::optional<message_error> adapt_version(std::string& line, bool is_request) {
  constexpr std::size_t size = 8; // "HTTP/1.1"
  auto end = line.size() - 2;
  if (end < size)
    return message_error::malformed;
  auto start = is_request ? end - size : 0;
  auto version = std::string_view{line}.substr(start, size);
  if (!version.starts_with("HTTP/") || !is_digit(version[5])
      || version[6] != '.' || !is_digit(version[7]))
    return message_error::malformed;
  if (version[5] != '1')
    return message_error::version;
  line[start + 7] = std::min(line[start + 7], '1');
  return std::nullopt;
}

bool is_field_line(std::string_view line) {
  line.remove_suffix(2);
  auto colon = line.find(':');
  return colon != std::string_view::npos
         && is_safe_field(line.substr(0, colon), line.substr(colon + 1));
}

} // namespace wsrelay
