// Targets of a running node: slow ones, moved ones, heartbeats.
#include "test/net/node_fixture.hpp"

#include <atomic>

namespace wsrelay::node_relay_test {

using namespace wsrelay::test;

namespace {

struct message_log {
  void add(std::uint64_t seq, std::string_view text) {
    std::unique_lock guard{mutex};
    seqs.push_back(seq);
    texts.emplace_back(text);
  }
  std::size_t size() {
    std::unique_lock guard{mutex};
    return seqs.size();
  }

  std::mutex mutex;
  std::vector<std::uint64_t> seqs;
  std::vector<std::string> texts;
  std::atomic<int> heartbeats{0};
};

using shared_log = std::shared_ptr<message_log>;

// Writes messages to a log, and moves the connection after every tenth.
caf::behavior logging(caf::event_based_actor* self, shared_log log,
                      std::string next) {
  return {
      [](const ws_join&) {},
      [=](const ws_message& message) {
        log->add(message.seq, message.data.view());
        if (message.seq % 10 != 0)
          return;
        ws_control move;
        move.target_pid = next;
        self->send(message.client, move);
      },
      [log](const ws_heartbeat&) { ++log->heartbeats; },
      [](const ws_leave&) {},
  };
}

// Blocks its thread until the test lets it go on.
caf::behavior blocking(caf::event_based_actor* self,
                       std::shared_ptr<std::atomic<bool>> free) {
  return {
      [](const ws_join&) {},
      [self, free](const ws_message& message) {
        if (message.data.view() == "short")
          std::this_thread::sleep_for(30ms);
        while (message.data.view() == "long" && !*free)
          std::this_thread::sleep_for(1ms);
        self->send(message.client, ws_send{message.type, message.data});
      },
      [](const ws_leave&) {},
  };
}

} // namespace

TEST_CASE_FIXTURE(node_fixture, "a transfer under load loses nothing") {
  start();
  auto log = std::make_shared<message_log>();
  add("a", system.spawn(logging, log, "b"));
  add("b", system.spawn(logging, log, "a"));
  auto client = connect("/ws/to/a");
  REQUIRE(client.answer().status == 101);
  constexpr std::size_t count = 2000;
  for (std::size_t i = 1; i <= count; ++i)
    client.send(std::to_string(i));
  REQUIRE(holds_soon([&] { return log->size() == count; }));
  client.close();
  for (std::size_t i = 0; i < count; ++i)
    CHECK(log->texts[i] == std::to_string(log->seqs[i]));
  std::sort(log->seqs.begin(), log->seqs.end());
  CHECK(std::adjacent_find(log->seqs.begin(), log->seqs.end())
        == log->seqs.end());
  CHECK(log->seqs.back() == count);
}

TEST_CASE_FIXTURE(node_fixture, "heartbeats reach the target") {
  start(make_config(R"yaml(
- name: beat
  kind: http.endpoint
  meta:
    router: ws
  path: /beat
  relay:
    target_pid: log
    heartbeat_interval: 10ms
)yaml"));
  auto log = std::make_shared<message_log>();
  add("log", system.spawn(logging, log, "log"));
  auto client = connect("/ws/beat");
  REQUIRE(client.answer().status == 101);
  CHECK(holds_soon([&] { return log->heartbeats >= 3; }));
  client.close();
}

// threads: 1, so both connections are on one loop.
TEST_CASE_FIXTURE(node_fixture, "a slow target does not stall the other "
                                "connections of its loop") {
  start(make_config({}, "  in_place_budget: 5ms\n"));
  auto free = std::make_shared<std::atomic<bool>>(false);
  add("blocking", system.spawn(blocking, free));
  auto slow = connect("/ws/to/blocking");
  auto quick = connect("/ws/to/echo");
  for (int i = 0; i < 3; ++i) { // found slow by these
    slow.send("short");
    CHECK(slow.receive() == "short");
  }
  slow.send("long");
  for (int i = 0; i < 100; ++i) {
    quick.send("quick");
    CHECK(quick.receive() == "quick");
  }
  *free = true;
  CHECK(slow.receive() == "long");
  slow.close();
  quick.close();
}

TEST_CASE_FIXTURE(node_fixture, "a target that fails closes with 1011, one "
                                "that shuts down with 1001") {
  start();
  auto doomed = add("doomed", system.spawn(echo));
  auto client = connect("/ws/to/doomed");
  REQUIRE(holds_soon([this] { return connections() == 1; }));
  SUBCASE("killed") {
    caf::anon_send_exit(doomed, caf::exit_reason::kill);
    CHECK(client.wait_for_close() == 1011);
  }
  SUBCASE("shut down") {
    caf::anon_send_exit(doomed, caf::exit_reason::user_shutdown);
    CHECK(client.wait_for_close() == 1001);
  }
}

TEST_CASE_FIXTURE(node_fixture, "large messages come back whole") {
  start();
  auto client = connect("/ws/to/echo");
  for (std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 1048576u}) {
    std::string text(size, 'x');
    client.send(text);
    CHECK(client.receive() == text);
  }
  client.send(std::string(1048577, 'x'));
  CHECK(client.wait_for_close() == 1009);
}

} // namespace wsrelay::node_relay_test
