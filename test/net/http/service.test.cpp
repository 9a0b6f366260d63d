// What the log says of what was refused.
#include "net/http/service.hpp"

#include "test/support/line_sink.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::service_test {

namespace {

struct fixture : test::captured_log {
  fixture() {
    auto config = std::make_shared<relay_config>();
    config->services.push_back({.name = "gateway"});
    owner.emplace(config, config->services.front(), caf::actor{});
  }

  std::string refused(const problem& why, const refused_request& what) {
    owner->log_refusal(why, what);
    REQUIRE(!sink->lines.empty());
    return sink->lines.back();
  }

  std::optional<service> owner;
};

const problem bad_origin{403, "origin", "the origin is not allowed here"};

} // namespace

TEST_CASE_FIXTURE(fixture, "a refusal's line says which check, who and where") {
  CHECK(refused({404, "path", "there is nothing here"}, {"192.0.2.1"})
        == "request refused: check=path status=404 address=192.0.2.1 "
           "endpoint=- service="
               + owner->settings.name + " reason=\"there is nothing here\"");
}

TEST_CASE_FIXTURE(fixture, "a handshake that failed leaves a line") {
  owner->log_handshake("tls", "no shared \"cipher\"", "192.0.2.1");
  REQUIRE(!sink->lines.empty());
  CHECK(sink->lines.back()
        == "TLS handshake failed: check=tls address=192.0.2.1 service="
               + owner->settings.name + " reason=\"no shared \\\"cipher\\\"\"");
}

TEST_CASE_FIXTURE(fixture, "and method and path where no endpoint tells") {
  auto line = refused({404, "path", "there is nothing here"},
                      {.address = "192.0.2.1",
                       .method = "GET",
                       .path = "/ws/\"x\" status=200"});
  CHECK(line
        == "request refused: check=path status=404 address=192.0.2.1 "
           "endpoint=- service="
               + owner->settings.name
               + " method=GET path=\"/ws/\\\"x\\\" status=200\" "
                 "reason=\"there is nothing here\"");
}

TEST_CASE_FIXTURE(fixture, "and the relay's own origin beside another one") {
  CHECK(refused(bad_origin, {.address = "192.0.2.1",
                             .endpoint = "echo",
                             .culprit = "https://a.example",
                             .own = "http://a.example"})
            .ends_with(" origin=\"https://a.example\" "
                       "own=\"http://a.example\""));
}

TEST_CASE_FIXTURE(fixture, "the reason is the client's, 256 bytes of it") {
  for (auto size : {255u, 256u, 257u}) {
    auto line = refused({400, "command", std::string(size, 'x')},
                        {"192.0.2.1", "proxied"});
    auto logged = std::string(std::min(size, 256u), 'x');
    CHECK(line.ends_with(" endpoint=proxied reason=\"" + logged + "\""));
  }
}

TEST_CASE_FIXTURE(fixture, "and the origin or target that was refused") {
  CHECK(refused(bad_origin, {"192.0.2.1", "echo", "https://evil.example"})
        == "request refused: check=origin status=403 address=192.0.2.1 "
           "endpoint=echo reason=\"the origin is not allowed here\" "
           "origin=\"https://evil.example\"");
}

TEST_CASE_FIXTURE(fixture, "which cannot look like another part of the line") {
  CHECK(refused(bad_origin, {"192.0.2.1", "echo", "x\" status=200\r\n\xff"})
            .ends_with(" origin=\"x\\\" status=200\\r\\n\uFFFD\""));
}

TEST_CASE_FIXTURE(fixture, "of which 256 bytes are logged") {
  for (auto size : {255u, 256u, 257u}) {
    auto line =
        refused(bad_origin, {"192.0.2.1", "echo", std::string(size, 'x')});
    auto logged = std::string(std::min(size, 256u), 'x');
    CHECK(line.ends_with(" origin=\"" + logged + "\""));
  }
}

TEST_CASE_FIXTURE(fixture, "an answer that was cut off has a line, too") {
  owner->log_cut_off("write_timeout", "192.0.2.1");
  REQUIRE(sink->lines.size() == 1);
  CHECK(sink->lines[0]
        == "answer cut off: check=write_timeout address=192.0.2.1");
}

TEST_CASE_FIXTURE(fixture, "each reason has ten lines in a while") {
  for (int i = 0; i < 11; ++i) {
    owner->log_cut_off("write_timeout", "192.0.2.1");
    owner->log_refusal(bad_origin, {"192.0.2.1"});
  }
  CHECK(sink->lines.size() == 20);
}

TEST_CASE_FIXTURE(fixture, "what a handler does wrong is a warning") {
  owner->log_fault("relay command is invalid", "echo", "no \"target\"");
  owner->log_fault("handler's answer has too large fields", "echo", "");
  REQUIRE(sink->lines.size() == 2);
  CHECK(sink->lines[0]
        == "relay command is invalid: endpoint=echo "
           "reason=\"no \\\"target\\\"\" hint=\"its client gets an error; its "
           "form: actors/MESSAGES.md\"");
  CHECK(sink->lines[1]
        == "handler's answer has too large fields: endpoint=echo hint=\"its "
           "client gets an error; let it send fewer or shorter fields\"");
}

TEST_CASE_FIXTURE(fixture, "a WebSocket where none can come of it has a line") {
  for (int i = 0; i < 11; ++i)
    owner->log_no_relay("api", "plain");
  CHECK(sink->lines.size() == 10);
  CHECK(sink->lines[0]
        == "a WebSocket was asked for, its router has no websocket_relay: "
           "endpoint=api router=plain");
}

TEST_CASE_FIXTURE(fixture, "with ten lines for each endpoint in a while") {
  const std::string long_name(100, 'x');
  for (int i = 0; i < 11; ++i) {
    owner->log_fault("handler failed", long_name + "1", "down");
    owner->log_fault("handler failed", long_name + "2", "down");
    owner->log_fault("relay command is invalid", long_name + "1", "empty");
  }
  CHECK(sink->lines.size() == 30);
}

} // namespace wsrelay::service_test
