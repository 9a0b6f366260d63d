// The acceptor's connections: who is open, the numbers of all, the stop.
#include "actors/stats_collector.hpp"

#include "test/support/acceptor_fixture.hpp"
#include "test/support/far_node.hpp"

namespace wsrelay::acceptor_test {

using namespace wsrelay::test;

namespace {

struct fixture : accepting {
  probe target{node};

  fake_client open(std::string address = "192.0.2.1") {
    auto port = node.make_port();
    connection_config config;
    config.target = target;
    config.nodes = &nodes;
    auto client =
        state().open(port, std::move(config), std::move(address), "ws");
    node.run();
    return {client, port};
  }

  std::vector<connection_info> list() {
    auto answer =
        node.request<std::vector<connection_info>>(actor, acceptor_list{});
    REQUIRE(answer);
    return *answer;
  }

  pending_reply<void> stop(milliseconds timeout = milliseconds{1000}) {
    auto reply = node.begin_request<void>(actor, acceptor_stop{timeout});
    node.run();
    return reply;
  }
};

const client_close shutdown_close{1001, "server shutting down: connect again"};

} // namespace

TEST_CASE_FIXTURE(fixture, "an acceptor tells that it has started") {
  CHECK(node.request<void>(actor, caf::ok_atom_v));
}

TEST_CASE_FIXTURE(fixture, "an error that somebody sends ends no acceptor") {
  node.send(actor, make_error(errc::busy));
  node.run();
  CHECK(node.request<void>(actor, caf::ok_atom_v));
}

TEST_CASE_FIXTURE(fixture, "a connection that is opened joins its target") {
  auto client = open();
  CHECK(target.log() == strings{"join {}"});
  REQUIRE(target.joins().size() == 1);
  CHECK(target.joins()[0].client == client.actor());
  client.send_text("hi");
  node.run();
  CHECK(target.log().back() == "message 1 hi");
}

TEST_CASE_FIXTURE(fixture, "a connection may be opened from a callback") {
  REQUIRE(node.put("chat", target));
  state().find("chat",
               [&](caf::expected<caf::actor> found) { open_now(*found); });
  node.run();
  CHECK(list().size() == 1);
  CHECK(target.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(fixture, "the list names every connection, with its place") {
  CHECK(list().empty());
  CHECK(state().connection_count() == 0);
  auto first = open("192.0.2.1");
  auto second = open("2001:db8::1");
  CHECK(state().connection_count() == 2);
  auto all = list();
  REQUIRE(all.size() == 2);
  if (all[0].client != first.actor())
    std::swap(all[0], all[1]);
  CHECK(all[0].client == first.actor());
  CHECK(all[0].client_pid.view() == to_string(first.actor()));
  CHECK(all[0].remote_address == "192.0.2.1");
  CHECK(all[1].remote_address == "2001:db8::1");
  CHECK(all[1].endpoint == "ws");
}

TEST_CASE_FIXTURE(fixture, "the numbers name every connection with its place") {
  auto first = open("192.0.2.1");
  auto second = open("2001:db8::1");
  first.send_text("four");
  node.run();
  auto rows =
      node.request<std::vector<connection_row>>(actor, acceptor_stats{});
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].client_pid.view() == to_string(first.actor()));
  CHECK((*rows)[0].remote_address == "192.0.2.1");
  CHECK((*rows)[0].endpoint == "ws");
  REQUIRE((*rows)[0].numbers);
  CHECK((*rows)[0].numbers->messages_in == 1);
  CHECK((*rows)[0].numbers->target_pid == to_string(target.actor()));
  CHECK((*rows)[1].remote_address == "2001:db8::1");
}

TEST_CASE_FIXTURE(fixture, "the numbers of many come in pages, the oldest "
                           "first, and nobody's twice") {
  std::vector<fake_client> clients;
  for (std::size_t i = 0; i < 2 * stats_page + 1; ++i)
    clients.push_back(open());
  std::vector<std::size_t> sizes;
  std::vector<std::string> pids;
  connection_page page{{}, 0, true};
  while (page.more) {
    auto answer =
        node.request<connection_page>(actor, acceptor_page_get{page.last});
    REQUIRE(answer);
    page = std::move(*answer);
    sizes.push_back(page.rows.size());
    for (auto& row : page.rows) {
      CHECK(row.numbers);
      pids.emplace_back(row.client_pid.view());
    }
  }
  CHECK(sizes == std::vector<std::size_t>{stats_page, stats_page, 1});
  REQUIRE(pids.size() == clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i)
    CHECK(pids[i] == to_string(clients[i].actor()));
  auto none =
      node.request<connection_page>(actor, acceptor_page_get{page.last});
  REQUIRE(none);
  CHECK(none->rows.empty());
  CHECK_FALSE(none->more);
}

TEST_CASE_FIXTURE(fixture, "a page that is just full is the last one") {
  std::vector<fake_client> clients;
  for (std::size_t i = 0; i < stats_page; ++i)
    clients.push_back(open());
  auto page = node.request<connection_page>(actor, acceptor_page_get{0});
  REQUIRE(page);
  CHECK(page->rows.size() == stats_page);
  CHECK_FALSE(page->more);
}

TEST_CASE_FIXTURE(fixture, "another node gets pages, not the whole list") {
  far_node other{node, 'a'};
  auto client = open();
  CHECK(is(other.try_to(actor, acceptor_list{}), errc::invalid_message));
  CHECK(
      other.ask(actor, acceptor_page_get{0}).match_elements<connection_page>());
}

// Who asks without end held up the acceptor's clients.
TEST_CASE_FIXTURE(fixture, "one question for numbers is answered at a time, "
                           "some wait, more are refused") {
  auto client = open();
  std::vector<pending_reply<connection_page>> replies;
  for (std::size_t i = 0; i < max_waiting_stats_of_node + 2; ++i)
    replies.push_back(
        node.begin_request<connection_page>(actor, acceptor_page_get{0}));
  auto whole =
      node.begin_request<std::vector<connection_row>>(actor, acceptor_stats{});
  node.run();
  for (std::size_t i = 0; i < max_waiting_stats_of_node + 1; ++i)
    CHECK(replies[i].succeeded());
  CHECK(replies.back().failed_with(errc::busy));
  CHECK(whole.failed_with(errc::busy));
  CHECK(node.request<connection_page>(actor, acceptor_page_get{0}));
}

TEST_CASE_FIXTURE(fixture, "numbers that nobody asked for are not counted") {
  auto client = open();
  for (std::size_t i = 0; i < 2 * max_waiting_stats_of_node; ++i)
    node.send(actor, acceptor_page_get{0});
  auto reply = node.begin_request<connection_page>(actor, acceptor_page_get{0});
  node.run();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "an acceptor without connections has no numbers") {
  auto rows =
      node.request<std::vector<connection_row>>(actor, acceptor_stats{});
  REQUIRE(rows);
  CHECK(rows->empty());
}

TEST_CASE_FIXTURE(fixture, "a connection that ends is listed no more") {
  auto first = open();
  auto second = open();
  first.lose();
  node.run();
  REQUIRE(list().size() == 1);
  CHECK(list()[0].client == second.actor());
  CHECK(state().connection_count() == 1);
}

TEST_CASE_FIXTURE(fixture, "the count is of the connections that are open, and "
                           "other nodes may ask for it") {
  auto count = [this] {
    auto answer = node.request<std::uint64_t>(actor, acceptor_count_get{});
    return answer ? *answer : 999;
  };
  CHECK(count() == 0);
  auto first = open();
  auto second = open();
  CHECK(count() == 2);
  far_node other{node, 'a'};
  auto answer = other.ask(actor, acceptor_count_get{});
  REQUIRE(answer.match_elements<std::uint64_t>());
  CHECK(answer.get_as<std::uint64_t>(0) == 2);
  first.lose();
  node.run();
  CHECK(count() == 1);
  second.stall(); // its close frame waits
  auto reply = stop();
  CHECK(count() == 1);
  second.lose();
  node.run();
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(fixture, "a connection whose target has ended closes") {
  target.end();
  node.run();
  auto client = open();
  CHECK(client.close_frame());
  CHECK(list().empty());
}

TEST_CASE_FIXTURE(fixture, "a stop without connections is answered at once") {
  CHECK(stop().succeeded());
}

// Known failure 12: browsers saw 1006 when the server stopped.
TEST_CASE_FIXTURE(fixture, "a stop closes every connection with 1001") {
  auto first = open();
  auto second = open();
  auto reply = stop();
  for (auto* client : {&first, &second})
    CHECK(client->close_frame() == shutdown_close);
  CHECK(target.leaves().size() == 2);
  CHECK(target.log().back() == "leave shutdown 1001 last=0");
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a stop waits until the last connection has ended") {
  auto client = open();
  client.stall(); // the close frame waits
  auto reply = stop();
  CHECK_FALSE(reply.answered());
  client.lose();
  node.run();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a connection that opens during a stop is closed") {
  auto stalled = open();
  stalled.stall();
  auto reply = stop();
  auto client = open();
  CHECK(client.close_frame() == shutdown_close);
  CHECK_FALSE(reply.answered());
  CHECK(list().size() == 1);
  stalled.lose();
  node.run();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "a connection that opens when a stop has ended is "
                           "closed as well") {
  CHECK(stop().succeeded());
  CHECK(open().close_frame() == shutdown_close);
  node.advance(milliseconds{1000});
  auto client = open(); // after the time of the stop it is killed
  CHECK(list().empty());
}

TEST_CASE_FIXTURE(fixture, "a client that reads nothing does not hold up a "
                           "stop for longer than its timeout") {
  auto client = open();
  client.stall();
  auto reply = stop(milliseconds{1000});
  node.advance(milliseconds{500});
  CHECK_FALSE(reply.answered());
  node.advance(milliseconds{499});
  CHECK(list().size() == 1);
  CHECK_FALSE(reply.answered());
  node.advance(milliseconds{1});
  CHECK(list().empty());
  CHECK(reply.succeeded());
  CHECK(target.leaves().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "everybody who asks for a stop is answered") {
  auto client = open();
  client.stall();
  auto first = stop(milliseconds{1000});
  auto second = stop(milliseconds{1}); // the first one's timeout counts
  node.advance(milliseconds{999});
  CHECK_FALSE(first.answered());
  CHECK_FALSE(second.answered());
  node.advance(milliseconds{1});
  CHECK(first.succeeded());
  CHECK(second.succeeded());
  CHECK(stop().succeeded());
}

TEST_CASE_FIXTURE(fixture, "a stop that nobody asked an answer to happens") {
  auto client = open();
  node.send(actor, acceptor_stop{milliseconds{1000}});
  node.run();
  CHECK(client.close_frame() == shutdown_close);
}

TEST_CASE_FIXTURE(fixture, "while much waits for a node, nobody whose target "
                           "is there is read") {
  auto before = open();
  CHECK_FALSE(before.is_paused());
  nodes.is_high = true;
  before.send_text("it has not been asked since");
  node.run();
  CHECK(before.is_paused());
  auto meanwhile = open();
  CHECK(meanwhile.is_paused());
  CHECK(target.log() == strings{"join {}", "join {}"});
  nodes.is_high = false;
  node.send(actor, node_relieved{node.system().node()});
  node.run();
  CHECK_FALSE(before.is_paused());
  CHECK_FALSE(meanwhile.is_paused());
  CHECK(target.log().back() == "message 1 it has not been asked since");
}

TEST_CASE_FIXTURE(fixture,
                  "a connection that moves is read as its new target's "
                  "node takes it") {
  probe other{node};
  nodes.elsewhere = other;
  auto client = open();
  auto move = [&](const caf::actor& to) {
    ws_control control;
    control.target = to;
    return static_cast<bool>(node.request<void>(client.actor(), control));
  };
  nodes.is_high = true;
  client.send_text("one");
  node.run();
  REQUIRE(client.is_paused());
  REQUIRE(move(other));
  CHECK_FALSE(client.is_paused());
  CHECK(other.log().back() == "message 1 one");
  REQUIRE(move(target));
  CHECK(client.is_paused());
  nodes.is_high = false;
  node.send(actor, node_relieved{node.system().node()});
  node.run();
  CHECK_FALSE(client.is_paused());
}

TEST_CASE_FIXTURE(fixture, "what an acceptor does not know is an error to who "
                           "asks, and nothing else") {
  auto reply = node.request<void>(actor, directory_list{});
  REQUIRE_FALSE(reply);
  CHECK(reply.error() == caf::sec::unexpected_message);
  node.send(actor, directory_list{});
  CHECK(list().empty());
}

} // namespace wsrelay::acceptor_test
