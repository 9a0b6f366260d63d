// The stage, as its clients see it.
#include "tools/targets/stage.hpp"

#include "actors/error.hpp"
#include "protocol/json.hpp"
#include "test/support/checked_node.hpp"
#include "tools/targets/json_object.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <map>

namespace wsrelay::stage_test {

using namespace wsrelay::test;

namespace {

using events = std::vector<client_event>;

struct fixture {
  checked_node node;
  caf::actor target{node.system().spawn(stage)};

  ~fixture() {
    node.lose_all();
    caf::anon_send_exit(target, caf::exit_reason::kill);
  }

  http_response ask(std::string address = "192.0.2.1", bool websocket = true) {
    http_request request;
    request.remote_address = std::move(address);
    request.websocket = websocket;
    auto answer = node.ask(target, std::move(request));
    REQUIRE(answer);
    return *answer;
  }

  fake_client enter(std::string address = "192.0.2.1") {
    auto answer = ask(std::move(address));
    REQUIRE(answer.relay);
    auto client = node.connect(answer.relay->target);
    node.run();
    return client;
  }

  void say(fake_client& client, std::string text) {
    client.send_text(std::move(text));
    node.run();
  }

  void hello(fake_client& client, std::string_view name) {
    say(client, R"({"type":"hello","name":)" + json_string(name) + "}");
    node.advance(stage_pause);
  }

  // A client that has a name, and has read what that brought.
  fake_client enter_as(std::string_view name) {
    auto client = enter();
    hello(client, name);
    client.take();
    return client;
  }
};

std::string color_of(const client_event& event) {
  return text_member(parse_object(event.data), "color");
}

std::string actor_of(const client_event& event) {
  return text_member(parse_object(event.data), "actor");
}

const std::string move = R"({"type":"move"})";

std::string count(int number) {
  return fmt::format(R"({{"type":"count","number":{}}})", number);
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a client learns who it is, and whose it is") {
  auto ann = enter();
  auto heard = ann.take_events();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].topic == "stage.bound");
  auto bound = parse_object(heard[0].data);
  CHECK(text_member(bound, "you") == to_string(ann.actor()));
  CHECK(color_of(heard[0]) == "blue");
  CHECK(number_member(bound, "heard") == 0);
}

TEST_CASE_FIXTURE(fixture, "each client has an actor of its own") {
  auto ann = enter();
  auto bob = enter();
  CHECK(actor_of(ann.take_events().at(0)) != actor_of(bob.take_events().at(0)));
}

TEST_CASE_FIXTURE(fixture, "a move and the way back lose no number") {
  auto ann = enter_as("Ann");
  std::vector<std::string> colors;
  int number = 0;
  for (int turn = 0; turn < 4; ++turn) {
    for (int i = 0; i < 5; ++i)
      ann.send_text(count(++number));
    ann.send_text(move);
    for (int i = 0; i < 5; ++i) // right behind it
      ann.send_text(count(++number));
    node.run();
  }
  // Of two actors either may answer first.
  std::map<std::uint64_t, std::uint64_t> seqs; // by number
  for (auto& event : ann.take_events()) {
    if (event.topic == "stage.bound")
      colors.push_back(color_of(event));
    if (event.topic != "stage.counted")
      continue;
    auto counted = parse_object(event.data);
    CHECK(seqs.emplace(number_member(counted, "number").value(),
                       number_member(counted, "seq").value())
              .second);
  }
  CHECK(seqs.size() == 40);
  std::uint64_t last = 0;
  std::uint64_t seq = 1; // of hello
  for (auto& [counted, its_seq] : seqs) {
    CHECK(counted == ++last);
    CHECK(its_seq > seq);
    seq = its_seq;
  }
  CHECK(seq >= 41);
  CHECK(colors == std::vector<std::string>{"amber", "blue", "amber", "blue"});
}

TEST_CASE_FIXTURE(fixture, "the way back leads to the same actor, which has "
                           "kept its count") {
  auto ann = enter();
  auto first = actor_of(ann.take_events().at(0));
  say(ann, count(1));
  say(ann, move);
  auto heard = ann.take_events();
  CHECK(actor_of(heard.back()) != first);
  say(ann, move);
  heard = ann.take_events();
  REQUIRE(heard.size() == 1);
  CHECK(actor_of(heard[0]) == first);
  CHECK(number_member(parse_object(heard[0].data), "heard") == 2);
}

TEST_CASE_FIXTURE(fixture, "two moves at once are one") {
  auto ann = enter();
  ann.take();
  ann.send_text(move);
  ann.send_text(move);
  node.run();
  auto heard = ann.take_events();
  REQUIRE_FALSE(heard.empty());
  CHECK(ann.is_open());
  CHECK(node.running_actors() <= 7);
}

TEST_CASE_FIXTURE(fixture, "a crash closes with 1011, ends both actors, and "
                           "leaves the others alone") {
  auto start = node.running_actors();
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  ann.take();
  say(ann, move);
  say(ann, R"({"type":"crash"})");
  REQUIRE(ann.close_frame());
  CHECK(ann.close_frame()->code == 1011);
  CHECK_FALSE(ann.close_frame()->reason.empty());
  node.advance(stage_pause);
  auto heard = bob.take_events();
  REQUIRE_FALSE(heard.empty());
  CHECK(heard.back().data
        == fmt::format(R"({{"people":[],"gone":["{}"]}})",
                       to_string(ann.actor())));
  say(bob, count(1));
  CHECK(bob.take_events().size() == 1);
  auto again = enter_as("Ann");
  CHECK(again.is_open());
  node.lose_all();
  CHECK(node.running_actors() == start);
}

TEST_CASE_FIXTURE(fixture, "who is here is told to all: names, moves, ends") {
  auto ann = enter_as("Ann");
  auto bob = enter();
  hello(bob, "Bob");
  auto heard = bob.take_events();
  REQUIRE(heard.size() == 3);
  CHECK(heard[1].topic == "stage.people");
  CHECK(heard[1].data.find(R"("name":"Ann")") != std::string::npos);
  CHECK(heard[1].data.find(to_string(ann.actor())) != std::string::npos);
  auto told = [&] {
    auto all = ann.take_events();
    REQUIRE(all.size() == 1);
    CHECK(all[0].topic == "stage.changes");
    return all[0].data;
  };
  CHECK(told().find(R"("name":"Bob")") != std::string::npos);
  say(bob, move);
  node.advance(stage_pause);
  auto moved = told();
  CHECK(moved.find(R"("color":"amber")") != std::string::npos);
  CHECK(moved.find(R"("name":"Bob")") != std::string::npos);
  bob.lose();
  node.advance(stage_pause);
  CHECK(told().find(to_string(bob.actor())) != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a hundred changes in a moment are told once") {
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  ann.take();
  for (int i = 0; i < 100; ++i)
    bob.send_text(fmt::format(R"({{"type":"hello","name":"Bob{}"}})", i));
  node.run();
  CHECK(ann.take_events().empty());
  node.advance(stage_pause);
  auto heard = ann.take_events();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].data.find("Bob99") != std::string::npos);
}

TEST_CASE("a client that sends names without end does not fill a mailbox") {
  checked_node node;
  std::vector<caf::response_promise> asked;
  auto slow = node.system().spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[self, &asked](const stage_person&) {
      return asked.emplace_back(self->make_response_promise());
    }};
  });
  auto session = node.system().spawn(stage_session, "blue", slow, caf::actor{});
  auto client = node.connect(session);
  for (int i = 0; i < 100; ++i)
    client.send_text(fmt::format(R"({{"type":"hello","name":"Bob{}"}})", i));
  node.run();
  REQUIRE(asked.size() == 1);
  asked[0].deliver(caf::unit);
  node.run();
  CHECK(asked.size() == 2);
  node.lose_all();
  asked.clear();
  caf::anon_send_exit(slow, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "what is no request is an error for its sender") {
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  ann.take();
  for (std::string bad : {"", "{", "7", R"({"type":"say"})", "\xFF"}) {
    bob.send_binary(bad);
    node.run();
    auto heard = bob.take_events();
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].topic == "stage.error");
  }
  CHECK(ann.take().empty());
  CHECK(bob.is_open());
}

TEST_CASE_FIXTURE(fixture, "nobody else can join a client's actor") {
  auto answer = ask();
  auto ann = node.connect(answer.relay->target);
  node.run();
  auto eve = node.connect(answer.relay->target);
  node.run();
  CHECK(eve.close_frame()->code == 1011);
  CHECK(ann.is_open());
}

TEST_CASE_FIXTURE(fixture, "a request of which nothing comes leaves no actor") {
  auto start = node.running_actors();
  for (std::size_t i = 0; i < max_stage_per_address + 1; ++i)
    node.refuse(ask());
  CHECK(ask("192.0.2.1", false).relay->target == target);
  CHECK(node.running_actors() == start);
}

TEST_CASE_FIXTURE(fixture, "an address has so many actors, and no more") {
  for (std::string_view one : {"192.0.2.1", "2001:db8::1"}) {
    for (std::size_t i = 0; i < max_stage_per_address; ++i)
      enter(std::string{one});
    auto full = ask(std::string{one});
    CHECK(full.status == 503);
    CHECK_FALSE(full.relay);
    CHECK(find_field(full.headers, "Retry-After"));
  }
  CHECK(ask("2001:db8::2:1").status == 503); // of the same subscriber
  node.refuse(ask("192.0.2.2"));
  node.refuse(ask("2001:db8:0:1::1"));
  node.lose_all();
  CHECK(enter().is_open());
}

TEST_CASE_FIXTURE(fixture, "the stage has so many clients, and no more") {
  for (std::size_t i = 0; i < max_stage_connections; ++i)
    enter(fmt::format("192.0.2.{}", i % 8));
  CHECK(ask("192.0.2.9").status == 503);
  node.lose_all();
  CHECK(enter("192.0.2.9").is_open());
}

TEST_CASE_FIXTURE(fixture, "a client that an operator moves elsewhere leaves "
                           "no actor when it ends") {
  auto start = node.running_actors();
  auto ann = enter_as("Ann");
  auto other = ask();
  node.send(ann.actor(), ws_control{other.relay->target, ""});
  node.run();
  CHECK(ann.is_open());
  ann.lose();
  node.run();
  CHECK(node.running_actors() == start);
}

} // namespace wsrelay::stage_test
