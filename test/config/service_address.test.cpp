// Where a service listens, in each form, and back.
#include "config/service_address.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::service_address_test {

namespace {

/// "tcp HOST PORT", "unix PATH", "systemd NAME", or the failure.
std::string parse(std::string_view text) {
  auto address = parse_service_address(text);
  if (!address)
    return "! " + address.error().what;
  const listen_address none;
  CHECK((address->is_tcp() || address->tcp == none));
  if (!address->unix_path.empty())
    return "unix " + address->unix_path;
  if (!address->systemd_name.empty())
    return "systemd " + address->systemd_name;
  return "tcp " + address->tcp.host + " " + std::to_string(address->tcp.port);
}

/// A path of so many bytes.
std::string path(std::size_t size) {
  return "/" + std::string(size - 1, 'p');
}

constexpr std::string_view systemd_failure =
    "! must be systemd:NAME, a FileDescriptorName of a .socket unit";

} // namespace

TEST_CASE("an address without a scheme is one of TCP") {
  CHECK(parse("127.0.0.1:8080") == "tcp 127.0.0.1 8080");
  CHECK(parse("[::1]:9000") == "tcp ::1 9000");
  CHECK(parse(":80") == "tcp  80");
  CHECK(parse(":0") == "tcp  0");
  CHECK(parse("localhost:443") == "tcp localhost 443");
}

TEST_CASE("unix: is followed by a path from the root on") {
  CHECK(parse("unix:/run/relay.sock") == "unix /run/relay.sock");
  CHECK(parse("unix:/a") == "unix /a");
  CHECK(parse("unix:/a b:c") == "unix /a b:c");
  CHECK(parse("unix:/caf\xC3\xA9.sock") == "unix /caf\xC3\xA9.sock");
}

TEST_CASE("systemd: is followed by a name") {
  CHECK(parse("systemd:web") == "systemd web");
  CHECK(parse("systemd:wsrelay.socket") == "systemd wsrelay.socket");
  CHECK(parse("systemd:a b/c") == "systemd a b/c");
}

TEST_CASE("a default address is TCP's") {
  CHECK(service_address{}.is_tcp());
  CHECK(service_address{} == service_address{{"", 0}, "", ""});
  CHECK_FALSE(service_address{} == service_address{{}, "/a", ""});
  CHECK_FALSE(service_address{{}, "/a", ""}.is_tcp());
  CHECK_FALSE(service_address{{}, "", "a"}.is_tcp());
}

TEST_CASE("an address of each form prints as it is read") {
  for (auto text : {"127.0.0.1:8080", ":8080", "[::1]:0", "localhost:80",
                    "unix:/a", "unix:/run/wsrelay/relay.sock", "unix:/a b",
                    "systemd:web", "systemd:wsrelay.socket"}) {
    CAPTURE(text);
    auto address = parse_service_address(text);
    REQUIRE(address);
    CHECK(to_text(*address) == text);
    auto again = parse_service_address(to_text(*address));
    REQUIRE(again);
    CHECK(*again == *address);
  }
}

TEST_CASE("a unix path has at most 107 bytes") {
  CHECK(parse("unix:" + path(106)) == "unix " + path(106));
  CHECK(parse("unix:" + path(107)) == "unix " + path(107));
  CHECK(parse("unix:" + path(108))
        == "! must have a path of at most 107 bytes, not 108");
  CHECK(parse("unix:" + path(100'000))
        == "! must have a path of at most 107 bytes, not 100000");
}

TEST_CASE("a name of systemd has 1 to 255 bytes") {
  CHECK(parse("systemd:") == systemd_failure);
  CHECK(parse("systemd:n") == "systemd n");
  for (std::size_t size : {254, 255})
    CHECK(parse("systemd:" + std::string(size, 'n'))
          == "systemd " + std::string(size, 'n'));
  CHECK(parse("systemd:" + std::string(256, 'n')) == systemd_failure);
}

TEST_CASE("what is no path from the root on is refused") {
  CHECK(parse("unix:") == "! must be unix:/PATH, from the root on, not unix:");
  CHECK(parse("unix:relay.sock")
        == "! must be unix:/PATH, from the root on, not unix:relay.sock");
  CHECK(parse("unix:/run/")
        == "! must be unix:/PATH, from the root on, not unix:/run/");
  for (std::string text : {"/", "./a", "~/a", " /a", "@abstract", "//", "/a\n",
                           "/a\x7f", "/a\xFF", "/a\xC2\x9B"}) {
    CAPTURE(text);
    CHECK(parse("unix:" + text).starts_with("! must be unix:/PATH"));
  }
  CHECK(parse(std::string_view{"unix:\0/a", 8}).starts_with("! must be unix:"));
  CHECK(
      parse(std::string_view{"unix:/a\0b", 9}).starts_with("! must be unix:"));
}

TEST_CASE("a long path that is wrong is shown in part") {
  auto failed = parse("unix:" + std::string(1'000, 'p'));
  CHECK(failed.ends_with("unix:" + std::string(64, 'p')));
}

TEST_CASE("what is no FileDescriptorName is refused") {
  for (std::string text : {"a:b", ":", "a\n", "\x7f", "\xFF", "caf\xC3"}) {
    CAPTURE(text);
    CHECK(parse("systemd:" + text) == systemd_failure);
  }
}

TEST_CASE("a scheme is in lower case, and no other is known") {
  for (std::string text :
       {"UNIX:/a", "Unix:/a", "SYSTEMD:a", "tcp:127.0.0.1:80", "http://a:80",
        "/run/relay.sock", "unix", "systemd", ""}) {
    CAPTURE(text);
    CHECK(parse(text)
          == "! must be HOST:PORT, unix:/PATH or systemd:NAME, not " + text);
  }
}

} // namespace wsrelay::service_address_test
