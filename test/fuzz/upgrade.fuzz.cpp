// The opening handshake's request: a line of method, then fields. What passes
// has all that RFC 6455 section 4.2.1 asks for, and Beast agrees on its key.
#include "protocol/upgrade.hpp"

#include "protocol/text.hpp"
#include "test/fuzz/http_lines.hpp"

#include <boost/beast/core/detail/base64.hpp>

#include <array>

using namespace wsrelay;
using fuzz::expect;

namespace {

bool any_has(const http_fields& fields, std::string_view name,
             std::string_view token) {
  return std::any_of(fields.begin(), fields.end(), [&](auto& field) {
    return same_field(field.first, name) && has_token(field.second, token);
  });
}

bool is_key(std::string_view text) {
  namespace base64 = boost::beast::detail::base64;
  std::array<char, 32> bytes;
  if (text.size() != 24)
    return false;
  auto [written, read] = base64::decode(bytes.data(), text.data(), 24);
  return written == 16 && read == 22 && text.ends_with("==");
}

bool asks(std::string_view method, const http_fields& fields) {
  return method == "GET" && any_has(fields, "Upgrade", "websocket")
         && any_has(fields, "Connection", "upgrade");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto method = in.line();
  auto fields = fuzz::take_fields(in);
  auto refused = check_upgrade(method, fields);
  auto key = find_field(fields, "Sec-WebSocket-Key");
  auto has_key = count_fields(fields, "Sec-WebSocket-Key") == 1 && is_key(*key);
  auto version = find_field(fields, "Sec-WebSocket-Version").value_or("");
  auto many = count_fields(fields, "Sec-WebSocket-Version") > 1
              || version.find(',') != version.npos;
  auto known = version == "13" && !many;
  expect(asks_upgrade(method, fields) == asks(method, fields), "who asks");
  expect(!refused == (asks(method, fields) && known && has_key),
         "who gets a WebSocket");
  if (refused)
    expect(refused->status
               == (asks(method, fields) && (known || many) ? 400u : 426u),
           "the status says what is wrong");
  return 0;
}
