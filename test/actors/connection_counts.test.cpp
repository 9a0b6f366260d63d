// What a connection counts, tells of itself and leaves behind: it is in one
// phase at a time, and in none when it has ended.
#include "actors/successors.hpp"
#include "test/actors/counted_client.hpp"

#include <memory>
#include <string>
#include <vector>

namespace wsrelay::connection_counts_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

// A route that parks.
struct parking_counted : counted_client {
  void open_parking() {
    parking_options options;
    options.policy = target_exit_policy::park;
    connection_config config;
    config.parking = std::make_shared<const parking_options>(options);
    config.lot = std::make_shared<parking_lot>(
        100, 1024 * 1024,
        node.system().spawn<caf::hidden>(successors, node.directory()));
    config.target_name = "chat";
    REQUIRE(node.put("chat", target));
    open(std::move(config));
  }
};

// A way to end, and what it leaves; `events` is how the record ends.
struct way {
  const char* name;
  void (*happen)(counted_client&);
  const char* end;
  const char* events;
  bool is_of_target = false;
};

const std::vector<way> ways{
    {"client closes", [](counted_client& on) { on.client->close(1000); },
     "client_closed 1000", " leaving closing closed"},
    {"client closes with a code of its own",
     [](counted_client& on) { on.client->close(3999); }, "client_closed 3xxx",
     " leaving closing closed"},
    {"lost", [](counted_client& on) { on.client->lose(); },
     "connection_lost 1006", " closed"},
    {"ws.close",
     [](counted_client& on) {
       on.node.send(on.client->actor(), ws_close{4001, "bye"});
     },
     "closed_by_actor 4xxx", " closing closed"},
    {"target down", [](counted_client& on) { on.target.crash(); },
     "target_crashed 1011", " closing closed", true},
    {"kill",
     [](counted_client& on) {
       caf::anon_send_exit(on.client->actor(), caf::exit_reason::kill);
     },
     "killed 1011", " closing"},
};

void check_ended(counted_client& on, const way& how,
                 const std::string& before) {
  how.happen(on);
  on.node.run();
  on.node.advance(10s); // a claim that is under way decides first
  CHECK(on.phases() == "");
  CHECK(on.ends() == strings{how.end});
  CHECK(on.counts->opened.get() == 1);
  CHECK(on.events() == before + how.events);
  REQUIRE(on.record->end);
  auto report = report_of(*on.record);
  CHECK(report.cause + " " + close_code_text(close_code_kind(report.code))
        == how.end);
  CHECK(report.ended_at >= report.opened_at);
}

} // namespace

// -- ends ---------------------------------------------------------------------

TEST_CASE("a connection that relays is in no phase after any end") {
  for (auto& how : ways) {
    CAPTURE(how.name);
    counted_client on;
    on.open();
    CHECK(on.phases() == "relaying");
    check_ended(on, how, "opened asked joined");
  }
}

TEST_CASE("a connection that binds is in no phase after any end") {
  for (auto& how : ways) {
    CAPTURE(how.name);
    counted_client on;
    on.target.hold_joins();
    on.open();
    CHECK(on.phases() == "binding");
    std::string events = how.events;
    if (how.is_of_target)
      events.insert(0, " refused");
    if (events.starts_with(" leaving")) // nobody is to be left
      events.erase(0, 8);
    check_ended(on, {how.name, how.happen, how.end, events.c_str()},
                "opened asked");
  }
}

TEST_CASE("a connection that moves is in no phase after any end") {
  for (auto& how : ways) {
    CAPTURE(how.name);
    counted_client on;
    on.open();
    on.other.hold_joins();
    auto reply = on.ask(move_to(on.other));
    CHECK(on.phases() == "transferring");
    check_ended(on, how,
                std::string{"opened asked joined asked"}
                    + (how.is_of_target ? " refused" : ""));
  }
}

TEST_CASE_FIXTURE(parking_counted, "a connection that is parked is in no phase "
                                   "after any end") {
  open_parking();
  target.crash();
  node.run();
  REQUIRE(phases() == "parked");
  SUBCASE("over") {
    node.advance(30s);
    CHECK(ends() == strings{"target_crashed 1011"});
  }
  SUBCASE("lost") {
    client->lose();
    node.run();
    CHECK(ends() == strings{"connection_lost 1006"});
  }
  SUBCASE("killed") {
    caf::anon_send_exit(client->actor(), caf::exit_reason::kill);
    node.run();
    CHECK(ends() == strings{"killed 1011"});
  }
  CHECK(phases() == "");
  CHECK(counts->parked.get() == 1);
}

// -- phases -------------------------------------------------------------------

TEST_CASE_FIXTURE(counted_client,
                  "a connection is in one phase after the other") {
  target.hold_joins();
  open();
  CHECK(phases() == "binding");
  CHECK(report().phase == "binding");
  target.release();
  node.run();
  CHECK(phases() == "relaying");
  other.hold_joins();
  auto moved = ask(move_to(other));
  CHECK(phases() == "transferring");
  CHECK(report().phase == "transferring");
  other.release();
  node.run();
  CHECK(moved.succeeded());
  CHECK(phases() == "relaying");
  client->stall();
  ask(ws_close{1000, ""});
  CHECK(phases() == "closing");
  CHECK(report().phase == "closing");
  node.advance(fake_frame_port::close_timeout);
  CHECK(phases() == "");
}

TEST_CASE_FIXTURE(counted_client,
                  "a connection leaves until its target has answered "
                  "what came before") {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  auto silent = node.system().spawn([held](caf::event_based_actor* self) {
    return caf::behavior{[](const ws_join&) {},
                         [self, held](const ws_leave&) -> caf::result<void> {
                           auto promise = self->make_response_promise<void>();
                           held->push_back(promise);
                           return promise;
                         }};
  });
  open();
  REQUIRE(ask(move_to(silent)).succeeded());
  client->close(1000);
  node.run();
  CHECK(phases() == "leaving");
  CHECK(report().phase == "leaving");
  for (auto& each : *held)
    each.deliver(caf::unit);
  node.run();
  CHECK(phases() == "");
  CHECK(ends() == strings{"client_closed 1000"});
  held->clear();
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(parking_counted, "a connection whose target has a successor "
                                   "relays again") {
  open_parking();
  target.crash();
  node.run();
  CHECK(phases() == "parked");
  CHECK(report().phase == "parked");
  REQUIRE(node.put("chat", other));
  node.advance(most_successor_pause);
  CHECK(phases() == "relaying");
  CHECK(counts->parked.get() == 1);
  CHECK(events().find("joined parked") != std::string::npos);
  CHECK(events().find("resumed") != std::string::npos);
}

TEST_CASE_FIXTURE(counted_client,
                  "the phase that is counted is the one that is told, "
                  "also where the owner ends in a transfer") {
  open();
  other.hold_joins();
  auto moved = ask(move_to(other));
  target.crash();
  node.run();
  REQUIRE(client->is_open());
  CHECK(phases() == report().phase);
  other.release();
  node.run();
  CHECK(moved.succeeded());
  CHECK(phases() == "relaying");
}

TEST_CASE_FIXTURE(counted_client,
                  "connections of one endpoint are counted together") {
  open();
  auto first = *client;
  open();
  CHECK(phases() == "relaying x2");
  CHECK(counts->opened.get() == 2);
  first.lose();
  node.run();
  CHECK(phases() == "relaying");
}

// -- numbers ------------------------------------------------------------------

TEST_CASE_FIXTURE(counted_client,
                  "messages and their bytes are counted both ways") {
  connection_config config;
  config.window = 1; // each message asks for its answer
  open(std::move(config));
  say("abc");
  say("");
  send("12345");
  CHECK(counts->messages_in.get() == 2);
  CHECK(counts->bytes_in.get() == 3);
  CHECK(counts->messages_out.get() == 1);
  CHECK(counts->bytes_out.get() == 5);
  CHECK(counts->answers.count(0) == 2);
  CHECK(counts->requests.get() == 0); // the relay's, not its own
}

TEST_CASE_FIXTURE(counted_client, "an answer takes as long as its target") {
  connection_config config;
  config.window = 1;
  open(std::move(config));
  target.hold();
  say("a");
  node.advance(300ms);
  target.release();
  node.run();
  CHECK(counts->answers.sum() == 300ms);
}

TEST_CASE_FIXTURE(counted_client, "of 64 messages to clients one is timed") {
  open();
  for (auto round : {1u, 2u}) {
    client->stall();
    for (auto i = 0; i < 64; ++i)
      send("x");
    node.advance(300ms);
    client->read_again();
    node.run();
    CHECK(counts->writes.sum() == 300ms * round);
  }
}

TEST_CASE_FIXTURE(counted_client,
                  "a connection that ends leaves timing to others") {
  open();
  client->stall();
  for (auto i = 0; i < 64; ++i)
    send("x");
  client->lose();
  node.run();
  open();
  for (auto i = 0; i < 64; ++i)
    send("x");
  CHECK(counts->messages_out.get() == 128);
  CHECK(counts->writes.count(0) == 1);
}

TEST_CASE_FIXTURE(counted_client,
                  "a client that is held back is counted, a transfer "
                  "is no pause") {
  connection_config config;
  config.window = 1;
  open(std::move(config));
  REQUIRE(ask(move_to(other)).succeeded());
  CHECK(counts->pauses.get() == 0);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    other.hold();
    say("x");
    CHECK(client->is_paused());
    CHECK(counts->pauses.get() == i);
    other.release();
    node.run();
    CHECK_FALSE(client->is_paused());
  }
  CHECK(record->rows().back().what == "paused");
  CHECK(record->rows().back().count == 3);
  client->close();
  node.run();
  CHECK(counts->pauses.get() == 3);
}

TEST_CASE_FIXTURE(counted_client, "transfers are counted, moved or failed") {
  open();
  CHECK(counts->transfers.get() == 0); // the first target is none
  REQUIRE(ask(move_to(other)).succeeded());
  CHECK(counts->transfers.get() == 1);
  target.refuse_joins(make_error(errc::overloaded));
  CHECK(ask(move_to(target)).failed_with(errc::target_refused));
  CHECK(ask(move_to_name("nobody")).failed_with(errc::no_such_target));
  CHECK(counts->failed_transfers.get() == 2);
  CHECK(ask(move_to(other)).succeeded()); // it is there already
  CHECK(counts->transfers.get() == 1);
  CHECK(counts->failed_transfers.get() == 2);
  CHECK(phases() == "relaying");
}

TEST_CASE_FIXTURE(counted_client,
                  "messages that a slow client misses are counted") {
  overflow_options overflow;
  overflow.policy = overflow_policy::drop_newest;
  connection_config config;
  config.overflow = std::make_shared<const overflow_options>(overflow);
  config.output_limit = 100'000;
  open(std::move(config));
  client->stall();
  for (auto i = 0; i < 14; ++i)
    send(std::string(10'000, 'x'));
  CHECK(counts->dropped.get() == 5);
  CHECK(counts->messages_out.get() == 9);
  CHECK(record->rows().back().what == "dropped");
  CHECK(record->rows().back().detail == "5");
}

} // namespace wsrelay::connection_counts_test
