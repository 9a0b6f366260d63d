// What an acceptor remembers of connections that have ended, its pages with
// metadata, and who hears of those that come and go.
#include "actors/ended_connections.hpp"
#include "test/support/acceptor_fixture.hpp"

#include <memory>

namespace wsrelay::acceptor_ended_test {

using namespace wsrelay::test;

namespace {

struct fake_journal final : connection_journal {
  bool is_wanted() const noexcept override { return wanted; }
  void on_open(const connection_info& what) override {
    heard.push_back("open " + std::string{what.client_pid.view()} + " "
                    + what.remote_address + " " + what.endpoint);
  }
  void on_end(const ended_connection& what) override {
    REQUIRE(what.record);
    REQUIRE(what.record->end);
    heard.push_back("end " + std::to_string(what.id) + " " + what.remote_address
                    + " " + what.endpoint + " "
                    + std::string{to_text(what.record->end->cause)});
  }

  bool wanted = true;
  strings heard;
};

struct fixture : accepting {
  probe target{node};

  fake_client open(std::string metadata = "{}",
                   const std::string& address = "192.0.2.1") {
    auto port = node.make_port();
    connection_config config;
    config.target = target;
    config.metadata = std::move(metadata);
    auto client = state().open(port, std::move(config), address, "ws");
    node.run();
    return {client, port};
  }

  void close(fake_client& which, std::uint16_t code = 1000) {
    which.close(code);
    node.run();
    CHECK_FALSE(which.is_open());
  }

  std::vector<connection_report> ended(std::uint64_t id = 0) {
    auto answer = node.request<std::vector<connection_report>>(
        actor, acceptor_ended_get{id});
    REQUIRE(answer);
    return *answer;
  }

  connection_page page(acceptor_page_get question) {
    auto answer = node.request<connection_page>(actor, question);
    REQUIRE(answer);
    return *answer;
  }
};

// An acceptor of its own, with a journal.
struct journalled : fixture {
  journalled() { node.run(); }
  ~journalled() {
    caf::anon_send_exit(second, caf::exit_reason::kill);
    node.run();
  }

  fake_client open_there() {
    auto port = node.make_port();
    connection_config config;
    config.target = target;
    auto& its = static_cast<acceptor_actor*>(
                    caf::actor_cast<caf::abstract_actor*>(second))
                    ->state;
    auto client = its.open(port, std::move(config), "192.0.2.7", "ws");
    node.run();
    return {client, port};
  }

  std::shared_ptr<fake_journal> journal = std::make_shared<fake_journal>();
  caf::actor second{
      spawn_on(node.system(), nullptr, acceptor,
               acceptor_config{node.directory(), &nodes, journal})};
};

} // namespace

// -- those that have ended ----------------------------------------------------

TEST_CASE_FIXTURE(fixture, "an acceptor remembers how a connection ended") {
  auto client = open("{}", "2001:db8::1");
  auto pid = to_string(client.actor());
  client.send_text("abc");
  node.run();
  CHECK(ended().empty());
  close(client, 4001);
  auto all = ended();
  REQUIRE(all.size() == 1);
  auto& told = all[0];
  CHECK(told.client_pid.view() == pid);
  CHECK(told.remote_address == "2001:db8::1");
  CHECK(told.endpoint == "ws");
  CHECK(told.phase == "ended");
  CHECK(told.cause == "client_closed");
  CHECK(told.code == 4001);
  CHECK(told.numbers.messages_in == 1);
  CHECK(told.ended_at >= told.opened_at);
  REQUIRE(!told.events.empty());
  CHECK(told.events.front().what == "opened");
  CHECK(told.events.back().what == "closed");
}

TEST_CASE_FIXTURE(fixture, "an acceptor remembers connections that were killed "
                           "or lost") {
  auto first = open(), second = open();
  caf::anon_send_exit(first.actor(), caf::exit_reason::kill);
  node.run();
  second.lose();
  node.run();
  auto all = ended();
  REQUIRE(all.size() == 2);
  CHECK(all[0].cause == "connection_lost");
  CHECK(all[1].cause == "killed");
}

TEST_CASE_FIXTURE(fixture, "one connection that has ended is found by its id") {
  auto first = open(), second = open();
  auto id = first.actor().id();
  close(first);
  close(second);
  auto found = ended(id);
  REQUIRE(found.size() == 1);
  CHECK(found[0].client_pid.view().starts_with(std::to_string(id) + "@"));
  CHECK(ended(4'000'000'000).empty());
}

TEST_CASE_FIXTURE(fixture, "a connection that lives has not ended") {
  auto client = open();
  CHECK(ended(client.actor().id()).empty());
  CHECK(ended().empty());
}

TEST_CASE_FIXTURE(fixture, "those that have ended are told newest first") {
  strings addresses;
  for (auto i = 1; i <= 5; ++i) {
    auto address = "192.0.2." + std::to_string(i);
    auto client = open("{}", address);
    close(client);
    addresses.insert(addresses.begin(), address);
  }
  strings told;
  for (auto& each : ended())
    told.push_back(each.remote_address);
  CHECK(told == addresses);
}

TEST_CASE_FIXTURE(fixture, "an acceptor remembers the last 256") {
  static_assert(max_ended == 256);
  std::vector<std::uint64_t> ids;
  auto end_one = [&] {
    auto client = open();
    ids.push_back(client.actor().id());
    close(client);
  };
  for (std::size_t i = 0; i < max_ended - 1; ++i)
    end_one();
  CHECK(ended().size() == 255);
  end_one();
  CHECK(ended().size() == 256);
  CHECK(ended(ids.front()).size() == 1);
  end_one();
  CHECK(ended().size() == 256);
  CHECK(ended(ids.front()).empty());
  CHECK(ended(ids[1]).size() == 1);
  CHECK(ended().front().client_pid.view().starts_with(std::to_string(ids.back())
                                                      + "@"));
}

// -- pages --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a page has the metadata where that is asked for") {
  auto first = open(R"({"user":"ann"})"), second = open(R"({"user":"bob"})");
  auto with = page({0, true});
  REQUIRE(with.rows.size() == 2);
  CHECK(with.rows[0].metadata.view() == R"({"user":"ann"})");
  CHECK(with.rows[1].metadata.view() == R"({"user":"bob"})");
  CHECK(with.rows[0].client_pid.view() == to_string(first.actor()));
  REQUIRE(with.rows[0].numbers);
  CHECK(with.rows[0].numbers->target_pid == to_string(target.actor()));
  CHECK(with.last == second.actor().id());
  CHECK_FALSE(with.more);
  auto without = page({0, false});
  REQUIRE(without.rows.size() == 2);
  CHECK(without.rows[0].metadata.empty());
  CHECK(without.rows[0].numbers);
}

TEST_CASE_FIXTURE(fixture, "a page with metadata goes on behind the last one") {
  auto first = open(R"({"n":1})"), second = open(R"({"n":2})");
  auto rest = page({first.actor().id(), true});
  REQUIRE(rest.rows.size() == 1);
  CHECK(rest.rows[0].metadata.view() == R"({"n":2})");
  CHECK(page({second.actor().id(), true}).rows.empty());
}

// -- the journal --------------------------------------------------------------

TEST_CASE_FIXTURE(journalled, "a journal hears of connections that come and "
                              "go") {
  auto client = open_there();
  auto pid = to_string(client.actor());
  auto id = std::to_string(client.actor().id());
  CHECK(journal->heard == strings{"open " + pid + " 192.0.2.7 ws"});
  close(client);
  CHECK(journal->heard
        == strings{"open " + pid + " 192.0.2.7 ws",
                   "end " + id + " 192.0.2.7 ws client_closed"});
}

TEST_CASE_FIXTURE(journalled, "a journal that is not wanted hears nothing") {
  journal->wanted = false;
  auto client = open_there();
  close(client);
  CHECK(journal->heard.empty());
}

TEST_CASE_FIXTURE(journalled, "a journal hears of what happens from then on") {
  journal->wanted = false;
  auto early = open_there(), later = open_there();
  journal->wanted = true;
  close(early);
  CHECK(journal->heard.size() == 1);
  CHECK(journal->heard[0].starts_with("end "));
  journal->wanted = false;
  close(later);
  CHECK(journal->heard.size() == 1);
}

TEST_CASE_FIXTURE(journalled, "a journal hears of each end, whatever it is") {
  auto killed = open_there(), lost = open_there(), closed = open_there();
  journal->heard.clear();
  caf::anon_send_exit(killed.actor(), caf::exit_reason::kill);
  node.run();
  lost.lose();
  node.run();
  node.send(closed.actor(), ws_close{1000, ""});
  node.run();
  REQUIRE(journal->heard.size() == 3);
  CHECK(journal->heard[0].ends_with(" killed"));
  CHECK(journal->heard[1].ends_with(" connection_lost"));
  CHECK(journal->heard[2].ends_with(" closed_by_actor"));
}

} // namespace wsrelay::acceptor_ended_test
