// What is sent to a node, before it reads bundles, while that changes, and
// after. No loop: what waits is taken by the test.
#include "net/cluster/node_link.hpp"

#include "net/cluster/bundle.hpp"
#include "test/support/far_node.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay::node_link_test {

using namespace wsrelay::test;

namespace {

using strings = std::vector<std::string>;

struct linked : link_listener {
  checked_node node;
  far_node other{node, 'a'};
  caf::strong_actor_ptr receiver =
      caf::actor_cast<caf::strong_actor_ptr>(other.directory);
  caf::actor self = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](caf::ok_atom) {}};
  });
  caf::strong_actor_ptr sender = caf::actor_cast<caf::strong_actor_ptr>(self);
  std::shared_ptr<node_load> load = std::make_shared<node_load>(other.id());
  std::shared_ptr<node_link> link = std::make_shared<node_link>(load, nullptr);
  std::size_t by_broker = 0;
  std::size_t told = 0;

  linked() { link->listen(*this); }

  ~linked() {
    link->leave(*this);
    caf::anon_send_exit(self, caf::exit_reason::kill);
  }

  void on_link_ready() override { ++told; }

  bool send(const caf::message& content) {
    return link->send({sender, receiver, caf::make_message_id(), {}, content},
                      [&] { ++by_broker; });
  }

  bool say(const std::string& text) {
    return send(caf::make_message(ws_send{message_type::text, text}));
  }

  void open() {
    link->hold([] {});
    link->open();
  }

  // The operations of what waits; of bundles the texts in them.
  strings take() {
    strings result;
    for (auto& piece : link->take())
      for (std::size_t at = 0; at < piece.bytes.size();) {
        auto* begin = piece.bytes.data() + at;
        auto header = read_basp_header(begin);
        if (header.operation == basp_bundle)
          for (auto& text :
               texts_of({begin + basp_header_size, header.payload_len}))
            result.push_back(text);
        else
          result.push_back(to_string(header.operation));
        result.back() += piece.is_long ? " long" : "";
        at += basp_header_size + header.payload_len;
      }
    return result;
  }

  static strings texts_of(std::string_view records) {
    strings result{"bundle:"};
    bundle_reader reader{records};
    for (bundle_record next; reader.next(next);)
      result.back() +=
          " " + std::string{std::get<send_record>(next.what).data.substr(0, 9)};
    CHECK(reader.offence().empty());
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(linked, "everything goes by the broker before bundles are "
                          "read, and is held until that is written") {
  CHECK_FALSE(say("a"));
  CHECK(by_broker == 1);
  link->hold([this] { CHECK_FALSE(by_broker == 0); });
  CHECK(say("b"));
  CHECK(told == 0);
  CHECK(take().empty());
  link->open();
  CHECK(told == 1);
  CHECK(take() == strings{"bundle: b"});
  CHECK(by_broker == 1);
  link->hold([] { FAIL("it is open"); });
}

TEST_CASE_FIXTURE(linked, "what is sent before it is taken is told once, and "
                          "leaves together in its order") {
  open();
  CHECK(told == 0); // there was nothing
  CHECK(say("a"));
  CHECK(say("b"));
  CHECK(send(caf::make_message(ws_close{})));
  CHECK(say("c"));
  CHECK(told == 1);
  CHECK(take() == strings{"bundle: a b", "direct_message", "bundle: c"});
  CHECK(take().empty());
  CHECK(say("d"));
  CHECK(told == 2);
}

TEST_CASE_FIXTURE(linked, "a long message is a piece of its own, and a bundle "
                          "never longer than one part") {
  open();
  std::string half(max_basp_part / 2, 'h');
  for (auto& text : {std::string{"a"}, std::string(max_basp_part, 'l'),
                     std::string{"b"}, half, half})
    CHECK(say(text));
  CHECK(take()
        == strings{"bundle: a", "bundle: lllllllll long", "bundle: b hhhhhhhhh",
                   "bundle: hhhhhhhhh"});
}

TEST_CASE_FIXTURE(linked, "what waits counts for the node's load until it is "
                          "taken") {
  open();
  say(std::string(1000, 'x'));
  CHECK(load->waiting() > 1000);
  take();
  CHECK(load->waiting() == 0);
}

TEST_CASE_FIXTURE(linked, "memory that is given back holds the next piece, "
                          "unless it is too much to keep") {
  open();
  auto memory_after = [&](std::size_t capacity) {
    say("a");
    auto bytes = std::move(link->take().front().bytes);
    bytes.reserve(capacity);
    auto* memory = bytes.data();
    link->give_back(std::move(bytes));
    say("b");
    auto next = link->take();
    CHECK(next.front().bytes.size() > 0);
    return next.front().bytes.data() == memory;
  };
  CHECK(memory_after(256 * 1024));
  CHECK_FALSE(memory_after(256 * 1024 + 1));
}

TEST_CASE_FIXTURE(linked, "what is sent to a lost node is nothing") {
  open();
  say("a");
  link->close();
  CHECK(take().empty());
  CHECK(say("b"));
  CHECK(take().empty());
  CHECK(by_broker == 0);
}

TEST_CASE_FIXTURE(linked, "who comes to listen is told of what waits") {
  open();
  link->leave(*this);
  say("a");
  CHECK(told == 0);
  link->listen(*this);
  CHECK(told == 1);
}

TEST_CASE_FIXTURE(linked, "each sender's order holds, whichever thread it is "
                          "on and whatever it sends") {
  open();
  constexpr int count = 2'000;
  auto run = [&](char name) {
    for (int i = 0; i < count; ++i)
      if (i % 7 == 0)
        send(caf::make_message(ws_close{}));
      else
        say(name + std::to_string(i));
  };
  std::thread other{[&] { run('b'); }};
  run('a');
  other.join();
  int next[2] = {0, 0};
  std::size_t closes = 0;
  for (auto& line : take()) {
    if (line == "direct_message") {
      ++closes;
      continue;
    }
    std::istringstream words{line};
    std::string word;
    words >> word;
    while (words >> word) {
      auto& last = next[word[0] - 'a'];
      auto number = std::stoi(word.substr(1));
      CHECK(number >= last);
      last = number + 1;
    }
  }
  CHECK(next[0] == count);
  CHECK(next[1] == count);
  CHECK(closes == 2 * ((count + 6) / 7));
}

} // namespace wsrelay::node_link_test
