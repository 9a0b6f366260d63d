// The paths of an admin listener, and who may ask for them.
#include "test/net/admin/admin_fixture.hpp"

#include "test/support/temporary_folder.hpp"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay::admin_host_test {

using namespace wsrelay::test;

namespace {

struct fixture : admin_fixture {};

struct with_token : admin_fixture {
  with_token() {
    folder.write("token", "0123456789abcdef\n");
    start_admin("  token_file: " + (folder / "token").string() + "\n");
  }

  unsigned status(const std::string& target, const std::string& authorization) {
    return get(target, {{"Authorization", authorization}}).status;
  }

  temporary_folder folder;
};

const std::vector<std::string> guarded{"/metrics", "/events", "/api/v1/node",
                                       "/api/v1/nothing", "/api"};

const std::vector<std::string> open_paths{"/healthz", "/openapi.json"};

} // namespace

// -- health -------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a node is healthy, and ready once it has been "
                           "asked") {
  start_admin();
  auto healthy = get("/healthz");
  CHECK(healthy.status == 200);
  CHECK(healthy.body == "ok\n");
  CHECK(healthy["Cache-Control"] == "no-store");
  CHECK(gets_soon("/readyz", "ready\n"));
  CHECK(holds_soon([this] { return get("/readyz").status == 200; }));
  CHECK(get("/readyz").body == "ready\n");
}

TEST_CASE_FIXTURE(fixture, "a node that drains is healthy and not ready") {
  start_admin({}, {}, "  drain: {lead: 1h, deadline: 2h}\n");
  REQUIRE(holds_soon([this] { return get("/readyz").status == 200; }));
  std::atomic<bool> is_enough{false};
  std::thread drain{[&] { relay->drain([&] { return is_enough.load(); }); }};
  CHECK(holds_soon([this] { return get("/readyz").status == 503; }));
  CHECK(get("/readyz").body == "draining\n");
  CHECK(get("/healthz").status == 200);
  CHECK(has(get("/metrics").body, "\nwsrelay_ready 0\n"));
  CHECK(has(get("/api/v1/node").body,
            R"("state":"draining","not_ready":["draining"])"));
  is_enough = true;
  drain.join();
}

TEST_CASE_FIXTURE(fixture,
                  "a node without an admin service has no URL of one") {
  start();
  CHECK(relay->admin_url() == "");
}

TEST_CASE_FIXTURE(fixture, "an admin service ends with its node, and comes "
                           "again") {
  start_admin();
  CHECK(get("/healthz").status == 200);
  relay->stop();
  CHECK(relay->admin_url() == "");
  REQUIRE(relay->start());
  port = port_of(relay->admin_url());
  CHECK(get("/healthz").status == 200);
}

// -- metrics ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a scrape has the families of a node at work") {
  start_admin();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  client.send("abc");
  REQUIRE(client.receive() == "abc");
  CHECK(http_get(relay->port(), "/none").status == 404);
  REQUIRE(gets_soon("/metrics", "\nwsrelay_loop_lag_seconds{"));
  auto answer = get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8");
  auto text = "\n" + answer.body;
  for (std::string line :
       {R"(wsrelay_ready 1)",
        R"(wsrelay_log_lines_lost_total )",
        R"(wsrelay_build_info{version=")",
        R"(wsrelay_connections{service="gateway",endpoint="to",)"
        R"(phase="relaying"} 1)",
        R"(wsrelay_connections{service="gateway",endpoint="to",)"
        R"(phase="parked"} 0)",
        R"(wsrelay_requests_total{service="gateway",endpoint="to"} 1)",
        R"(wsrelay_connections_opened_total{service="gateway",)"
        R"(endpoint="to"} 1)",
        R"(wsrelay_transfers_total{service="gateway",endpoint="to",)"
        R"(outcome="moved"} 0)",
        R"(wsrelay_messages_total{service="gateway",endpoint="to",)"
        R"(direction="in"} 1)",
        R"(wsrelay_messages_total{service="gateway",endpoint="to",)"
        R"(direction="out"} 1)",
        R"(wsrelay_message_bytes_total{service="gateway",endpoint="to",)"
        R"(direction="out"} 3)",
        R"(wsrelay_messages_dropped_total{service="gateway",endpoint="to"} 0)",
        R"(wsrelay_read_pauses_total{service="gateway",endpoint="to"} 0)",
        R"(wsrelay_accepts_total{service="gateway"} 2)",
        R"(wsrelay_sockets{service="gateway"} )",
        R"(wsrelay_sockets_max{service="gateway"} )",
        R"(wsrelay_refusals_total{service="gateway",check="path"} 1)",
        R"(wsrelay_limit_reached_total{service="gateway",limit=")",
        R"(wsrelay_limit_table_entries{service="gateway",table="keys"} 0)",
        R"(wsrelay_parked_bytes{service="gateway"} 0)",
        R"(wsrelay_loop_turn_seconds_bucket{service="gateway",loop="0",le=")",
        R"(wsrelay_output_queue_bytes{service="gateway",loop="0"} 0)",
        R"(wsrelay_target_runs_total{service="gateway",loop="0",)"
        R"(where="loop"} )",
        R"(wsrelay_directory_names )",
        R"(process_cpu_seconds_total )",
        R"(process_start_time_seconds )",
        R"(process_resident_memory_bytes )",
        R"(process_open_fds )",
        R"(process_max_fds )",
        R"(process_threads )"})
    CHECK_MESSAGE(has(text, "\n" + line), line);
  client.close();
  CHECK(gets_soon("/metrics",
                  R"(wsrelay_connections_closed_total{service="gateway",)"
                  R"(endpoint="to",cause="client_closed",code="1000"} 1)"));
}

TEST_CASE_FIXTURE(fixture, "what a scrape has of one thing stands once") {
  start_admin();
  auto text = get("/metrics").body;
  std::set<std::string> series, families;
  for (std::size_t at = 0; at < text.size();) {
    auto line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    if (line.starts_with("# TYPE "))
      CHECK_MESSAGE(families.insert(line).second, line);
    if (!line.empty() && !line.starts_with('#'))
      CHECK_MESSAGE(series.insert(line.substr(0, line.rfind(' '))).second,
                    line);
  }
  CHECK(!series.empty());
}

// -- methods and paths --------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "HEAD is answered like GET, without a body") {
  start_admin();
  for (std::string path :
       {"/healthz", "/metrics", "/api/v1/node", "/openapi.json"}) {
    CAPTURE(path);
    auto answer = ask_admin(port, "HEAD", path);
    CHECK(answer.status == 200);
    CHECK(answer.body == "");
    CHECK(answer["Content-Type"] == get(path)["Content-Type"]);
  }
  auto missing = ask_admin(port, "HEAD", "/api/v1/nothing");
  CHECK(missing.status == 404);
  CHECK(missing.body == "");
}

TEST_CASE_FIXTURE(fixture, "HEAD of a stream of events ends at once") {
  start_admin();
  auto answer = ask_admin(port, "HEAD", "/events");
  CHECK(answer.status == 200);
  CHECK(answer["Content-Type"] == "text/event-stream");
  CHECK(answer.body == "");
}

// RFC 9110 section 15.5.6: Allow must be there.
TEST_CASE_FIXTURE(fixture,
                  "another method is 405, and says which are allowed") {
  start_admin();
  for (std::string path :
       {"/healthz", "/readyz", "/metrics", "/events", "/api/v1/node",
        "/api/v1/connections", "/api/v1/connections/1%40x/events"}) {
    CAPTURE(path);
    auto answer = post(path, "{}");
    CHECK(is_problem(answer, 405, "method"));
    CHECK(answer["Allow"].starts_with("GET"));
  }
  for (std::string path : {"/api/v1/drain", "/api/v1/connections/1%40x/send",
                           "/api/v1/connections/1%40x/close",
                           "/api/v1/connections/1%40x/transfer"}) {
    CAPTURE(path);
    auto answer = get(path);
    CHECK(is_problem(answer, 405, "method"));
    CHECK(answer["Allow"] == "POST");
  }
}

TEST_CASE_FIXTURE(fixture, "what is not there is 404") {
  start_admin();
  for (std::string path : {"/api", "/api/", "/api/v1", "/api/v1/",
                           "/api/v1/nothing", "/api/v2/node", "/api/v1/node/",
                           "/api/v1/connections/", "/api/v1/connections/1%40x/",
                           "/api/v1/connections/1%40x/nothing", "/apis"}) {
    CAPTURE(path);
    CHECK(is_problem(get(path), 404, "path"));
  }
  CHECK(get("/nothing").status == 404);
  CHECK(get("/../healthz").status != 500);
}

TEST_CASE_FIXTURE(fixture, "a change is JSON, or 415") {
  start_admin();
  for (std::string type :
       {"", "text/plain", "application/jsonp",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "text/plain; application/json"}) {
    CAPTURE(type);
    header_list fields;
    if (!type.empty())
      fields = {{"Content-Type", type}};
    CHECK(is_problem(ask_admin(port, "POST", "/api/v1/connections/1%40x/close",
                               fields, "{}"),
                     415, "type"));
  }
  for (std::string type :
       {"application/json", "application/json; charset=utf-8",
        "application/json ;x=y"}) {
    CAPTURE(type);
    CHECK(
        ask_admin(port, "POST", "/api/v1/drain", {{"Content-Type", type}}, "{}")
            .status
        == 404);
  }
}

TEST_CASE_FIXTURE(fixture, "the page runs nothing of others and is nobody's "
                           "frame") {
  start_admin();
  auto answer = get("/openapi.json");
  CHECK(answer.status == 200);
  auto policy = answer["Content-Security-Policy"];
  CHECK(has(policy, "default-src 'none'"));
  CHECK(has(policy, "frame-ancestors 'none'"));
  CHECK_FALSE(has(policy, "unsafe"));
  CHECK(answer["X-Content-Type-Options"] == "nosniff");
  CHECK(answer["Referrer-Policy"] == "no-referrer");
}

// -- other sites --------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "without a token a node's names are addresses and "
                           "localhost") {
  start_admin();
  for (std::string host :
       {"localhost", "localhost:9090", "127.0.0.1", "127.0.0.1:9090", "[::1]",
        "[::1]:9090", "192.0.2.1:80"}) {
    CAPTURE(host);
    CHECK(get("/healthz", {{"Host", host}}).status == 200);
    CHECK(get("/api/v1/node", {{"Host", host}}).status == 200);
  }
  for (std::string host :
       {"evil.example", "evil.example:9090", "localhost.evil.example",
        "127.0.0.1.evil.example", "127.evil.example"}) {
    CAPTURE(host);
    CHECK(is_problem(get("/api/v1/node", {{"Host", host}}), 403, "host"));
    CHECK(is_problem(get("/", {{"Host", host}}), 403, "host"));
    CHECK(
        is_problem(post("/api/v1/drain", "{}", {{"Host", host}}), 403, "host"));
  }
}

TEST_CASE_FIXTURE(fixture, "no other site's page may change anything") {
  start_admin();
  auto host = fmt::format("localhost:{}", port);
  auto status = [&](std::string origin) {
    return post("/api/v1/drain", "{}", {{"Host", host}, {"Origin", origin}})
        .status;
  };
  CHECK(status("http://" + host) == 404); // nobody takes the order
  CHECK(status("https://" + host) == 404);
  for (std::string origin : {"null", "http://localhost", "http://evil.example",
                             "http://localhost:1", "ftp://localhost"}) {
    CAPTURE(origin);
    CHECK(status(origin) == 403);
  }
  CHECK(get("/api/v1/node", {{"Origin", "http://evil.example"}}).status
        == 200); // who may not read it
}

// -- the token ----------------------------------------------------------------

TEST_CASE_FIXTURE(with_token, "without the token a node tells only that it "
                              "lives") {
  for (auto& path : open_paths)
    CHECK(get(path).status == 200);
  CHECK(get("/").status != 401); // the page
  CHECK((get("/readyz").status == 200 || get("/readyz").status == 503));
  for (auto& path : guarded) {
    CAPTURE(path);
    auto answer = get(path);
    CHECK(is_problem(answer, 401, "token"));
    CHECK(answer["WWW-Authenticate"] == "Bearer");
  }
  CHECK(is_problem(post("/api/v1/drain", "{}"), 401, "token"));
}

TEST_CASE_FIXTURE(with_token, "a wrong token is none") {
  for (std::string value :
       {"Bearer", "Bearer ", "Bearer 0123456789abcde", "0123456789abcdef",
        "Bearer 0123456789abcdefg", "Bearer 0123456789abcdeF",
        "Bearer  0123456789abcdef", "Basic 0123456789abcdef",
        "Bearer 0123456789abcdef, x"}) {
    CAPTURE(value);
    for (auto& path : guarded)
      CHECK(status(path, value) == 401);
  }
}

TEST_CASE_FIXTURE(with_token, "the token opens everything, by any name") {
  for (std::string value :
       {"Bearer 0123456789abcdef", "bearer 0123456789abcdef",
        "BEARER 0123456789abcdef"})
    CHECK(status("/api/v1/node", value) == 200);
  header_list fields{{"Authorization", "Bearer 0123456789abcdef"},
                     {"Host", "relay.example"}};
  CHECK(get("/metrics", fields).status == 200);
  CHECK(get("/api/v1/nothing", fields).status == 404);
  CHECK(post("/api/v1/drain", "{}", fields).status == 404);
  CHECK(get("/healthz", {{"Host", "relay.example"}}).status == 200);
}

TEST_CASE_FIXTURE(with_token, "no spelling of a path goes around the token") {
  for (std::string path :
       {"/%61pi/v1/node", "//api/v1/node", "/./api/v1/node",
        "/x/../api/v1/node", "/%6detrics", "/api%2fv1/node", "/API/v1/node",
        "/metrics?x", "/events?x", "/metrics/", "/events/"}) {
    CAPTURE(path);
    auto answer = get(path);
    CHECK(answer.status >= 300);
    CHECK_FALSE(has(answer.body, "wsrelay_"));
    CHECK_FALSE(has(answer.body, "\"state\""));
  }
}

} // namespace wsrelay::admin_host_test
