// The end of a connection while messages wait for its client: those that were
// not dropped arrive before the close frame, or who sent them hears why not.
#include "test/actors/overflow_client.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::connection_overflow_end_test {

using namespace wsrelay::test;

namespace {

// Ways to end that leave the client time to read, and the close frame's code.
struct planned_end {
  std::string name;
  void (*begin)(slow&);
  std::optional<std::uint16_t> code;
};

const std::vector<planned_end> planned_ends{
    {"ws_close",
     [](slow& on) {
       on.node.send(on.client->actor(), ws_close{4000, "end"});
     },
     4000},
    {"ws_close to an audience",
     [](slow& on) {
       on.everybody.send(ws_close{4000, "end"});
     },
     4000},
    {"the target shuts down",
     [](slow& on) { on.target.end(caf::exit_reason::user_shutdown); }, 1001},
    {"the target is killed",
     [](slow& on) { on.target.end(caf::exit_reason::kill); }, 1011},
    {"the node stops",
     [](slow& on) { on.node.send(on.client->actor(), connection_shutdown{}); },
     1001},
    {"a link ends",
     [](slow& on) {
       caf::anon_send_exit(on.client->actor(), caf::exit_reason::user_shutdown);
     },
     1001},
    {"the client closes", [](slow& on) { on.client->close(4001, "bye"); },
     4001},
    {"the client breaks the protocol",
     [](slow& on) { on.client->break_protocol(1007); }, 1007},
    {"the client ends its half", [](slow& on) { on.client->end_output(); },
     std::nullopt},
};

// So many requests, then one with priority.
struct policy_row {
  overflow_policy policy;
  std::size_t sent;
  std::string arrives;
  std::string answers; // when the client has read
};

const std::vector<policy_row> rows{
    {overflow_policy::close, 6, "1 2 3 u 4 5 6",
     "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok u=ok"},
    {overflow_policy::drop_newest, 11, "1 2 3 u 4 5 6 7 8 gap=3",
     "1=ok 2=ok 3=ok 4=ok 5=ok 6=ok 7=ok 8=ok 9=dropped 10=dropped "
     "11=dropped u=ok"},
    {overflow_policy::drop_oldest, 11, "1 2 3 u gap=3 7 8 9 10 11",
     "1=ok 2=ok 3=ok 4=dropped 5=dropped 6=dropped 7=ok 8=ok 9=ok 10=ok "
     "11=ok u=ok"},
    {overflow_policy::latest, 11, "1 2 3 u gap=3 7 8 9 10 11",
     "1=ok 2=ok 3=ok 4=dropped 5=dropped 6=dropped 7=ok 8=ok 9=ok 10=ok "
     "11=ok u=ok"},
};

struct ended : slow {
  explicit ended(const policy_row& row)
      : slow{{.policy = row.policy, .event = "gap", .reports = true}} {
    fill(row.sent, way::request);
    ask(urgent("u"));
  }

  // The answers, with another word for those that are not dropped.
  static std::string failed(std::string answers, std::string_view how) {
    for (auto at = answers.find("=ok"); at != answers.npos;
         at = answers.find("=ok"))
      answers.replace(at + 1, 2, how);
    return answers;
  }
};

std::optional<std::uint16_t> code_of(const std::optional<client_close>& frame) {
  return frame ? std::optional{frame->code} : std::nullopt;
}

} // namespace

TEST_CASE("what waits at the end arrives, then the close frame does") {
  for (auto& row : rows)
    for (auto& how : planned_ends) {
      CAPTURE(name_of(row.policy));
      CAPTURE(how.name);
      ended on{row};
      how.begin(on);
      on.node.run();
      CHECK(on.client->is_open());
      CHECK_FALSE(on.client->close_frame());
      CHECK(on.read() == row.arrives);
      CHECK(code_of(on.client->close_frame()) == how.code);
      CHECK_FALSE(on.client->is_open());
      CHECK(on.client->exit_reason());
      CHECK(on.answers() == row.answers);
    }
}

TEST_CASE("after its leave an owner hears nothing of the drops before it") {
  for (auto& row : rows)
    for (auto& how : planned_ends) {
      CAPTURE(name_of(row.policy));
      CAPTURE(how.name);
      ended on{row};
      auto before = on.target.log();
      how.begin(on);
      on.node.run();
      on.read();
      auto& log = on.target.log();
      CHECK(log.size() <= before.size() + 1); // a dead target hears nothing
      if (log.size() > before.size())
        CHECK(log.back().starts_with("leave "));
    }
}

TEST_CASE("when the end has begun no message waits any more, and none is "
          "taken") {
  for (auto& row : rows) {
    CAPTURE(name_of(row.policy));
    ended on{row};
    auto dropped = on.counts->dropped.load();
    on.node.send(on.client->actor(), ws_close{4000, "end"});
    on.node.run();
    auto late = on.begin(letter{"late"}.as_send());
    auto later = on.begin(urgent("later").as_send());
    on.node.run();
    CHECK(late.failed_with(errc::closing));
    CHECK(later.failed_with(errc::closing));
    CHECK(on.counts->dropped == dropped);
    CHECK(on.read() == row.arrives);
  }
}

TEST_CASE("what a target says behind its client's end waits, overtakes and is "
          "dropped as before") {
  slow on{{.policy = overflow_policy::drop_newest,
           .event = "gap",
           .reports = true}};
  on.target.be_mute();
  on.fill(9);
  on.client->close(4001, "bye");
  on.node.run();
  on.fill(2, way::request);
  on.ask(urgent("u"));
  CHECK(on.answers() == "10=dropped 11=dropped u=waits");
  on.node.advance(max_last_answers);
  CHECK(on.client->is_open());
  CHECK(on.read() == "1 2 3 u 4 5 6 7 8 gap=3");
  CHECK(on.answers() == "10=dropped 11=dropped u=ok");
  CHECK(on.client->close_frame() == client_close{4001, "bye"});
  CHECK(on.target.log() == strings{"join", "leave client_closed"});
}

TEST_CASE("a client that has closed and reads on gets what waits before its "
          "target has answered") {
  slow on{{.policy = overflow_policy::drop_oldest, .event = "gap"}};
  on.target.be_mute();
  on.fill(10);
  on.client->close(4001, "bye");
  CHECK(on.read() == "1 2 3 gap=1 5 6 7 8 9 10");
  CHECK(on.client->is_open());
  on.ask("goodbye");
  CHECK(on.answers() == "goodbye=ok");
  on.node.advance(max_last_answers);
  CHECK(on.read() == "goodbye");
  CHECK(on.client->close_frame() == client_close{4001, "bye"});
}

TEST_CASE("of a client that is lost nobody waits for an answer") {
  for (auto& row : rows) {
    CAPTURE(name_of(row.policy));
    auto lost = ended::failed(row.answers, "connection_lost");
    for (auto lose : {&fake_client::lose, &fake_client::fall_silent}) {
      ended on{row};
      (*on.client.*lose)();
      on.node.run();
      CHECK(on.answers() == lost);
      CHECK_FALSE(on.client->is_open());
      CHECK(on.read() == "");
      CHECK(on.target.log().back().starts_with("leave "));
    }
  }
}

TEST_CASE("of a client that never reads nobody waits for an answer for long") {
  for (auto& row : rows)
    for (auto& how : planned_ends) {
      CAPTURE(name_of(row.policy));
      CAPTURE(how.name);
      ended on{row};
      how.begin(on);
      on.node.advance(fake_frame_port::close_timeout);
      CHECK_FALSE(on.client->is_open());
      CHECK(on.answers() == ended::failed(row.answers, "connection_lost"));
    }
}

TEST_CASE("of a connection that is killed nobody waits for an answer, and its "
          "client gets what waited") {
  for (auto& row : rows) {
    CAPTURE(name_of(row.policy));
    ended on{row};
    caf::anon_send_exit(on.client->actor(), caf::exit_reason::kill);
    on.node.run();
    CHECK(on.answers() == ended::failed(row.answers, "closing"));
    CHECK(on.read() == row.arrives);
    CHECK(code_of(on.client->close_frame()) == 1011);
  }
}

TEST_CASE("of a connection that is killed when it closes nobody waits for an "
          "answer") {
  for (auto& row : rows)
    for (auto& how : planned_ends) {
      CAPTURE(name_of(row.policy));
      CAPTURE(how.name);
      ended on{row};
      on.target.be_mute(); // the connection waits for it where it may
      how.begin(on);
      on.node.run();
      caf::anon_send_exit(on.client->actor(), caf::exit_reason::kill);
      on.node.run();
      CHECK(on.answers() == ended::failed(row.answers, "closing"));
      CHECK(on.read() == row.arrives);
    }
}

TEST_CASE("of a client that is lost where only a hole waits nobody hears "
          "more") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap", .reports = true, .limit = part}};
    on.fill(2, way::request); // only a hole waits
    on.client->lose();
    on.node.run();
    CHECK(on.answers() == "1=connection_lost 2=dropped");
    CHECK(on.target.log()
          == strings{"join", "overflow 1", "leave connection_lost"});
  }
}

} // namespace wsrelay::connection_overflow_end_test
