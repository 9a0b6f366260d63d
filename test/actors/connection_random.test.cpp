// Random walks through everything that can happen to a connection: whatever
// the order, the contract between connection and target holds.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <array>
#include <random>

namespace wsrelay::connection_random_test {

using namespace wsrelay::test;

namespace {

bool begins(const std::string& line, const char* word) {
  return line.starts_with(word);
}

// join, messages and heartbeats, leave, and again; nothing else.
bool keeps_order(const strings& log) {
  bool joined = false;
  for (auto& line : log) {
    if (begins(line, "join") == joined)
      return false;
    joined = !begins(line, "leave");
  }
  return true;
}

// Three targets that join late or never, one that refuses, one client.
struct walk {
  checked_node node;
  std::array<probe, 3> targets{probe{node}, probe{node}, probe{node}};
  probe refusing{node};
  std::mt19937 random;
  fake_client client;
  std::size_t sent = 0;
  std::vector<pending_reply<void>> replies;

  explicit walk(unsigned seed)
      : random{seed},
        client{
            node.connect(targets[0], {.heartbeat_interval = milliseconds{300},
                                      .window = 1 + seed % 9,
                                      .join_timeout = milliseconds{1000}})} {
    refusing.refuse_joins(make_error(errc::busy));
  }

  unsigned pick(unsigned count) { return random() % count; }

  void request(ws_control control) {
    replies.push_back(
        node.begin_request<void>(client.actor(), std::move(control)));
  }

  void act() {
    auto& one = targets[pick(3)];
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        client.send_text(std::to_string(++sent));
        break;
      case 3:
      case 4:
        request(move_to(one));
        break;
      case 5:
        request(move_to(refusing));
        break;
      case 6:
        request(move_to_name("nobody"));
        break;
      case 7:
        one.hold_joins();
        break;
      case 8:
        one.hold();
        break;
      case 9:
        one.release();
        break;
      case 10:
        node.advance(milliseconds{pick(500)});
        break;
      case 11:
        node.run();
        break;
    }
  }

  void settle() {
    for (int i = 0; i < 40; ++i) {
      for (auto& one : targets)
        one.release();
      node.advance(milliseconds{1000});
    }
  }

  std::vector<int> owners_by_seq() const {
    std::vector<int> result(sent + 1);
    for (auto& one : targets)
      for (auto& message : one.messages())
        ++result.at(message.seq);
    return result;
  }
};

} // namespace

TEST_CASE("in any order of events every message has one owner") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    walk it{seed};
    it.node.run();
    for (int i = 0; i < 80; ++i)
      it.act();
    it.settle();
    REQUIRE(it.client.is_open());
    std::vector<int> expected(it.sent + 1, 1);
    expected[0] = 0;
    CHECK(it.owners_by_seq() == expected);
    for (auto& reply : it.replies)
      CHECK(reply.answered());
    for (auto& line : it.refusing.log())
      CHECK(begins(line, "join"));
    it.client.close();
    it.node.run();
    for (auto& one : it.targets) {
      CHECK(keeps_order(one.log()));
      CHECK(one.joins().size() == one.leaves().size());
    }
  }
}

TEST_CASE("at any moment an end tells every target once") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    walk it{seed + 1000};
    for (unsigned i = 0; i < seed % 60; ++i)
      it.act();
    switch (seed % 5) {
      case 0:
        it.client.lose();
        break;
      case 1:
        it.client.close();
        break;
      case 2:
        it.node.send(it.client.actor(), ws_close{4000, ""});
        break;
      case 3:
        caf::anon_send_exit(it.client.actor(), caf::exit_reason::kill);
        break;
      case 4:
        it.node.send(it.client.actor(), connection_shutdown{});
        break;
    }
    it.settle();
    // A close frame behind messages that nobody reads waits for its turn.
    it.client.lose();
    it.settle();
    CHECK(it.client.exit_reason());
    for (auto& reply : it.replies)
      CHECK(reply.answered());
    for (auto& one : it.targets) {
      CHECK(keeps_order(one.log()));
      CHECK(one.joins().size() == one.leaves().size());
    }
  }
}

} // namespace wsrelay::connection_random_test
