// Every way to end in every phase: close code, leave to each target, exit.
#include "test/support/connected.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace wsrelay::connection_endings_test {

using namespace wsrelay::test;

namespace {

// What an ending must lead to. `code` 0 = no close frame.
struct way {
  std::string name;
  std::function<void(connected&)> happen;
  std::uint16_t code;
  std::string leave;
  std::string exit;       // to_text of the exit reason
  bool of_target = false; // the owner ended: it cannot be told
};

way target_ends(std::string name, caf::error reason, std::uint16_t code,
                std::string exit) {
  auto happen = [reason](connected& on) { on.target.end(reason); };
  return {std::move(name), happen, code, {}, std::move(exit), true};
}

way sent(std::string name, caf::message message, std::uint16_t code,
         std::string leave, std::string exit) {
  auto happen = [message](connected& on) {
    on.node.send(on.client.actor(), message);
  };
  return {std::move(name), happen, code, std::move(leave), std::move(exit)};
}

way client_does(std::string name, void (*what)(fake_client&),
                std::uint16_t code, std::string leave, std::string exit) {
  auto happen = [what](connected& on) { what(on.client); };
  return {std::move(name), happen, code, std::move(leave), std::move(exit)};
}

way linked_ends(std::string name, caf::error reason, std::uint16_t code) {
  auto text = to_text(reason);
  auto happen = [reason](connected& on) {
    on.node.send(on.client.actor(), caf::exit_msg{{}, reason});
  };
  return {std::move(name), happen, code, "exited " + std::to_string(code),
          text};
}

std::vector<way> target_ways() {
  using caf::exit_reason;
  return {
      target_ends("target normal", {}, 1000, "normal"),
      target_ends("target shutdown", exit_reason::user_shutdown, 1001,
                  "target_down 1001 target shut down: connect again"),
      target_ends("target error", caf::sec::runtime_error, 1011,
                  "target_down 1011 target failed: connect again"),
      target_ends("target overloaded", make_error(errc::overloaded), 1013,
                  "target_down 1013 target overloaded: connect again later"),
      target_ends("node lost", exit_reason::remote_link_unreachable, 1011,
                  "target_down 1011 target lost: connect again"),
      {"target crash",
       [](connected& on) { on.target.crash(); },
       1011,
       {},
       "target_down 1011 target failed: connect again",
       true},
      {"target kill",
       [](connected& on) {
         caf::anon_send_exit(on.target.actor(), caf::exit_reason::kill);
       },
       1011,
       {},
       "target_down 1011 target failed: connect again",
       true},
  };
}

std::vector<way> client_ways() {
  return {
      client_does(
          "client close", [](fake_client& x) { x.close(1000); }, 1000,
          "client_closed 1000", "normal"),
      client_does(
          "client close 4000", [](fake_client& x) { x.close(4000); }, 4000,
          "client_closed 4000", "normal"),
      client_does(
          "client close without code", [](fake_client& x) { x.close(1005); },
          1005, "client_closed 1005", "normal"),
      client_does(
          "connection lost", [](fake_client& x) { x.lose(); }, 0,
          "connection_lost 1006", "connection_lost 1006 connection lost"),
      client_does(
          "protocol error", [](fake_client& x) { x.break_protocol(); }, 1002,
          "protocol_error 1002", "protocol_error 1002 "),
      client_does(
          "bad text", [](fake_client& x) { x.break_protocol(1007); }, 1007,
          "protocol_error 1007", "protocol_error 1007 "),
      client_does(
          "too big", [](fake_client& x) { x.break_protocol(1009); }, 1009,
          "protocol_error 1009", "protocol_error 1009 "),
      client_does(
          "timeout", [](fake_client& x) { x.fall_silent(); }, 0, "timeout 1006",
          "timeout 1006 no sign of life"),
  };
}

std::vector<way> actor_ways() {
  using caf::exit_reason;
  return {
      sent("ws.close", caf::make_message(ws_close{4001, "bye"}), 4001,
           "closed 4001", "normal"),
      sent("node shutdown", caf::make_message(connection_shutdown{}), 1001,
           "shutdown 1001",
           "shutdown 1001 server shutting down: connect again"),
      linked_ends("exit shutdown", exit_reason::user_shutdown, 1001),
      linked_ends("exit error", make_error(errc::busy), 1011),
      linked_ends("exit lost", exit_reason::remote_link_unreachable, 1011),
      linked_ends("kill", exit_reason::kill, 1011),
  };
}

std::vector<way> all_ways() {
  auto result = target_ways();
  for (auto& ways : {client_ways(), actor_ways()})
    result.insert(result.end(), ways.begin(), ways.end());
  return result;
}

std::string code_of(const fake_client& client) {
  auto& frame = client.close_frame();
  return frame ? std::to_string(frame->code) : "none";
}

// Checks what everybody but the targets sees.
void check_ended(connected& on, const way& how) {
  CHECK(code_of(on.client) == (how.code ? std::to_string(how.code) : "none"));
  CHECK_FALSE(on.client.is_open());
  REQUIRE(on.client.exit_reason());
  CHECK(to_text(*on.client.exit_reason()) == how.exit);
}

std::string leave_line(const way& how, int last) {
  return "leave " + how.leave + " last=" + std::to_string(last);
}

} // namespace

TEST_CASE("every way to end, while relaying") {
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    connected on;
    on.say("a");
    how.happen(on);
    on.node.run();
    check_ended(on, how);
    CHECK(on.target.leaves().size() == (how.of_target ? 0 : 1));
    if (!how.of_target)
      CHECK(on.target.log().back() == leave_line(how, 1));
  }
}

TEST_CASE("the line of an end that nobody has planned says what to do next") {
  captured_log log;
  set_log_sink(log.sink, spdlog::level::debug); // not limited
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    log.sink->lines.clear();
    connected on;
    how.happen(on);
    on.node.run();
    auto& lines = log.sink->lines;
    auto line = std::find_if(lines.begin(), lines.end(), [](auto& each) {
      return each.starts_with("connection ended: ");
    });
    REQUIRE(line != lines.end());
    CAPTURE(*line);
    auto is_warning = false;
    for (auto cause : {"target_crashed", "target_lost", "target_overloaded",
                       "join_refused", "join_timeout", "exited", "killed"})
      is_warning |= line->find(fmt::format("cause={} ", cause)) != line->npos;
    CHECK((line->find(" hint=\"") != line->npos) == is_warning);
    CHECK(line->find("hint=\"\"") == line->npos);
  }
}

TEST_CASE("every way to end, while binding") {
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    connected on;
    on.client.lose();
    on.node.run();
    on.target.clear();
    on.target.hold_joins();
    on.client = on.node.connect(on.target);
    on.node.run();
    how.happen(on);
    on.node.run();
    check_ended(on, how);
    if (!how.of_target)
      CHECK(on.target.log() == strings{"join {}", leave_line(how, 0)});
    on.target.release();
    on.node.run();
    CHECK(on.target.leaves().size() == (how.of_target ? 0 : 1));
  }
}

TEST_CASE("every way to end, while transferring") {
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    connected on;
    on.say("a");
    on.other.hold_joins();
    auto reply = on.begin(move_to(on.other));
    on.node.run();
    how.happen(on);
    on.node.run();
    // The new target may still take over, but not from one that took a message
    // with it.
    auto is_lost = how.name == "node lost";
    if (how.of_target && !is_lost) {
      CHECK(on.client.is_open());
      on.other.end();
      on.node.run();
      CHECK(reply.failed_with(errc::target_down));
      check_ended(on, how);
      continue;
    }
    check_ended(on, how);
    CHECK(reply.failed_with(errc::closing));
    if (is_lost)
      continue;
    CHECK(on.target.log().back() == leave_line(how, 1));
    CHECK(on.other.log() == strings{"join {}", leave_line(how, 0)});
  }
}

TEST_CASE("the new target's end while transferring ends nothing") {
  for (auto& how : target_ways()) {
    CAPTURE(how.name);
    connected on; // the owner is `other`, `target` is asked
    REQUIRE_FALSE(on.answer(move_to(on.other)));
    on.target.hold_joins();
    auto reply = on.begin(move_to(on.target));
    on.node.run();
    how.happen(on);
    on.node.run();
    CHECK(reply.failed_with(errc::target_down));
    on.say("a");
    CHECK(on.other.log() == strings{"join {}", "message 1 a"});
  }
}

TEST_CASE("every way to end changes nothing once the connection closes") {
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    connected on;
    on.say("a");
    on.client.stall(); // the close frame waits
    on.node.send(on.client.actor(), ws_close{3001, "first"});
    on.node.run();
    CHECK(on.target.log().back() == "leave closed 3001 last=1");
    how.happen(on);
    on.client.read_again();
    on.node.run();
    on.node.advance(fake_frame_port::close_timeout);
    CHECK_FALSE(on.client.is_open());
    REQUIRE(on.client.exit_reason());
    CHECK(to_text(*on.client.exit_reason())
          == (how.name == "kill" ? how.exit : "normal"));
    CHECK(on.target.leaves().size() == 1);
  }
}

TEST_CASE("a target that joined and left hears nothing of the end") {
  for (auto& how : all_ways()) {
    CAPTURE(how.name);
    connected on;
    REQUIRE_FALSE(on.answer(move_to(on.other)));
    auto before = on.target.log();
    on.say("a");
    how.happen(on);
    on.node.run();
    CHECK(on.target.log() == before);
    if (how.of_target) // it is not the owner any more
      CHECK(on.client.is_open());
    else
      CHECK(on.other.log().back() == leave_line(how, 1));
  }
}

} // namespace wsrelay::connection_endings_test
