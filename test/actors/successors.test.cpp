// Who takes a name next: when the directory is asked, and for whom.
#include "actors/successors.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::successors_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

// A directory, played by the test: what it is asked is noted, "NAME MS".
struct searching {
  checked_node node;
  time_point start = node.now();
  strings asks;
  std::map<std::string, caf::actor> names;
  caf::actor somebody =
      node.system().spawn([] { return caf::behavior{[](caf::ok_atom) {}}; });
  caf::actor directory = node.system().spawn([this] {
    return caf::behavior{
        [this](const directory_get& x) { return answer(x.target); }};
  });
  caf::actor it = node.system().spawn(wsrelay::successors, directory);

  ~searching() {
    for (auto& each : {it, directory, somebody})
      caf::anon_send_exit(each, caf::exit_reason::kill);
    node.run();
  }

  caf::result<caf::actor> answer(const std::string& name) {
    auto passed =
        std::chrono::duration_cast<milliseconds>(node.now() - start).count();
    asks.push_back(name + " " + std::to_string(passed));
    auto found = names.find(name);
    if (found == names.end())
      return make_error(errc::no_such_target, name);
    return found->second;
  }

  pending_reply<caf::actor> wait(std::string name = "chat") {
    auto result =
        node.begin_request<caf::actor>(it, successor_get{std::move(name)});
    node.run();
    return result;
  }
};

// The same with the node's own directory.
struct searching_there {
  checked_node node;
  probe somebody{node};
  probe next{node};
  caf::actor it = node.system().spawn(wsrelay::successors, node.directory());

  ~searching_there() {
    caf::anon_send_exit(it, caf::exit_reason::kill);
    node.run();
  }

  pending_reply<caf::actor> wait(std::string name = "chat") {
    auto result =
        node.begin_request<caf::actor>(it, successor_get{std::move(name)});
    node.run();
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(searching, "who has the name already is told at once, and "
                             "asked for once") {
  names["chat"] = somebody;
  auto reply = wait();
  CHECK(*reply.get() == somebody);
  node.advance(10s);
  CHECK(asks == strings{"chat 0"});
}

TEST_CASE_FIXTURE(searching, "for many that wait the directory is asked once") {
  std::vector<pending_reply<caf::actor>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(wait());
  CHECK(asks == strings{"chat 0"});
  names["chat"] = somebody;
  node.advance(50ms);
  for (auto& each : all)
    CHECK(*each.get() == somebody);
  node.advance(10s);
  CHECK(asks == strings{"chat 0", "chat 50"});
}

TEST_CASE_FIXTURE(searching, "pauses double from 50 ms to a second") {
  auto reply = wait();
  node.advance(6s);
  CHECK_FALSE(reply.answered());
  CHECK(asks
        == strings{"chat 0", "chat 50", "chat 150", "chat 350", "chat 750",
                   "chat 1550", "chat 2550", "chat 3550", "chat 4550",
                   "chat 5550"});
}

TEST_CASE_FIXTURE(searching, "who comes later waits with the others") {
  auto first = wait();
  node.advance(2s);
  auto count = asks.size();
  auto second = wait();
  CHECK(asks.size() == count);
  names["chat"] = somebody;
  node.advance(550ms);
  CHECK(first.succeeded());
  CHECK(second.succeeded());
  CHECK(asks.back() == "chat 2550");
}

TEST_CASE_FIXTURE(searching, "after a name was found pauses begin anew") {
  auto first = wait();
  node.advance(2s);
  names["chat"] = somebody;
  node.advance(1s);
  CHECK(first.succeeded());
  names.clear();
  asks.clear();
  auto second = wait();
  node.advance(200ms);
  CHECK(asks == strings{"chat 3000", "chat 3050", "chat 3150"});
  CHECK_FALSE(second.answered());
}

TEST_CASE_FIXTURE(searching, "each name has its own pauses and its own "
                             "waiters") {
  auto chat = wait("chat");
  node.advance(750ms);
  asks.clear();
  auto news = wait("news");
  names["news"] = somebody;
  node.advance(100ms);
  CHECK(news.succeeded());
  CHECK_FALSE(chat.answered());
  CHECK(asks == strings{"news 750", "news 800"});
}

TEST_CASE_FIXTURE(searching, "those who have ended are forgotten") {
  std::optional<pending_reply<caf::actor>> first{wait()};
  std::optional<pending_reply<caf::actor>> second{wait()};
  first.reset();
  node.advance(50ms);
  CHECK(asks == strings{"chat 0", "chat 50"}); // one is left
  second.reset();
  node.advance(10s);
  CHECK(asks == strings{"chat 0", "chat 50", "chat 150"});
  auto third = wait();
  names["chat"] = somebody;
  node.advance(50ms);
  CHECK(third.succeeded());
}

TEST_CASE_FIXTURE(searching, "a null handle is nobody") {
  names["chat"] = caf::actor{};
  auto reply = wait();
  CHECK_FALSE(reply.answered());
  names["chat"] = somebody;
  node.advance(50ms);
  CHECK(*reply.get() == somebody);
}

TEST_CASE_FIXTURE(searching, "a directory that has ended knows nobody") {
  caf::anon_send_exit(directory, caf::exit_reason::kill);
  node.run();
  auto reply = wait();
  node.advance(10s);
  CHECK_FALSE(reply.answered());
}

TEST_CASE_FIXTURE(searching_there, "a name that is put later is found then") {
  auto reply = wait();
  node.advance(10s);
  CHECK_FALSE(reply.answered());
  CHECK(node.put("chat", somebody));
  node.advance(most_successor_pause);
  CHECK(*reply.get() == somebody.actor());
}

TEST_CASE_FIXTURE(searching_there, "whoever has a name after an end is found") {
  CHECK(node.put("chat", somebody));
  CHECK(*wait().get() == somebody.actor());
  somebody.end();
  node.run();
  auto reply = wait();
  CHECK_FALSE(reply.answered());
  CHECK(node.put("chat", next));
  node.advance(most_successor_pause);
  CHECK(*reply.get() == next.actor());
}

TEST_CASE_FIXTURE(searching_there, "a name at a node that is not connected is "
                                   "waited for") {
  auto reply = wait("chat@app1");
  CHECK(node.put("chat", somebody)); // another name
  node.advance(60s);
  CHECK_FALSE(reply.answered());
}

} // namespace wsrelay::successors_test
