// The command line: what is read, and what is refused with code 2.
#include "tools/bench/options.hpp"
#include "tools/bench/upgrade_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

namespace wsrelay::bench::options_test {

namespace {

constexpr auto target = "ws://127.0.0.1:9000/ws/echo?room=1";

options parsed(std::vector<std::string> args) {
  args.emplace_back(target);
  auto result = parse_options(std::move(args));
  if (auto* exit = std::get_if<early_exit>(&result))
    FAIL(exit->text);
  return std::get<options>(result);
}

// Returns the error's text, "" when there is none.
std::string refused(std::vector<std::string> args) {
  auto result = parse_options(std::move(args));
  auto* exit = std::get_if<early_exit>(&result);
  if (!exit)
    return {};
  CHECK(exit->code == 2);
  CHECK(!exit->text.empty());
  return exit->text;
}

std::string refused_with(std::vector<std::string> args) {
  args.emplace_back(target);
  return refused(std::move(args));
}

std::string url_error(const std::string& text) {
  url out;
  return parse_url(text, out);
}

} // namespace

TEST_CASE("without options the defaults hold") {
  auto opts = parsed({});
  CHECK(opts.target.host == "127.0.0.1");
  CHECK(opts.target.port == "9000");
  CHECK(opts.target.path == "/ws/echo?room=1");
  CHECK(opts.mode == mode::echo);
  CHECK(opts.connections == 100);
  CHECK(opts.outstanding == 1);
  CHECK(opts.size == 125);
  CHECK(opts.duration == 10'000'000'000);
  CHECK(opts.warmup == 1'000'000'000);
  CHECK(!opts.text);
  CHECK(!opts.verify);
}

TEST_CASE("times and sizes have units") {
  auto opts =
      parsed({"--duration", "1500ms", "--warmup", "0s", "--size", "16KiB"});
  CHECK(opts.duration == 1'500'000'000);
  CHECK(opts.warmup == 0);
  CHECK(opts.size == 16384);
  CHECK(parsed({"--duration", "2m"}).duration == 120'000'000'000);
  CHECK(parsed({"--duration=3"}).duration == 3'000'000'000);
}

TEST_CASE("a number of messages replaces warm-up and duration") {
  auto opts = parsed({"--messages", "1000"});
  CHECK(opts.messages == 1000);
  CHECK(opts.warmup == 0);
  CHECK(opts.duration > 3'600'000'000'000);
  opts = parsed({"--messages", "5", "--warmup", "1s", "--duration", "2s"});
  CHECK(opts.warmup == 1'000'000'000);
  CHECK(opts.duration == 2'000'000'000);
}

TEST_CASE("headers and the origin go into the request in order") {
  auto opts = parsed({"--header", "X-A: 1", "--header", "X-B: two words",
                      "--origin", "https://app.example.com"});
  auto request = make_upgrade_request(opts);
  CHECK(request.starts_with("GET /ws/echo?room=1 HTTP/1.1\r\n"
                            "Host: 127.0.0.1:9000\r\n"));
  CHECK(request.ends_with("X-A: 1\r\nX-B: two words\r\n"
                          "Origin: https://app.example.com\r\n\r\n"));
}

TEST_CASE("every mode has a name") {
  for (auto name : {"echo", "fanout", "idle", "handshake"})
    CHECK(std::string{to_text(parsed({"--mode", name}).mode)} == name);
}

TEST_CASE("bad arguments are refused") {
  CHECK(refused({}) != "");
  CHECK(refused_with({"--connections", "0"}) != "");
  CHECK(refused_with({"--connections", "many"}) != "");
  CHECK(refused_with({"--connections", "-1"}) != "");
  CHECK(refused_with({"--outstanding", "0"}) != "");
  CHECK(refused_with({"--outstanding", "65537"}) != "");
  CHECK(refused_with({"--size", "2GiB"}) != "");
  CHECK(refused_with({"--size", "-1"}) != "");
  CHECK(refused_with({"--duration", "0s"}) != "");
  CHECK(refused_with({"--duration", "3 weeks"}) != "");
  CHECK(refused_with({"--mode", "chat"}) != "");
  CHECK(refused_with({"--text", "--binary"}) != "");
  CHECK(refused_with({"--rate", "-5"}) != "");
  CHECK(refused_with({"--header", "no colon"}) != "");
  CHECK(refused_with({"--header", "X: a\r\nY: b"}) != "");
  CHECK(refused_with({"--server-pid", "0"}) != "");
  CHECK(refused_with({"--unknown"}) != "");
  CHECK(refused_with({"ws://second.example.com/"}) != "");
}

TEST_CASE("options that do not go together are refused") {
  CHECK(refused_with({"--mode", "idle", "--rate", "5"}) != "");
  CHECK(refused_with({"--mode", "handshake", "--rate", "5"}) != "");
  CHECK(refused_with({"--mode", "fanout", "--outstanding", "2"}) != "");
  CHECK(refused_with({"--mode", "idle", "--messages", "2"}) != "");
}

TEST_CASE("help is not an error") {
  auto result = parse_options({"--help"});
  REQUIRE(std::holds_alternative<early_exit>(result));
  CHECK(std::get<early_exit>(result).code == 0);
}

TEST_CASE("a URL has a host, a port or 80, a path or a slash") {
  url out;
  CHECK(parse_url("wss://example.com", out) == "");
  CHECK(out.tls);
  CHECK(out.port == "443");
  CHECK(parse_url("wss://example.com:8443/x", out) == "");
  CHECK(out.port == "8443");
  CHECK(parse_url("ws://example.com", out) == "");
  CHECK(!out.tls);
  CHECK(out.host == "example.com");
  CHECK(out.port == "80");
  CHECK(out.path == "/");
  CHECK(parse_url("ws://[::1]:81?a=b", out) == "");
  CHECK(out.host == "::1");
  CHECK(out.port == "81");
  CHECK(out.path == "/?a=b");
}

TEST_CASE("a bad URL is refused") {
  CHECK(url_error("http://example.com/") != "");
  CHECK(url_error("https://example.com/") != "");
  CHECK(url_error("http://a/") != "");
  CHECK(url_error("ws://") != "");
  CHECK(url_error("ws:///path") != "");
  CHECK(url_error("ws://:80/") != "");
  CHECK(url_error("ws://[]/") != "");
  CHECK(url_error("ws://[::1/") != "");
  CHECK(url_error("ws://a:0/") != "");
  CHECK(url_error("ws://a:65536/") != "");
  CHECK(url_error("ws://a:80x/") != "");
  CHECK(url_error("ws://a:/") != "");
  CHECK(url_error("ws://u:p@a/") != "");
  CHECK(url_error("ws://a/b c") != "");
  CHECK(url_error("ws://a/#b") != "");
}

} // namespace wsrelay::bench::options_test
