// The answer 101.
#include "net/ws/handshake.hpp"

#include <doctest/doctest.h>

namespace wsrelay::handshake_test {

TEST_CASE("the key of RFC 6455 section 1.3 is accepted with the value that "
          "stands there") {
  CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==")
        == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("every key has its own value, always of 28 characters") {
  CHECK(accept_key("x3JJHMbDL1EzLkh9GBhXDw==")
        == "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
  for (std::string key : {"", "a", "not of 16 bytes, but somebody checked"})
    CHECK(accept_key(key).size() == 28);
}

TEST_CASE("the answer is 101 with the fields of RFC 6455 section 4.2.2") {
  CHECK(make_switching_protocols("dGhlIHNhbXBsZSBub25jZQ==", {})
        == "HTTP/1.1 101 Switching Protocols\r\n"
           "Upgrade: websocket\r\n"
           "Connection: Upgrade\r\n"
           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
           "Server: wsrelay\r\n"
           "\r\n");
}

TEST_CASE("the handler's fields follow in their order, also equal ones") {
  http_fields fields{
      {"Set-Cookie", "a=1"}, {"X-Empty", ""}, {"Set-Cookie", "b=2"}};
  auto answer = make_switching_protocols("dGhlIHNhbXBsZSBub25jZQ==", fields);
  CHECK(answer.ends_with("Server: wsrelay\r\n"
                         "Set-Cookie: a=1\r\n"
                         "X-Empty: \r\n"
                         "Set-Cookie: b=2\r\n"
                         "\r\n"));
}

} // namespace wsrelay::handshake_test
