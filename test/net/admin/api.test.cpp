// What the API answers and does, over sockets.
#include "test/net/admin/admin_fixture.hpp"
#include "test/support/line_sink.hpp"

#include <atomic>

namespace wsrelay::api_test {

using namespace wsrelay::test;

namespace {

struct fixture : admin_fixture {
  // Where the only connection is.
  std::string path() { return api_path_of(pid()); }
};

} // namespace

// -- what there is ------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the node tells of itself") {
  start_admin();
  auto answer = get("/api/v1/node");
  CHECK(answer.status == 200);
  CHECK(answer["Content-Type"] == "application/json");
  CHECK(answer["Cache-Control"] == "no-store");
  CHECK(has(answer.body, R"("name":"gateway","version":")"));
  CHECK(has(answer.body, R"("state":"ready")"));
  CHECK(has(answer.body, R"("services":[{"name":"gateway","urls":["http://)"));
  CHECK(gets_soon("/api/v1/node", R"("not_ready":[])"));
}

TEST_CASE_FIXTURE(fixture, "connections are listed, filtered and sorted") {
  start_admin();
  CHECK(gets_soon("/api/v1/connections",
                  R"({"total":0,"matched":0,"missing":[],"connections":[]})"));
  auto one = connect("/ws/to/echo"), other = connect("/ws/to/echo");
  CHECK(gets_soon("/api/v1/connections", R"("total":2,"matched":2)"));
  auto all = get("/api/v1/connections?sort=-pid&limit=1&endpoint=to");
  CHECK(has(all.body, R"("total":2,"matched":2)"));
  CHECK(has(all.body, R"("address":"127.0.0.1","endpoint":"to")"));
  CHECK(has(all.body, R"("target_name":"echo")"));
  CHECK_FALSE(has(all.body, R"("metadata")"));
  CHECK(has(get("/api/v1/connections?target=nobody").body,
            R"("total":2,"matched":0)"));
  CHECK(gets_soon("/api/v1/connections?metadata=user",
                  R"("total":2,"matched":0)"));
  CHECK(is_problem(get("/api/v1/connections?sort=phase"), 400, "request"));
  CHECK(is_problem(get("/api/v1/connections?limit=1001"), 400, "request"));
  CHECK(get("/api/v1/connections?limit=1000").status == 200);
  CHECK(is_problem(get("/api/v1/connections?metadata="), 400, "request"));
  CHECK(is_problem(get("/api/v1/connections?metadata==x"), 400, "request"));
  CHECK(is_problem(get("/api/v1/connections?endpont=to"), 400, "request"));
  CHECK(is_problem(get("/api/v1/node?x=1"), 400, "request"));
}

TEST_CASE_FIXTURE(fixture, "a listing has the metadata where that is asked "
                           "for") {
  start_admin({},
              "- name: described\n  kind: http.endpoint\n"
              "  meta: {router: ws}\n  path: /described/{user}\n"
              "  relay: {target_pid: echo, metadata: {user: \"{user}\"}}\n");
  auto one = connect("/ws/described/ann"), other = connect("/ws/described/bob");
  REQUIRE(other.answer().status == 101);
  CHECK(gets_soon("/api/v1/connections?metadata=user", R"("matched":2)"));
  auto found = get("/api/v1/connections?metadata=user%3Dann").body;
  CHECK(has(found, R"("matched":1)"));
  CHECK(has(found, R"("metadata":{"user":"ann"})"));
}

TEST_CASE_FIXTURE(fixture, "a connection is inspected, and how it ended as "
                           "well") {
  start_admin();
  auto client = connect("/ws/to/echo");
  client.send("abc");
  REQUIRE(client.receive() == "abc");
  auto where = path();
  auto alive = get(where);
  CHECK(alive.status == 200);
  CHECK(has(alive.body, R"("endpoint":"to","phase":"relaying")"));
  CHECK(has(alive.body, R"("messages_in":1,"bytes_in":3)"));
  CHECK(has(alive.body, R"("metadata":{})"));
  CHECK(has(alive.body, R"("what":"joined")"));
  CHECK_FALSE(has(alive.body, "cause"));
  client.close(4001);
  CHECK(gets_soon(where, R"("phase":"ended")"));
  auto ended = get(where);
  CHECK(has(ended.body, R"("cause":"client_closed","code":4001)"));
  CHECK(has(ended.body, R"("what":"closed")"));
  CHECK(has(get("/api/v1/ended").body, R"("cause":"client_closed")"));
  CHECK(has(get("/api/v1/ended?limit=0").body, R"({"ended":[]})"));
  CHECK(is_problem(get("/api/v1/ended?limit=10001"), 400, "request"));
}

TEST_CASE_FIXTURE(fixture, "a connection that never was is 404") {
  start_admin();
  auto where = api_path_of("999999@" + to_string(system.node()));
  for (auto& target : {where, std::string{"/api/v1/connections/x"},
                       std::string{"/api/v1/connections/0%40x"},
                       std::string{"/api/v1/connections/events"}}) {
    CAPTURE(target);
    CHECK(get(target).status == 404);
    CHECK(get(target)["Content-Type"] == "application/problem+json");
  }
  CHECK(post(where + "/send", R"({"data":"x"})").status == 404);
  CHECK(post(where + "/close", "{}").status == 404);
  CHECK(post(where + "/transfer", R"({"target":"echo"})").status == 404);
}

TEST_CASE_FIXTURE(fixture, "targets, peers and the history are listed") {
  start_admin();
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  CHECK(gets_soon("/api/v1/targets", R"({"name":"echo","pid":")"));
  CHECK(gets_soon("/api/v1/targets", R"("node":"gateway","connections":1})"));
  CHECK_FALSE(has(get("/api/v1/targets").body, "wsrelay."));
  CHECK(get("/api/v1/peers").body == "{\"peers\":[]}\n");
  CHECK(gets_soon("/api/v1/history", R"("points":[{"t":)"));
  auto history = get("/api/v1/history").body;
  CHECK(history.starts_with(R"({"period_ms":2000,"points":[)"));
  CHECK(has(history, R"("connections":1,"parked":0,"opened":)"));
}

TEST_CASE_FIXTURE(fixture, "the configuration is told, but no secret of it") {
  start_admin({},
              "- name: signed\n  kind: http.endpoint\n"
              "  meta: {router: ws}\n  path: /signed\n"
              "  trusted_header: true\n  secret: hunter2-hunter2-hunter2\n",
              "  trusted_proxies: [192.0.2.1]\n");
  auto answer = get("/api/v1/config");
  CHECK(answer.status == 200);
  CHECK(answer["Content-Type"] == "text/yaml; charset=utf-8");
  CHECK(has(answer.body, "kind: admin.service"));
  CHECK(has(answer.body, "kind: http.endpoint"));
  CHECK_FALSE(has(answer.body, "hunter2"));
}

// -- what it does -------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a client gets what is sent to it") {
  start_admin();
  auto client = connect("/ws/to/echo");
  auto send = path() + "/send";
  auto answer = post(send, R"({"data":"gr\u00fcn"})");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{\"ok\":true}\n");
  CHECK(client.receive() == "grün");
  CHECK(post(send, R"({"type":"binary","data_base64":"/+8="})").status == 200);
  CHECK(client.receive() == "\xff\xef");
  CHECK(post(send, R"({"data":""})").status == 200);
  CHECK(client.receive() == "");
  for (std::string bad :
       {"", "[]", "{}", "x", R"({"data":1})", R"({"dat":"x"})",
        R"({"data":"x","data_base64":"eA=="})", R"({"data_base64":"x"})",
        R"({"data":"x","type":"ping"})", R"({"data":"x","more":1})"}) {
    CAPTURE(bad);
    CHECK(is_problem(post(send, bad), 400, "request"));
  }
  CHECK(
      is_problem(post(send, R"({"data_base64":"/+8="})"), 409, "invalid_utf8"));
}

TEST_CASE_FIXTURE(fixture, "a connection is closed with a code and a reason") {
  start_admin();
  auto client = connect("/ws/to/echo");
  auto close = path() + "/close";
  for (std::string bad :
       {"{\"code\":5000}", "{\"code\":-1}", "{\"code\":\"x\"}",
        "{\"reason\":1}", "{\"why\":\"x\"}"}) {
    CAPTURE(bad);
    CHECK(is_problem(post(close, bad), 400, "request"));
  }
  for (std::string bad : {"{\"code\":0}", "{\"code\":999}", "{\"code\":1005}",
                          "{\"code\":1006}"}) {
    CAPTURE(bad);
    CHECK(is_problem(post(close, bad), 409, "invalid_close"));
  }
  CHECK(post(close, R"({"code":4001,"reason":"bye"})").status == 200);
  CHECK(client.wait_for_close() == 4001);
}

TEST_CASE_FIXTURE(fixture, "a close without more is normal") {
  start_admin();
  auto client = connect("/ws/to/echo");
  CHECK(post(path() + "/close", "{}").status == 200);
  CHECK(client.wait_for_close() == 1000);
}

TEST_CASE_FIXTURE(fixture, "a connection moves to another target") {
  start_admin();
  add("other", system.spawn([](caf::event_based_actor* self) {
    return caf::behavior{
        [](const ws_join&) {},
        [self](const ws_message& x) {
          self->send(x.client, ws_send{message_type::text, "other"});
        },
        [](const ws_leave&) {}};
  }));
  auto client = connect("/ws/to/echo");
  auto move = path() + "/transfer";
  CHECK(
      is_problem(post(move, R"({"target":"nobody"})"), 404, "no_such_target"));
  for (std::string bad :
       {"{}", R"({"target":""})", R"({"target":1})", R"({"to":"other"})"})
    CHECK(is_problem(post(move, bad), 400, "request"));
  CHECK(post(move, R"({"target":"other"})").status == 200);
  client.send("x");
  CHECK(client.receive() == "other");
  CHECK(gets_soon("/metrics", R"(outcome="moved"} 1)"));
  CHECK(gets_soon("/metrics", R"(outcome="failed"} 1)"));
}

TEST_CASE_FIXTURE(fixture, "what an operator orders is told, and nothing that "
                           "passes through") {
  start_admin();
  captured_log log;
  auto client = connect("/ws/to/echo");
  REQUIRE(client.answer().status == 101);
  auto who = pid();
  auto of = [&](std::string_view what, const std::string& more = {}) {
    return log.sink->has(fmt::format("operator: what={} pid={}{} address="
                                     "127.0.0.1",
                                     what, who, more));
  };
  REQUIRE(post(path() + "/send", R"({"data":"SECRET"})").status == 200);
  CHECK(of("send"));
  auto refused = post(path() + "/transfer", R"({"target":"no one"})");
  CHECK(is_problem(refused, 404, "no_such_target"));
  CHECK(has(refused.body, who + " to no one: no such target"));
  CHECK(of("transfer", R"( target="no one")"));
  REQUIRE(post(path() + "/close", R"({"code":4001,"reason":"SECRET"})").status
          == 200);
  CHECK(of("close", " code=4001"));
  post("/api/v1/reload", "{}");
  CHECK(log.sink->has("operator: what=reload address=127.0.0.1"));
  relay->on_drain_order([] {});
  post("/api/v1/drain", "{}");
  CHECK(log.sink->has("operator: what=drain address=127.0.0.1"));
  post("/api/v1/log", R"({"level":"info","part":"node"})");
  CHECK(log.sink->has(
      "operator: what=log level=info part=node address=127.0.0.1"));
  auto count = log.sink->count("operator: ");
  CHECK(count == 6);
  get("/api/v1/log");
  post(api_path_of("999999@" + to_string(system.node())) + "/close", "{}");
  CHECK(log.sink->count("operator: ") == count); // nothing to change
  CHECK_FALSE(log.sink->has("SECRET"));
}

TEST_CASE_FIXTURE(fixture, "the node drains when it is told to, where somebody "
                           "takes the order") {
  start_admin();
  CHECK(is_problem(post("/api/v1/drain", "{}"), 404, "no_such_target"));
  std::atomic<int> orders{0};
  relay->on_drain_order([&] { ++orders; });
  CHECK(is_problem(post("/api/v1/drain", R"({"now":true})"), 400, "request"));
  CHECK(orders == 0);
  auto answer = post("/api/v1/drain", "{}");
  CHECK(answer.status == 202);
  CHECK(answer.body == "{\"ok\":true}\n");
  CHECK(holds_soon([&] { return orders == 1; }));
}

} // namespace wsrelay::api_test
