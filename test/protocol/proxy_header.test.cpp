// What a proxy may say before its client's bytes, in both versions, and that
// more bytes never change what fewer have told.
#include "protocol/proxy_header.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace wsrelay::proxy_header_test {

namespace {

using namespace std::string_literals;

/// What was read, in one line: "failure", "more", "local", or the address.
std::string read(std::string_view bytes) {
  auto parsed = parse_proxy_header(bytes);
  if (!parsed)
    return "failure";
  if (!*parsed)
    return "more";
  const auto& header = **parsed;
  CHECK(header.size <= bytes.size());
  CHECK(header.is_local == header.address.empty());
  return (header.is_local ? "local" : header.address)
         + (header.is_tls ? " tls" : "");
}

const auto signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string short_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// A header of version 2 whose length is right.
std::string binary(char command, char family, const std::string& block) {
  return signature + command + family + short_bytes(block.size()) + block;
}

std::string field(char type, const std::string& value) {
  return type + short_bytes(value.size()) + value;
}

// From 198.51.100.7:50000 to 10.0.1.10:443.
const auto ipv4_block = "\xC6\x33\x64\x07\x0A\0\x01\x0A\xC3\x50\x01\xBB"s;
// From 2001:db8::7 to 2001:db8::1.
const auto ipv6_block = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x07"
                        + "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x01"
                        + "\xC3\x50\x01\xBB"s;
const auto unix_block = "/run/a"s + std::string(210, '\0');

std::string ipv4(const std::string& fields) {
  return binary('\x21', '\x11', ipv4_block + fields);
}

// As Amazon's Network Load Balancer writes it for a VPC endpoint: a checksum,
// the endpoint, padding. The sum is of another program.
const auto amazon_header = ipv4(field('\x03', "\xD4\x1B\x0A\x6E"s)
                                + field('\xEA', "\x01vpce-0123456789abcdef0"s)
                                + field('\x04', std::string(36, '\0')));

// As HAProxy's send-proxy-v2-ssl-cn writes it, with ALPN and the name asked.
const auto haproxy_header =
    ipv4(field('\x01', "http/1.1") + field('\x02', "example.com")
         + field('\x20', "\x01\0\0\0\0"s + field('\x21', "TLSv1.3")
                             + field('\x22', "client")
                             + field('\x23', "TLS_AES_128_GCM_SHA256")));

const std::vector<std::string> valid_headers = {
    "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", // nginx, HAProxy
    "PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n",
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN ::1 ::1 1 2\r\n",
    ipv4(""),
    binary('\x21', '\x21', ipv6_block),
    binary('\x21', '\x31', unix_block),
    binary('\x20', '\0', ""),
    amazon_header,
    haproxy_header,
};

std::string line(const std::string& rest) {
  return read("PROXY " + rest + "\r\n");
}

/// How many bytes of `bytes` are read before they fail, or npos.
std::size_t fails_after(const std::string& bytes) {
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    if (read(std::string_view{bytes}.substr(0, size)) == "failure")
      return size;
  return std::string::npos;
}

} // namespace

TEST_CASE("a line of version 1 tells the client's address") {
  CHECK(line("TCP4 192.168.0.1 192.168.0.11 56324 443") == "192.168.0.1");
  CHECK(line("TCP4 255.255.255.255 255.255.255.255 65535 65535")
        == "255.255.255.255");
  CHECK(line("TCP6 2001:DB8:0::0007 ::1 0 1") == "2001:db8::7");
  CHECK(line("TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535")
        == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST_CASE("an IPv4-mapped client is told as IPv4") {
  CHECK(line("TCP6 ::ffff:192.0.2.7 ::1 1 2") == "192.0.2.7");
  CHECK(line("TCP6 ::FFFF:c000:207 ::1 1 2") == "192.0.2.7");
  auto mapped = ipv6_block;
  mapped.replace(0, 16, std::string(10, '\0') + "\xFF\xFF\xC0\0\x02\x07"s);
  CHECK(read(binary('\x21', '\x21', mapped)) == "192.0.2.7");
  mapped[9] = '\x01'; // one bit off is none
  CHECK(read(binary('\x21', '\x21', mapped)) == "::1:ffff:c000:207");
}

TEST_CASE("a line that the proxy cannot fill is local, whatever it holds") {
  CHECK(line("UNKNOWN") == "local");
  CHECK(line("UNKNOWN ") == "local");
  CHECK(line("UNKNOWN ffff::1 what \x01\xFF\0 ever"s) == "local");
  CHECK(line("UNKNOWN\r") == "failure");
  CHECK(line("UNKNOWN a\nb") == "failure");
  CHECK(line("UNKNOWN a\rb") == "failure");
}

TEST_CASE("a line whose parts are not exactly so is a failure") {
  for (auto rest : {"TCP4",
                    "TCP4 ",
                    "TCP4 1.2.3.4",
                    "TCP4 1.2.3.4 1.2.3.4 1",
                    "TCP4 1.2.3.4 1.2.3.4 1 2 ",
                    "TCP4 1.2.3.4 1.2.3.4 1 2 3",
                    "TCP4  1.2.3.4 1.2.3.4 1 2",
                    "TCP4 1.2.3.4  1.2.3.4 1 2",
                    "TCP4 1.2.3.4 1.2.3.4 1  2",
                    "TCP4 1.2.3.4\t1.2.3.4 1 2",
                    "TCP4 01.2.3.4 1.2.3.4 1 2",
                    "TCP4 1.2.3.256 1.2.3.4 1 2",
                    "TCP4 1.2.3 1.2.3.4 1 2",
                    "TCP4 1.2.3.4 1.2.3.04 1 2",
                    "TCP4 ::1 ::1 1 2",
                    "TCP4 1.2.3.4 ::1 1 2",
                    "TCP6 1.2.3.4 ::1 1 2",
                    "TCP6 ::1 1.2.3.4 1 2",
                    "TCP6 ::1 ::1::1 1 2",
                    "TCP6 ::12345 ::1 1 2",
                    "TCP6 fe80::1%1 ::1 1 2",
                    "TCP6 [::1] ::1 1 2",
                    "TCP6 :: :: 1 2x",
                    "tcp4 1.2.3.4 1.2.3.4 1 2",
                    "TCP5 1.2.3.4 1.2.3.4 1 2",
                    "TCP 1.2.3.4 1.2.3.4 1 2",
                    "UDP4 1.2.3.4 1.2.3.4 1 2",
                    "unknown",
                    "UNKNOW",
                    "",
                    " UNKNOWN"}) {
    CAPTURE(rest);
    CHECK(line(rest) == "failure");
  }
  CHECK(read("proxy UNKNOWN\r\n") == "failure");
  CHECK(read("PROXY\r\n") == "failure");
  CHECK(line("TCP4 1.2.3.4\0 1.2.3.4 1 2"s) == "failure");
}

TEST_CASE("ports are 0 to 65535 without leading zeros") {
  for (auto port : {"0", "1", "9", "10", "65534", "65535"}) {
    CHECK(line("TCP4 1.2.3.4 5.6.7.8 1 "s + port) == "1.2.3.4");
    CHECK(line("TCP4 1.2.3.4 5.6.7.8 "s + port + " 1") == "1.2.3.4");
  }
  for (auto port : {"65536", "99999", "00", "01", "080", "", "-1", "+1", "a",
                    "18446744073709551617"}) {
    CAPTURE(port);
    CHECK(line("TCP4 1.2.3.4 5.6.7.8 1 "s + port) == "failure");
    CHECK(line("TCP4 1.2.3.4 5.6.7.8 "s + port + " 1") == "failure");
  }
}

TEST_CASE("a line ends with CR and LF, nothing else") {
  const auto text = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2"s;
  CHECK(read(text + "\r") == "more");
  CHECK(read(text + "\r\n") == "1.2.3.4");
  CHECK(read(text + "\n") == "failure");
  CHECK(read(text + "\r\r\n") == "failure");
  CHECK(read(text + "\rG") == "failure");
  CHECK(read(text + "\n\r\n") == "failure");
}

TEST_CASE("a line has 107 bytes at most") {
  auto unknown = [](std::size_t size) {
    return "PROXY UNKNOWN" + std::string(size - 13, 'x');
  };
  CHECK(read(unknown(104) + "\r\n") == "local");
  CHECK(read(unknown(105) + "\r\n") == "local");
  CHECK(read(unknown(106) + "\r\n") == "failure");
  // Without an end it fails once no end would fit.
  CHECK(read(unknown(105)) == "more");
  CHECK(read(unknown(105) + "\r") == "more");
  CHECK(fails_after(unknown(200)) == 106);
  CHECK(fails_after(unknown(106) + "\r\n") == 106);
}

TEST_CASE("what begins as no header fails at its first wrong byte") {
  CHECK(fails_after("GET / HTTP/1.1\r\n") == 1);
  CHECK(fails_after("\x16\x03\x01\x02\0"s) == 1);
  CHECK(fails_after("\r\n\r\nGET") == 5);
  CHECK(fails_after("\r\r") == 2);
  CHECK(fails_after("POST / HTTP/1.1\r\n") == 2);
  CHECK(fails_after("PROXY TCP5") == 10);
  CHECK(fails_after("PROXY TCP4\r\n") == 11);
  CHECK(fails_after("PROXY TC\r\n") == 9);
  CHECK(fails_after("PROXY TCP4 1:2") == 13);
  CHECK(fails_after("PROXY TCP6 1G") == 13);
  CHECK(fails_after("PROXY UNKNOWN\n") == 14);
  CHECK(fails_after("PROXY TCP4 1.2.3.4\r\n") == 19);
}

TEST_CASE("every prefix of a valid header asks for more") {
  for (const auto& header : valid_headers) {
    CAPTURE(header);
    CHECK(fails_after(header) == std::string::npos);
    for (std::size_t size = 0; size < header.size(); ++size)
      CHECK(read(std::string_view{header}.substr(0, size)) == "more");
  }
}

TEST_CASE("what follows a header is the client's and changes nothing") {
  for (const auto& header : valid_headers) {
    CAPTURE(header);
    auto alone = parse_proxy_header(header);
    REQUIRE(alone);
    REQUIRE(*alone);
    CHECK((*alone)->size == header.size());
    for (auto& after : {"G"s, "\r\n"s, header, std::string(5000, '\0')}) {
      auto longer = parse_proxy_header(header + after);
      REQUIRE(longer);
      CHECK(*longer == *alone);
    }
  }
}

TEST_CASE("every changed byte of a signature is a failure") {
  for (const auto& [whole, size] :
       {std::pair{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"s, 10},
        std::pair{"PROXY UNKNOWN\r\n"s, 13}, std::pair{ipv4(""), 12}})
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i)
      for (int mask : {0x08, 0x20, 0x80, 0xFF}) {
        auto changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ mask);
        CAPTURE(changed);
        // No mask makes another line of it: not TCP6 of TCP4.
        CHECK(fails_after(changed) == i + 1);
      }
}

TEST_CASE("version 2 tells the address of each stream family") {
  CHECK(read(ipv4("")) == "198.51.100.7");
  CHECK(read(binary('\x21', '\x21', ipv6_block)) == "2001:db8::7");
  CHECK(read(binary('\x21', '\x31', unix_block)) == "unix:");
}

TEST_CASE("another version or command is a failure at its byte") {
  for (int command = 0; command < 256; ++command) {
    auto start = signature + static_cast<char>(command);
    CAPTURE(command);
    CHECK(read(start)
          == (command == 0x20 || command == 0x21 ? "more" : "failure"));
  }
}

TEST_CASE("families without an address for a stream are local") {
  for (int family = 0; family < 256; ++family) {
    CAPTURE(family);
    bool assigned = family >> 4 <= 3 && (family & 0xF) <= 2;
    bool stream = family == 0x11 || family == 0x21 || family == 0x31;
    auto header = binary('\x21', static_cast<char>(family), unix_block);
    if (!assigned)
      CHECK(fails_after(header) == 14);
    else if (!stream)
      CHECK(read(header) == "local");
    if (assigned && !stream) // its block is not looked at
      CHECK(read(binary('\x21', static_cast<char>(family), "x")) == "local");
  }
}

TEST_CASE("LOCAL ignores its family and its block, but not their length") {
  for (int family = 0; family < 256; ++family)
    for (const auto& block : {""s, "x"s, ipv4_block, unix_block}) {
      auto header = binary('\x20', static_cast<char>(family), block);
      CHECK(read(header) == "local");
      CHECK((*parse_proxy_header(header + "GET"))->size == header.size());
    }
}

TEST_CASE("a block too short for its family fails when its length is known") {
  for (const auto& [family, size] :
       {std::pair{'\x11', 12u}, {'\x21', 36u}, {'\x31', 216u}}) {
    auto sized = [family = family](std::size_t length) {
      return binary('\x21', family, std::string(length, '\0'));
    };
    CHECK(fails_after(sized(0)) == 16);
    CHECK(fails_after(sized(size - 1)) == 16);
    CHECK(fails_after(sized(size)) == std::string::npos);
    CHECK(read(sized(size + 1)) == "failure"); // no field has one byte
  }
}

TEST_CASE("a header has 4096 bytes at most") {
  auto padding = max_proxy_header - ipv4("").size() - 3;
  CHECK(read(ipv4(field('\x04', std::string(padding - 1, 'x'))))
        == "198.51.100.7");
  auto longest = ipv4(field('\x04', std::string(padding, 'x')));
  CHECK(longest.size() == max_proxy_header);
  CHECK(read(longest) == "198.51.100.7");
  CHECK(read(longest.substr(0, max_proxy_header - 1)) == "more");
  CHECK(fails_after(ipv4(field('\x04', std::string(padding + 1, 'x')))) == 16);
  CHECK(read(signature + "\x20\0\x0F\xF0"s) == "more");
  CHECK(read(signature + "\x20\0\x0F\xF1"s) == "failure");
  CHECK(read(signature + "\x21\x11\xFF\xFF"s) == "failure");
}

TEST_CASE("additional fields must fill the header exactly") {
  CHECK(read(ipv4(field('\xE0', ""))) == "198.51.100.7");
  CHECK(read(ipv4(field('\xE0', "a") + field('\x05', "b"))) == "198.51.100.7");
  CHECK(read(ipv4("\x04")) == "failure");
  CHECK(read(ipv4("\x04\0"s)) == "failure");
  CHECK(read(ipv4("\x04\0\x01"s)) == "failure");
  CHECK(read(ipv4("\x04\0\x03xx"s)) == "failure");
  CHECK(read(ipv4("\x04\xFF\xFFxx"s)) == "failure");
  CHECK(read(ipv4(field('\x04', "xx") + "x")) == "failure");
  for (const auto& [family, block] :
       {std::pair{'\x21', ipv6_block}, {'\x31', unix_block}}) {
    auto with = [family = family, block = block](const std::string& fields) {
      return read(binary('\x21', family, block + fields));
    };
    CHECK(with(field('\x04', "")) == with(""));
    CHECK(with("\x04\0"s) == "failure");
  }
}

TEST_CASE("the client spoke TLS when the proxy's field says so") {
  CHECK(read(haproxy_header) == "198.51.100.7 tls");
  for (int client = 0; client < 256; ++client) {
    auto value = static_cast<char>(client) + "\0\0\0\x01"s; // not verified
    CHECK(read(ipv4(field('\x20', value)))
          == ((client & 1) != 0 ? "198.51.100.7 tls" : "198.51.100.7"));
  }
  CHECK(
      read(ipv4(field('\x20', "\x01\0\0\0\0"s) + field('\x20', "\0\0\0\0\0"s)))
      == "198.51.100.7 tls");
  CHECK(read(ipv4(field('\x20', ""))) == "failure");
  CHECK(read(ipv4(field('\x20', "\x01\0\0\0"s))) == "failure");
  CHECK(read(ipv4(field('\x04', field('\x20', "\x01\0\0\0\0"s))))
        == "198.51.100.7"); // within another field it is none
}

TEST_CASE("a checksum that is there holds") {
  CHECK(read(amazon_header) == "198.51.100.7");
  for (std::size_t i = 16; i < amazon_header.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = amazon_header;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      CAPTURE(i);
      // A type that is no longer the checksum's is skipped.
      CHECK(read(changed) == (i == 28 ? "198.51.100.7" : "failure"));
    }
}

TEST_CASE("a checksum has four bytes, and there is one") {
  auto sum = field('\x03', "\xD4\x1B\x0A\x6E"s);
  CHECK(read(ipv4(field('\x03', ""))) == "failure");
  CHECK(read(ipv4(field('\x03', "abc"))) == "failure");
  CHECK(read(ipv4(field('\x03', "abcde"))) == "failure");
  CHECK(read(ipv4(sum)) == "failure"); // of another header
  CHECK(read(ipv4(sum + sum)) == "failure");
  CHECK(read(ipv4(field('\x03', "\xD7\xD9\xC0\x5E"s))) == "198.51.100.7");
  // The last one would hold.
  CHECK(read(ipv4(field('\x03', "abcd") + field('\x03', "\x51\xD3\xC0\x7D"s)))
        == "failure");
}

} // namespace wsrelay::proxy_header_test
