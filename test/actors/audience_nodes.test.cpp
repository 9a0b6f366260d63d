// Audiences with members on another node, which the test makes believe.
#include "actors/audience_actor.hpp"
#include "actors/caf_compat.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <set>

namespace wsrelay::audience_nodes_test {

using namespace wsrelay::test;

namespace {

const auto far_node = *caf::make_node_id(1, std::string(40, 'a'));

// A client, and what it must have heard.
struct listener {
  fake_client client;
  std::vector<client_message> wanted;
  bool member = false;
};

// What a relay node's audience was sent: "+2" and "-1" for changes.
using sent_list = std::shared_ptr<std::vector<std::string>>;

caf::behavior recorder(caf::event_based_actor*, sent_list sent) {
  return {
      [sent](const audience_change& change) {
        if (!change.add.empty())
          sent->push_back("+" + std::to_string(change.add.size()));
        if (!change.remove.empty())
          sent->push_back("-" + std::to_string(change.remove.size()));
      },
      [sent](const ws_send& message) {
        sent->push_back(std::string{message.data.view()});
      },
  };
}

// A member that is no connection: tells when it is asked, and what it hears.
using asked_ptr = std::shared_ptr<caf::actor>;

caf::behavior asked_member(caf::event_based_actor* self, sent_list sent,
                           asked_ptr asked) {
  return {
      [self, sent, asked](const audience_open&) {
        *asked = self;
        sent->push_back("open");
      },
      [sent](const ws_send& message) {
        sent->push_back(std::string{message.data.view()});
      },
  };
}

bool has_ended(const caf::actor& who) {
  return !is_alive(who);
}

struct fixture {
  checked_node node;
  probe target{node};
  std::set<caf::actor_id> here; // everybody else is far away
  caf::actor all = make_audience(node.system(), [this](const caf::actor& who) {
    return here.count(who.id()) > 0 ? node.system().node() : far_node;
  });
  audience_actor& members = as_audience(all);
  caf::scoped_actor self{node.system(), true};
  sent_list sent = std::make_shared<std::vector<std::string>>();
  asked_ptr asked = std::make_shared<caf::actor>();

  ~fixture() { caf::anon_send_exit(all, caf::exit_reason::kill); }

  fake_client connect(bool is_far) {
    auto client = node.connect(target);
    node.run();
    if (!is_far)
      here.insert(client.actor().id());
    return client;
  }

  fake_client add(bool is_far = true) {
    auto client = connect(is_far);
    members.add(client.actor());
    return client;
  }

  void say(std::string what) {
    self->send(all, ws_send{message_type::text, std::move(what)});
  }

  // A member that does what the test says, and no connection.
  caf::actor add_asked() {
    auto who = node.system().spawn(asked_member, sent, asked);
    members.add(who);
    return who;
  }

  caf::actor open_recorder() {
    auto remote = node.system().spawn(recorder, sent);
    self->send(all, audience_opened{remote});
    return remote;
  }

  strings take() {
    node.run();
    return std::exchange(*sent, {});
  }

  void end(const caf::actor& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a broadcast is one message to a node of members") {
  for (int i = 0; i < 1000; ++i)
    members.add(node.system().spawn(asked_member, sent, asked));
  say("early");
  CHECK(take().size() == 1001); // and "open"
  auto remote = open_recorder();
  CHECK(take() == strings{"+1000"});
  say("a");
  say("b");
  CHECK(take() == strings{"a", "b"});
  end(all);
  end(std::exchange(*asked, nullptr));
  end(remote);
}

TEST_CASE_FIXTURE(fixture,
                  "until the node has answered, each member is sent to") {
  std::vector who{add_asked(), add_asked()};
  say("a");
  auto got = take();
  std::sort(got.begin(), got.end());
  CHECK(got == strings{"a", "a", "open"});
  end(who[0]);
  end(who[1]);
}

TEST_CASE_FIXTURE(fixture, "the only member of a node is not asked") {
  auto ann = add_asked();
  say("a");
  CHECK(take() == strings{"a"});
  end(ann);
}

TEST_CASE_FIXTURE(fixture, "another member is asked when the first one ends") {
  std::vector who{add_asked(), add_asked(), add_asked(), add_asked()};
  CHECK(take() == strings{"open"});
  end(*asked);
  CHECK(take() == strings{"open"});
  members.remove(*asked);
  CHECK(take() == strings{"open"});
  end(*asked); // a lone member is left
  CHECK(take().empty());
  CHECK(members.size() == 1);
  for (auto& each : who)
    end(each);
}

TEST_CASE_FIXTURE(fixture,
                  "a node with an audience learns who comes and goes") {
  auto ann = add_asked();
  auto bob = add_asked();
  node.run();
  auto remote = open_recorder();
  CHECK(take() == strings{"open", "+2"});
  auto eve = add_asked();
  members.remove(ann);
  say("a");
  CHECK(take() == strings{"+1", "-1", "a"});
  end(bob); // which its own node sees by itself
  CHECK(take().empty());
  end(eve);
  say("b");
  CHECK(take().empty()); // nobody is there
  end(ann);
  end(remote);
}

TEST_CASE_FIXTURE(fixture, "a second audience of a node is ended") {
  auto ann = add_asked();
  auto bob = add_asked();
  node.run();
  auto first = open_recorder();
  node.run();
  auto second = open_recorder();
  node.run();
  CHECK(has_ended(second));
  say("a");
  CHECK(take() == strings{"open", "+2", "a"});
  for (auto& who : {ann, bob, first})
    end(who);
}

TEST_CASE_FIXTURE(fixture, "a node's audience that ends is asked for again") {
  auto ann = add_asked();
  auto bob = add_asked();
  auto remote = open_recorder();
  take();
  end(remote);
  CHECK(take() == strings{"open"});
  say("a");
  CHECK(take() == strings{"a", "a"});
  end(ann);
  end(bob);
}

TEST_CASE_FIXTURE(fixture, "an audience that nobody needs any more is ended") {
  auto ann = add_asked();
  auto bob = add_asked();
  end(ann);
  end(bob);
  auto remote = open_recorder();
  node.run();
  CHECK(has_ended(remote));
}

TEST_CASE_FIXTURE(fixture,
                  "connections answer with an audience of their node") {
  auto ann = add();
  auto bob = add();
  auto eve = add(false);
  node.run();
  say("hi");
  node.run();
  for (auto client : {ann, bob, eve})
    CHECK(client.take() == std::vector{text("hi")});
  bob.lose();
  node.run();
  members.remove(ann.actor());
  say("you");
  node.run();
  CHECK(ann.take().empty());
  CHECK(eve.take() == std::vector{text("you")});
}

TEST_CASE_FIXTURE(fixture, "a node's audience ends with the owner's") {
  auto opened = std::make_shared<caf::actor>();
  auto owner = node.system().spawn([opened]() -> caf::behavior {
    return {
        [opened](const audience_opened& message) {
          *opened = message.audience;
        },
    };
  });
  auto ann = connect(true);
  node.send(ann.actor(), audience_open{owner});
  node.run();
  REQUIRE(*opened);
  node.send(*opened, audience_change{{ann.actor().id(), 1u << 30}, {}});
  CHECK(as_audience(*opened).size() == 1);
  CHECK_FALSE(has_ended(*opened));
  end(owner);
  CHECK(has_ended(*opened));
  CHECK(as_audience(*opened).size() == 0);
  node.send(ann.actor(), audience_open{owner}); // has ended
  node.send(ann.actor(), audience_open{});
  node.run();
  CHECK(ann.is_open());
}

// Each step is one message of the sender to itself, so that everything else,
// the change-over too, happens between the steps.
TEST_CASE("whoever comes, goes or answers: each member hears all, in order") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    fixture on;
    std::minstd_rand random{seed + 1};
    auto below = [&](unsigned limit) {
      return static_cast<unsigned>(random() >> 8) % limit;
    };
    std::vector<listener> all;
    for (int i = 0; i < 8; ++i)
      all.push_back({on.connect(i % 4 != 0), {}});
    auto step = [&](caf::event_based_actor* self, int number) {
      auto& one = all[below(8)];
      auto content =
          ws_send{message_type::text, shared_buffer{std::to_string(number)}};
      auto what = below(10);
      if (what < 2) {
        on.members.add(one.client.actor());
        one.member = one.client.is_open();
      } else if (what < 3) {
        on.members.remove(one.client.actor());
        one.member = false;
      } else if (what < 5) {
        self->send(one.client.actor(), content);
        one.wanted.push_back(text(std::to_string(number)));
      } else {
        self->send(on.all, content);
        for (auto& other : all)
          if (other.member)
            other.wanted.push_back(text(std::to_string(number)));
      }
      if (seed % 2 == 1 && below(40) == 0)
        one.client.lose();
    };
    on.node.system().spawn([&step](caf::event_based_actor* self) {
      self->send(self, 0);
      return caf::behavior{[self, &step](int number) {
        step(self, number);
        if (number < 150)
          self->send(self, number + 1);
        else
          self->quit();
      }};
    });
    on.node.run();
    for (auto& each : all) {
      auto heard = each.client.take();
      if (each.client.is_open())
        CHECK(heard == each.wanted);
      else // the rest was on its way when the socket ended
        CHECK(
            std::includes(each.wanted.begin(), each.wanted.end(), heard.begin(),
                          heard.end(), [](auto& left, auto& right) {
                            return std::stoi(left.data) < std::stoi(right.data);
                          }));
    }
  }
}

} // namespace wsrelay::audience_nodes_test
