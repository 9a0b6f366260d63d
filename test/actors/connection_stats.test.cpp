// A connection's numbers, one by one and all at once.
#include "actors/acceptor.hpp"
#include "actors/stats_collector.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::connection_stats_test {

using namespace wsrelay::test;

namespace {

struct counted : connected {
  connection_numbers numbers() {
    auto stats =
        node.request<connection_stats>(client.actor(), connection_stats_get{});
    REQUIRE(stats);
    CHECK(stats->client == client.actor());
    CHECK(stats->client_pid.view() == to_string(client.actor()));
    return stats->numbers;
  }

  void send(std::string text) {
    node.send(client.actor(), ws_send{message_type::text, text});
    node.run();
  }
};

// A connection that never answers.
caf::behavior silent(caf::event_based_actor* self) {
  return {[self](connection_stats_get) {
    return self->make_response_promise<connection_stats>();
  }};
}

struct collecting : counted {
  std::vector<connection_info> connections;

  void add(const caf::actor& who) {
    connections.push_back(
        {who, to_string(who), "192.0.2.1", std::to_string(who.id())});
  }

  pending_reply<std::vector<connection_row>> collect() {
    auto reply = node.begin_request<std::vector<connection_row>>(
        node.system().spawn(stats_collector, connections, false),
        acceptor_stats{});
    node.run();
    return reply;
  }
};

} // namespace

TEST_CASE_FIXTURE(counted, "a connection counts messages and bytes both ways") {
  auto before = numbers();
  CHECK(before.target_pid == to_string(target.actor()));
  CHECK(before.messages_in == 0);
  CHECK(before.messages_out == 0);
  say("four");
  say("12");
  send("three");
  node.advance(milliseconds{1500});
  auto after = numbers();
  CHECK(after.age - before.age == milliseconds{1500});
  CHECK(after.messages_in == 2);
  CHECK(after.bytes_in == 6);
  CHECK(after.messages_out == 1);
  CHECK(after.bytes_out == 5);
  CHECK(after.queued_messages == 0);
  CHECK(after.queued_bytes == 0);
}

TEST_CASE_FIXTURE(counted, "what the client does not read is counted as "
                           "queued") {
  client.stall();
  send("three");
  send("four");
  auto now = numbers();
  CHECK(now.queued_messages == 2);
  CHECK(now.queued_bytes == 9);
  client.read_again();
  node.run();
  CHECK(numbers().queued_messages == 0);
}

TEST_CASE_FIXTURE(counted, "a message that is refused does not count") {
  CHECK(answer(ws_send{message_type::text, "\xFF"}));
  CHECK(numbers().messages_out == 0);
}

TEST_CASE_FIXTURE(counted, "the target in the numbers is the owner") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  CHECK(numbers().target_pid == to_string(target.actor()));
  other.release();
  node.run();
  CHECK(reply.succeeded());
  CHECK(numbers().target_pid == to_string(other.actor()));
}

TEST_CASE("a connection that is not bound yet has no target in its numbers") {
  checked_node node;
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target);
  node.run();
  auto stats =
      node.request<connection_stats>(client.actor(), connection_stats_get{});
  REQUIRE(stats);
  CHECK(stats->numbers.target_pid.empty());
  target.release();
  node.run();
}

TEST_CASE_FIXTURE(collecting, "the numbers of no connection are an empty "
                              "list") {
  auto reply = collect();
  REQUIRE(reply.succeeded());
  CHECK(reply.get()->empty());
}

TEST_CASE_FIXTURE(collecting, "the numbers of all come in one list, the oldest "
                              "first") {
  say("four");
  auto second = node.connect(target);
  node.run();
  add(second.actor());
  add(client.actor());
  auto reply = collect();
  REQUIRE(reply.succeeded());
  auto rows = *reply.get();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].client_pid.view() == to_string(client.actor()));
  CHECK(rows[0].remote_address == "192.0.2.1");
  CHECK(rows[0].endpoint == std::to_string(client.actor().id()));
  REQUIRE(rows[0].numbers);
  CHECK(rows[0].numbers->bytes_in == 4);
  REQUIRE(rows[1].numbers);
  CHECK(rows[1].numbers->bytes_in == 0);
}

TEST_CASE_FIXTURE(collecting, "a connection that does not answer is listed "
                              "without numbers when the patience ends") {
  auto mute = node.system().spawn(silent);
  add(mute);
  add(client.actor());
  auto reply = collect();
  node.advance(stats_patience - milliseconds{1});
  CHECK_FALSE(reply.answered());
  node.advance(milliseconds{1});
  REQUIRE(reply.succeeded());
  auto rows = *reply.get();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].numbers);
  CHECK(rows[1].client_pid.view() == to_string(mute));
  CHECK_FALSE(rows[1].numbers);
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(collecting, "a connection that ends meanwhile is listed "
                              "without numbers, at once") {
  auto gone = node.connect(target);
  gone.lose();
  node.run();
  add(gone.actor());
  add(client.actor());
  auto reply = collect();
  REQUIRE(reply.succeeded());
  CHECK_FALSE((*reply.get())[1].numbers);
}

TEST_CASE_FIXTURE(collecting, "all are asked, also when they are more than go "
                              "at once") {
  for (auto extra : {-1, 0, 1}) {
    connections.clear();
    for (std::size_t i = 0; i < stats_at_once + extra; ++i)
      add(client.actor());
    auto reply = collect();
    REQUIRE(reply.succeeded());
    auto rows = *reply.get();
    CHECK(rows.size() == stats_at_once + extra);
    for (auto& row : rows)
      CHECK(row.numbers);
  }
}

TEST_CASE_FIXTURE(collecting, "ten thousand that do not answer cost the "
                              "patience once") {
  auto mute = node.system().spawn(silent);
  for (int i = 0; i < 10'000; ++i)
    add(mute);
  auto reply = collect();
  node.advance(stats_patience);
  REQUIRE(reply.succeeded());
  CHECK(reply.get()->size() == 10'000);
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

} // namespace wsrelay::connection_stats_test
