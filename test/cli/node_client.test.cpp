// What the errors of requests mean for who runs a command.
#include "net/admin/node_client.hpp"

#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "net/node.hpp"
#include "tools/wsrelay/connect.hpp"

#include <caf/all.hpp>
#include <caf/io/middleman.hpp>
#include <doctest/doctest.h>

namespace wsrelay::session_test {

using namespace wsrelay::cli;

namespace {

void check(const caf::error& error, exit_code code, const std::string& kind,
           const std::string& text) {
  auto made = to_command_error(error, "1@x");
  CHECK(made.code == code);
  CHECK(made.kind == kind);
  CHECK(made.text == text);
}

} // namespace

TEST_CASE("every error of a request has an exit code") {
  check(make_error(errc::no_such_target, "no such target"),
        exit_code::not_found, "no_such_target", "1@x: no such target");
  check(make_error(errc::no_such_peer, "no such peer"), exit_code::not_found,
        "no_such_peer", "1@x: no such peer");
  check(make_error(errc::peer_silent, "the peer does not answer in time"),
        exit_code::timeout, "peer_silent",
        "1@x: the peer does not answer in time");
  check(make_error(errc::target_silent, ""), exit_code::refused,
        "target_silent", "1@x: target_silent");
  check(caf::sec::request_receiver_down, exit_code::not_found, "ended",
        "1@x has ended");
  check(caf::sec::request_timeout, exit_code::timeout, "timeout",
        "1@x did not answer in time; what was asked may still happen");
  check(caf::exit_reason::remote_link_unreachable, exit_code::unreachable,
        "node_lost", "the node was lost");
  check(caf::sec::unexpected_message, exit_code::refused, "unexpected_message",
        "1@x does not understand that");
  check(make_error(errc::slow_consumer), exit_code::refused, "slow_consumer",
        "1@x: slow_consumer");
  check(make_error(errc::no_such_target, "no_such_target: no such target"),
        exit_code::not_found, "no_such_target", "1@x: no such target");
  check(make_error(errc::target_refused, "go away"), exit_code::refused,
        "target_refused", "1@x: go away");
}

TEST_CASE("a directory is no connection, and says so") {
  system_config settings;
  caf::actor_system system{settings};
  auto directory = system.spawn(wsrelay::directory, std::string{});
  node_client node{system, directory, std::chrono::minutes{1}};
  try {
    node.ask<void>(directory, ws_send{message_type::text, "x"}, "1@x");
    FAIL("no error");
  } catch (const command_error& error) {
    CHECK(error.code == exit_code::refused);
    CHECK(error.text == "1@x is a node's directory, no connection");
  }
  caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
}

TEST_CASE("a CAF node that is none of wsrelay is not reachable") {
  system_config far_settings;
  caf::actor_system far{far_settings};
  auto other = far.spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    return caf::behavior{[](int) {}};
  });
  auto port = far.middleman().publish(other, 0, "127.0.0.1");
  REQUIRE(port);
  {
    system_config near_settings;
    caf::actor_system near{near_settings};
    connect_options where;
    where.host = "127.0.0.1";
    where.port = *port;
    auto found = connect(near, where);
    REQUIRE(found);
    node_client node{near, *found, where.timeout};
    try {
      node.find("chat");
      FAIL("no error");
    } catch (const command_error& error) {
      CHECK(error.code == exit_code::unreachable);
      CHECK(error.text == "not a node of wsrelay");
    }
  }
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
}

} // namespace wsrelay::session_test
