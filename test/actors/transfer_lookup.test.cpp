// Transfers to a name, while the directory takes its time.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::transfer_lookup_test {

using namespace wsrelay::test;

namespace {

// A client on its way to a name; the directory answers when the test says so.
struct looking_up {
  checked_node node;
  probe target{node};
  probe other{node};
  caf::typed_response_promise<caf::actor> found;
  caf::actor directory;
  std::shared_ptr<fake_frame_port> port{node.make_port()};
  fake_client client{spawn_directory_and_connection(), port};
  pending_reply<void> reply;

  looking_up()
      : reply{
          node.begin_request<void>(client.actor(), move_to_name("somewhere"))} {
    node.run();
  }

  ~looking_up() {
    found = {};
    caf::anon_send_exit(directory, caf::exit_reason::kill);
  }

  caf::actor spawn_directory_and_connection() {
    directory = node.system().spawn([this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](const directory_get&) {
        found = self->make_response_promise<caf::actor>();
        return found;
      }};
    });
    connection_config config;
    config.target = target;
    config.directory = directory;
    config.join_timeout = milliseconds{100};
    return spawn_on(node.system(), nullptr, connection, frame_port_ptr{port},
                    config);
  }

  void say(std::string text) {
    client.send_text(std::move(text));
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(looking_up, "the old target gets what comes until the name "
                              "is found") {
  say("a");
  found.deliver(other.actor());
  node.run();
  say("b");
  CHECK(reply.succeeded());
  CHECK(target.log()
        == strings{"join {}", "message 1 a", "leave transferred 0 last=1"});
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

TEST_CASE_FIXTURE(looking_up, "nothing is lost when the old target ends before "
                              "the name is found") {
  say("a");
  target.end();
  node.run();
  say("b");
  CHECK(client.is_paused());
  found.deliver(other.actor());
  node.run();
  CHECK(reply.succeeded());
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

TEST_CASE_FIXTURE(looking_up, "a name that is not found in time is given up") {
  node.advance(milliseconds{99});
  CHECK_FALSE(reply.answered());
  CHECK_FALSE(client.is_paused());
  node.advance(milliseconds{1});
  CHECK(reply.failed_with(errc::target_silent));
  found.deliver(other.actor()); // too late
  say("a");
  CHECK(target.log() == strings{"join {}", "message 1 a"});
  CHECK(other.log().empty());
}

TEST_CASE_FIXTURE(looking_up, "a name that leads to the owner moves nothing") {
  found.deliver(target.actor());
  node.run();
  CHECK(reply.succeeded());
  say("a");
  CHECK(target.log() == strings{"join {}", "message 1 a"});
}

TEST_CASE_FIXTURE(looking_up, "a client that leaves before the name is found "
                              "is the old target's") {
  client.close();
  node.run();
  CHECK(reply.failed_with(errc::closing));
  found.deliver(other.actor());
  node.run();
  CHECK(target.log() == strings{"join {}", "leave client_closed 1000 last=0"});
  CHECK(other.log().empty());
}

} // namespace wsrelay::transfer_lookup_test
