// Audiences on one node: who hears what, and in which order.
#include "actors/audience.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::audience_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  probe target{node};
  caf::scoped_actor self{node.system(), true};
  audience everybody{self.ptr()};
  fake_client ann = node.connect(target);
  fake_client bob = node.connect(target);

  fixture() {
    node.run();
    everybody.add(ann.actor());
    everybody.add(bob.actor());
  }

  void say(std::string what) {
    everybody.send(ws_send{message_type::text, std::move(what)});
  }

  void check_nobody_heard() {
    node.run();
    CHECK(ann.take().empty());
    CHECK(bob.take().empty());
    CHECK(ann.is_open());
  }

  void check_heard(fake_client client, const std::vector<std::string>& what) {
    node.run();
    std::vector<client_message> wanted;
    for (auto& each : what)
      wanted.push_back(text(each));
    CHECK(client.take() == wanted);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "every member of an audience hears each message") {
  say("one");
  everybody.send(ws_send{message_type::binary, "\xFF"});
  node.run();
  CHECK(ann.take() == std::vector{text("one"), binary("\xFF")});
  CHECK(bob.take() == std::vector{text("one"), binary("\xFF")});
}

TEST_CASE_FIXTURE(fixture, "an audience of nobody hears nothing") {
  audience nobody{self.ptr()};
  CHECK(nobody.empty());
  nobody.send(ws_send{message_type::text, "hi"});
  check_nobody_heard();
}

TEST_CASE_FIXTURE(fixture, "a sender's order holds to all and to one") {
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(std::to_string(i));
    if (i % 3 == 0)
      self->send(ann.actor(), ws_send{message_type::text, all.back()});
    else
      say(all.back());
  }
  check_heard(ann, all);
}

TEST_CASE_FIXTURE(fixture, "a member that ends drops out by itself") {
  ann.lose();
  node.run();
  CHECK(everybody.size() == 1);
  say("still here");
  check_heard(bob, {"still here"});
  bob.close();
  node.run();
  CHECK(everybody.empty());
}

TEST_CASE_FIXTURE(fixture, "who has ended already is not put in") {
  auto eve = node.connect(target);
  eve.close();
  node.run();
  everybody.add(eve.actor());
  CHECK(everybody.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "who is put in twice hears everything once") {
  everybody.add(ann.actor());
  CHECK(everybody.size() == 2);
  say("once");
  check_heard(ann, {"once"});
}

TEST_CASE_FIXTURE(fixture,
                  "who is taken out hears no more, and may come back") {
  everybody.remove(ann.actor());
  everybody.remove(ann.actor());
  CHECK(everybody.size() == 1);
  say("one");
  everybody.add(ann.actor());
  say("two");
  check_heard(ann, {"two"});
  check_heard(bob, {"one", "two"});
  ann.lose();
  node.run();
  CHECK(everybody.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "who never was in it may be taken out") {
  auto eve = node.connect(target);
  everybody.remove(eve.actor());
  CHECK(everybody.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "an event reaches all members in its envelope") {
  everybody.send(ws_event{"price", "[1]"});
  check_heard(ann, {R"({"topic":"price","data":[1]})"});
  check_heard(bob, {R"({"topic":"price","data":[1]})"});
}

TEST_CASE_FIXTURE(fixture, "an audience can be closed") {
  everybody.send(ws_close{4000, "bye"});
  node.run();
  CHECK(ann.close_frame() == client_close{4000, "bye"});
  CHECK(bob.close_frame() == client_close{4000, "bye"});
  CHECK(everybody.empty());
}

TEST_CASE_FIXTURE(fixture, "what no connection would send reaches nobody") {
  say("a\xFF");
  everybody.send(ws_send{static_cast<message_type>(8), "x"});
  everybody.send(ws_event{"ws.x", "1"});
  everybody.send(ws_event{"", "1"});
  everybody.send(ws_event{"topic", "{"});
  everybody.send(ws_close{1005, ""});
  check_nobody_heard();
}

TEST_CASE_FIXTURE(fixture, "anybody may send to an audience, but not ask it") {
  node.send(everybody.actor(), ws_send{message_type::text, "hi"});
  check_heard(bob, {"hi"});
  CHECK(ann.take() == std::vector{text("hi")});
  auto reply = node.begin_request<void>(everybody.actor(),
                                        ws_send{message_type::text, "hi"});
  CHECK(reply.failed_with(errc::invalid_message));
  auto other = node.begin_request<void>(everybody.actor(), ws_control{});
  CHECK(other.failed_with(errc::invalid_message));
  check_nobody_heard();
}

TEST_CASE_FIXTURE(fixture, "what is not for clients reaches no member") {
  node.send(everybody.actor(), ws_control{});
  node.send(everybody.actor(), std::string{"x"});
  node.send(everybody.actor(), connection_shutdown{});
  check_nobody_heard();
}

TEST_CASE_FIXTURE(fixture,
                  "an audience ends with its owner, its members live") {
  caf::actor handle;
  {
    audience others{self.ptr()};
    others.add(ann.actor());
    handle = others.actor();
  }
  node.send(handle, ws_send{message_type::text, "too late"});
  check_nobody_heard();
  auto reply = node.begin_request<void>(handle, ws_control{});
  CHECK(reply.failed_with(errc::invalid_message));
}

TEST_CASE_FIXTURE(fixture, "an audience that was told to end has no members") {
  caf::anon_send_exit(everybody.actor(), caf::exit_reason::kill);
  CHECK(everybody.empty());
  everybody.add(ann.actor());
  CHECK(everybody.empty());
  say("nobody");
  check_nobody_heard();
}

TEST_CASE_FIXTURE(fixture, "a member may be an audience") {
  audience more{self.ptr()};
  more.add(everybody.actor());
  more.send(ws_send{message_type::text, "hi"});
  check_heard(ann, {"hi"});
}

TEST_CASE_FIXTURE(fixture, "a broadcast reaches each of a list") {
  std::vector clients{ann.actor(), bob.actor()};
  broadcast(self.ptr(), clients, ws_send{message_type::text, "1"});
  broadcast(self.ptr(), clients, ws_event{"two", "2"});
  broadcast(self.ptr(), clients, ws_send{message_type::text, "\xFF"});
  check_heard(ann, {"1", R"({"topic":"two","data":2})"});
  check_heard(bob, {"1", R"({"topic":"two","data":2})"});
  broadcast(self.ptr(), clients, ws_close{});
  node.run();
  CHECK_FALSE(bob.is_open());
}

} // namespace wsrelay::audience_test
