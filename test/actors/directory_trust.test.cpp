// What another node may say to the directory, and what comes out of order when
// a node is lost and found again within a moment.
#include "actors/absent_peers.hpp"
#include "actors/directory.hpp"
#include "actors/operator_order.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>

namespace wsrelay::directory_trust_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  captured_log log;
  caf::actor own = node.system().spawn(directory, std::string{"relay1"});
  far_node far{node, 'a'};
  far_node other{node, 'b'};
  std::vector<caf::node_id> refused;
  caf::actor links = node.system().spawn([this](caf::event_based_actor*) {
    return caf::behavior{[](const node_known&) {},
                         [this](const node_refused& message) {
                           refused.push_back(message.node);
                         }};
  });

  fixture() { node.send(own, directory_start{links}); }
  ~fixture() {
    for (auto& who : {own, links})
      caf::anon_send_exit(who, caf::exit_reason::kill);
  }

  bool greets(far_node& from, const caf::actor& directory,
              const std::string& name = "app1") {
    caf::message answer = from.ask(own, peer_hello{name, directory});
    return answer.match_elements<peer_hello>();
  }

  bool has(const std::string& name) {
    return static_cast<bool>(
        node.request<caf::actor>(own, directory_get{name}));
  }

  std::size_t peers() {
    auto found = node.request<std::vector<peer_entry>>(own, peer_list{});
    REQUIRE(found);
    return found->size();
  }

  // The same actor, after its node was lost and found again.
  caf::actor again(const caf::actor& who) {
    caf::actor_config config;
    return caf::actor_cast<caf::actor>(
        caf::make_actor<far_actor, caf::strong_actor_ptr>(
            who.id(), who.node(), &node.system(), config));
  }
};

void end(const caf::actor& who) {
  far_node::as_far(who).kill_proxy(nullptr,
                                   caf::exit_reason::remote_link_unreachable);
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a node says hello with its own directory only") {
  CHECK_FALSE(greets(far, other.directory));
  CHECK_FALSE(greets(far, own));
  CHECK(peers() == 0);
  CHECK(greets(far, far.directory));
  CHECK(peers() == 1);
}

TEST_CASE_FIXTURE(fixture, "a hello that does not work parts from who has said "
                           "it only") {
  auto hello = [&](const caf::actor& directory) {
    far.ask(own,
            peer_hello{"app1", directory, {"9", 99, protocol_number + 1, {}}});
  };
  hello(other.directory);
  CHECK(refused.empty());
  hello(far.directory);
  CHECK(refused == std::vector{far.id()});
}

TEST_CASE_FIXTURE(fixture, "a node takes back only what it has put") {
  auto target = other.spawn();
  CHECK_FALSE(other.try_to(own, directory_put{"room", target}));
  far.ask(own, directory_erase{"room", target});
  far.ask(own, directory_erase{"room", nullptr});
  CHECK_FALSE(far.try_to(own, directory_erases{{{"room", target}}}));
  CHECK(has("room"));
  node.send(own, directory_put{"echo", links});
  far.ask(own, directory_erase{"echo", links});
  CHECK(has("echo"));
  other.ask(own, directory_erase{"room", target});
  CHECK_FALSE(has("room"));
}

TEST_CASE_FIXTURE(fixture, "what a node puts for others goes when it goes, and "
                           "nobody else may") {
  auto target = other.spawn();
  CHECK(is(far.try_to(own, directory_put{"room", target}),
           errc::invalid_message));
  REQUIRE(greets(far, far.directory));
  CHECK_FALSE(far.try_to(own, directory_put{"room", target}));
  CHECK_FALSE(far.try_to(own, directory_put{"mine", far.spawn()}));
  CHECK(has("room"));
  end(far.directory);
  node.run();
  CHECK_FALSE(has("room"));
  CHECK(has("mine")); // its end will be told
}

TEST_CASE_FIXTURE(fixture, "a name that is put again before its node's loss is "
                           "told outlives that, and has an end of its own") {
  auto before = far.spawn();
  CHECK_FALSE(far.try_to(own, directory_put{"room", before}));
  CHECK_FALSE(far.try_to(own, directory_put{"gone", before}));
  auto after = again(before);
  CHECK_FALSE(far.try_to(own, directory_put{"room", after}));
  end(before);
  node.run();
  CHECK(has("room"));
  CHECK_FALSE(has("gone"));
  end(after);
  node.run();
  CHECK_FALSE(has("room"));
}

TEST_CASE_FIXTURE(fixture, "a node that is back before its loss is told is "
                           "known") {
  REQUIRE(greets(far, far.directory));
  auto after = again(far.directory);
  REQUIRE(greets(far, after));
  CHECK(log.sink->has("peer lost: name=app1 node=" + to_string(far.id())
                      + " reason=\"it is back before its end was told\""));
  end(far.directory);
  node.run();
  CHECK(peers() == 1);
  end(after);
  node.run();
  CHECK(peers() == 0);
  CHECK(log.sink->has("reason=\"the connection to it has ended\""));
}

TEST_CASE_FIXTURE(fixture, "a node that does not take names is parted from") {
  node.send(own, directory_offer{"room", links});
  caf::message answer = far.ask(
      own, peer_hello{"app1",
                      far.directory,
                      {"1", 2, 1, {std::string{feature_name_batches}}}});
  REQUIRE(answer.match_elements<peer_hello>());
  node.advance(feed_patience - milliseconds{1});
  CHECK(refused.empty());
  node.advance(milliseconds{1});
  CHECK(refused == std::vector{far.id()});
  CHECK(log.sink->has("peer does not take names"));
}

TEST_CASE_FIXTURE(fixture, "a node that comes and goes is told of a few times, "
                           "then counted") {
  for (int i = 0; i < 40; ++i) {
    auto next = again(far.directory);
    REQUIRE(greets(far, next));
    end(next);
    node.run();
  }
  CHECK(log.sink->count("peer connected") < 10);
  CHECK(log.sink->count("peer lost") < 10);
}

// -- operators ----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what an operator orders of somebody is one line") {
  auto order = [&](operator_order what) {
    log.sink->lines.clear();
    caf::message answer = far.ask(own, std::move(what));
    return answer.empty();
  };
  auto line = [&](const std::string& text) {
    return strings{"operator: what=" + text + " node=" + to_string(far.id())};
  };
  CHECK(order({"send", "7@x", {}, {}}));
  CHECK(log.sink->lines == line("send pid=7@x"));
  CHECK(order({"close", "7@x", {}, {}, 4000}));
  CHECK(log.sink->lines == line("close pid=7@x code=4000"));
  CHECK(order({"transfer", "7@x", {}, "a b"}));
  CHECK(log.sink->lines == line("transfer pid=7@x target=\"a b\""));
  CHECK(order({"drain", {}, "node app1", "app2"}));
  CHECK(log.sink->lines == line("drain from=\"node app1\" target=app2"));
  CHECK_FALSE(order({"reload\nINJECTED", {}, {}, {}}));
  CHECK(log.sink->lines.empty());
}

TEST_CASE_FIXTURE(fixture, "no other node says which peers are not there") {
  far.ask(own, peer_absence{"app1:9000", true, "x"});
  auto absent = [this] {
    return node.request<std::vector<absent_peer>>(own, absent_peers_get{});
  };
  REQUIRE(absent());
  CHECK(absent()->empty());
  node.send(own, peer_absence{"app1:9000", true, ""});
  REQUIRE(absent()->size() == 1);
  CHECK(absent()->front().is_connecting);
  node.send(own, peer_absence{"app1:9000", false, ""});
  CHECK(absent()->empty());
}

TEST_CASE_FIXTURE(fixture, "what this program orders itself is none") {
  node.send(own, operator_order{"close", "7@x", {}, {}, 4000});
  node.run();
  CHECK(log.sink->lines.empty());
}

} // namespace wsrelay::directory_trust_test
