// What is said to a connection before its handler has decided on it.
#include "actors/awaited_connection.hpp"

#include "actors/operator_messages.hpp"
#include "actors/own_actors.hpp"
#include "test/support/acceptor_fixture.hpp"

#include <optional>

namespace wsrelay::awaited_connection_test {

using namespace wsrelay::test;

namespace {

ws_send text(std::string data) {
  return {message_type::text, shared_buffer{data}};
}

struct fixture : accepting {
  probe target{node};
  std::shared_ptr<awaited_connection> awaited = state().expect();
  caf::actor early = find();

  caf::actor find() {
    auto found = node.request<caf::actor>(node.directory(),
                                          directory_get{awaited->pid()});
    return found ? *found : caf::actor{};
  }

  fake_client open() {
    auto port = node.make_port();
    connection_config config;
    config.target = target;
    config.nodes = &nodes;
    config.awaited = std::move(awaited);
    auto client = state().open(port, std::move(config), "192.0.2.1", "ws");
    node.run();
    return {client, port};
  }

  // What an actor that monitors it is told.
  std::shared_ptr<std::optional<caf::error>> watch(const caf::actor& whom) {
    auto told = std::make_shared<std::optional<caf::error>>();
    handlers.push_back(node.system().spawn(
        [told, whom](caf::event_based_actor* self) -> caf::behavior {
          self->monitor(whom);
          self->set_down_handler(
              [told](caf::down_msg& message) { *told = message.reason; });
          return {[](caf::ok_atom) {}};
        }));
    node.run();
    return told;
  }

  static strings texts(fake_client& client) {
    strings result;
    for (auto& each : client.take())
      result.push_back(each.data);
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a connection that is awaited has its PID") {
  REQUIRE(early);
  CHECK(early.id() == awaited->id());
  CHECK(is_connection(*caf::actor_cast<caf::abstract_actor*>(early)));
  auto pid = awaited->pid();
  auto client = open();
  CHECK(client.actor().id() == early.id());
  CHECK(target.joins().at(0).client_pid.view() == pid);
  auto found = node.request<caf::actor>(node.directory(), directory_get{pid});
  REQUIRE(found);
  CHECK(*found == client.actor());
  CHECK(node.request<void>(*found, text("by its PID")));
  CHECK(texts(client) == strings{"by its PID"});
}

TEST_CASE_FIXTURE(fixture, "what is said before comes first, in its order") {
  node.send(early, text("1"));
  CHECK(node.request<void>(early, text("2"))); // at once
  node.send(early, ws_event{"t", shared_buffer{"3"}});
  auto client = open();
  node.send(early, text("4")); // who has the old handle
  CHECK(node.request<void>(client.actor(), text("5")));
  CHECK(texts(client)
        == strings{"1", "2", R"({"topic":"t","data":3})", "4", "5"});
}

TEST_CASE_FIXTURE(fixture, "it may be changed, and closed, before") {
  ws_control change;
  change.metadata = shared_buffer{R"({"user":"ann"})"};
  CHECK(node.request<void>(early, change));
  CHECK(node.request<void>(early, ws_close{4001, "no"}));
  auto client = open();
  CHECK(client.close_frame()->code == 4001);
}

TEST_CASE_FIXTURE(fixture, "so many messages wait, and so many bytes") {
  for (std::size_t i = 0; i < max_awaited_messages; ++i)
    CHECK(node.request<void>(early, text("x")));
  auto refused = node.request<void>(early, text("x"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == make_error(errc::busy));
  auto client = open();
  CHECK(texts(client).size() == max_awaited_messages);

  awaited = state().expect();
  early = find();
  CHECK(node.request<void>(early, text(std::string(max_awaited_bytes, 'x'))));
  CHECK_FALSE(node.request<void>(early, text("x")));
  auto other = open();
  CHECK(texts(other).size() == 1);
}

TEST_CASE_FIXTURE(fixture, "all that waits is counted") {
  std::string much(max_awaited_bytes, 'x');
  ws_send by_key = text("");
  by_key.key = shared_buffer{much};
  CHECK(node.request<void>(early, by_key));
  CHECK_FALSE(node.request<void>(early, ws_event{much, shared_buffer{"1"}}));
  ws_control change;
  change.join_groups = {"a"};
  CHECK_FALSE(node.request<void>(early, change));
}

TEST_CASE_FIXTURE(fixture,
                  "it is no target, and what is wrong is told at once") {
  auto other = node.connect(early);
  node.run();
  CHECK(other.close_frame()->code == 1011);
  auto refused = node.request<void>(early, ws_close{1005, ""});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == make_error(errc::invalid_close));
  auto report = node.request<connection_report>(early, connection_report_get{});
  REQUIRE_FALSE(report);
  CHECK(report.error() == make_error(errc::no_such_target));
  CHECK_FALSE(node.request<void>(early, ws_heartbeat{}));
  auto client = open();
  CHECK_FALSE(client.close_frame());
}

TEST_CASE_FIXTURE(fixture, "of one that nobody opens nothing is left") {
  auto pid = awaited->pid();
  auto told = watch(early);
  node.send(early, text("x"));
  awaited.reset();
  node.run();
  REQUIRE(*told);
  CHECK(**told == make_error(errc::connection_lost));
  CHECK_FALSE(node.request<void>(early, text("x")));
  auto found = node.request<caf::actor>(node.directory(), directory_get{pid});
  REQUIRE_FALSE(found);
  CHECK(found.error() == make_error(errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture,
                  "a kill is the connection's, before it is open and by "
                  "its PID") {
  caf::anon_send_exit(early, caf::exit_reason::kill);
  CHECK_FALSE(is_alive(open().actor()));
  awaited = state().expect();
  early = find();
  auto client = open();
  caf::anon_send_exit(early, caf::exit_reason::kill);
  node.run();
  CHECK_FALSE(is_alive(client.actor()));
  CHECK_FALSE(is_alive(early));
}

TEST_CASE_FIXTURE(fixture, "who monitors it early is told of its end") {
  auto told = watch(early);
  auto client = open();
  CHECK_FALSE(*told);
  client.close(1000);
  node.run();
  CHECK(*told);
  CHECK_FALSE(node.request<void>(early, text("x")));
}

} // namespace wsrelay::awaited_connection_test
