// The chat target, as its clients see it.
#include "tools/targets/chat.hpp"

#include "test/support/checked_node.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

namespace wsrelay::chat_test {

using namespace wsrelay::test;

namespace {

using events = std::vector<client_event>;

struct fixture {
  checked_node node;
  caf::actor target{node.system().spawn(chat)};

  ~fixture() { caf::anon_send_exit(target, caf::exit_reason::kill); }

  fake_client enter(std::string metadata = "{}") {
    auto client = node.connect(target, {.metadata = std::move(metadata)});
    node.run();
    return client;
  }

  void hello(fake_client client, std::string name) {
    client.send_text(fmt::format(R"({{"type":"hello","name":"{}"}})", name));
    node.run();
  }

  void say(fake_client client, std::string text) {
    client.send_text(fmt::format(R"({{"type":"say","text":"{}"}})", text));
    node.run();
  }

  // A client that has a name, and has read what that brought.
  fake_client enter_as(std::string name, std::string metadata = "{}") {
    auto client = enter(std::move(metadata));
    hello(client, std::move(name));
    client.take();
    return client;
  }
};

std::string error_text(const events& all) {
  return all.size() == 1 && all[0].topic == "chat.error" ? all[0].data : "";
}

} // namespace

TEST_CASE_FIXTURE(fixture, "hello is welcomed and everybody learns of it") {
  auto ann = enter_as("Ann");
  auto bob = enter();
  hello(bob, "Bob");
  auto welcome = bob.take_events();
  REQUIRE(welcome.size() == 2);
  CHECK(welcome[0].topic == "chat.welcome");
  CHECK(welcome[0].data.find(R"("room":"lobby")") != std::string::npos);
  CHECK(welcome[0].data.find(to_string(bob.actor())) != std::string::npos);
  CHECK(welcome[0].data.find(R"("history":[])") != std::string::npos);
  auto joined = ann.take_events();
  REQUIRE(joined.size() == 1);
  CHECK(joined[0] == welcome[1]);
  CHECK(joined[0].topic == "chat.joined");
  CHECK(joined[0].data.starts_with(R"({"name":"Bob","members":[)"));
}

TEST_CASE_FIXTURE(fixture, "what is said reaches everybody, the speaker too") {
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  ann.take();
  say(bob, "hi");
  events expected{{"chat.message", R"({"from":"Bob","text":"hi"})"}};
  CHECK(ann.take_events() == expected);
  CHECK(bob.take_events() == expected);
}

TEST_CASE_FIXTURE(fixture, "rooms do not hear each other") {
  auto ann = enter_as("Ann", R"({"room":"blue"})");
  auto bob = enter_as("Bob", R"({"room":"red"})");
  auto eve = enter_as("Eve");
  say(ann, "blue only");
  CHECK(ann.take_events().size() == 1);
  CHECK(bob.take_events().empty());
  CHECK(eve.take_events().empty());
  bob.close();
  node.run();
  CHECK(ann.take_events().empty());
}

TEST_CASE_FIXTURE(fixture, "metadata without a room means the lobby") {
  auto ann = enter_as("Ann");
  for (std::string metadata : {R"({"room":""})", R"({"room":7})", R"({})"}) {
    auto other = enter_as("Bob", metadata);
    CHECK(ann.take_events().size() == 1);
    other.close();
    node.run();
    CHECK(ann.take_events()[0].topic == "chat.left");
  }
}

TEST_CASE_FIXTURE(fixture, "who leaves is announced, unless nobody knew") {
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  auto nameless = enter();
  ann.take();
  nameless.lose();
  node.run();
  CHECK(ann.take_events().empty());
  bob.lose();
  node.run();
  CHECK(ann.take_events()
        == events{{"chat.left", R"({"name":"Bob","members":["Ann"]})"}});
}

TEST_CASE_FIXTURE(fixture, "messages of nobody change nothing") {
  auto ann = enter_as("Ann");
  node.send(target, ws_join{nullptr, "1@x", "{}"});
  node.send(target,
            ws_message{nullptr, "1@x", "ws.message", 1, message_type::text,
                       R"({"type":"hello","name":"Nobody"})", "{}"});
  node.send(target, ws_leave{});
  node.run();
  CHECK(ann.take_events().empty());
  say(ann, "hi");
  CHECK(ann.take_events().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "who ends without a word is announced as well") {
  auto ann = enter_as("Ann");
  auto guest = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const ws_event&) {}, [](const ws_send&) {}};
  });
  node.send(target, ws_join{guest, "1@far", "{}"});
  node.send(target,
            ws_message{guest, "1@far", "ws.message", 1, message_type::text,
                       R"({"type":"hello","name":"Far"})", "{}"});
  node.run();
  ann.take();
  caf::anon_send_exit(guest, caf::exit_reason::kill);
  node.run();
  CHECK(ann.take_events()
        == events{{"chat.left", R"({"name":"Far","members":["Ann"]})"}});
}

TEST_CASE_FIXTURE(fixture, "who has not said hello hears and says nothing") {
  auto ann = enter_as("Ann");
  auto nameless = enter();
  say(ann, "hi");
  CHECK(nameless.take().empty());
  say(nameless, "let me in");
  CHECK(error_text(nameless.take_events()) == R"({"text":"say hello first"})");
  CHECK(ann.take_events().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a second hello is an error") {
  auto ann = enter_as("Ann");
  hello(ann, "Bob");
  CHECK(error_text(ann.take_events())
        == R"({"text":"you have a name already"})");
  say(ann, "hi");
  CHECK(ann.take_events()[0].data == R"({"from":"Ann","text":"hi"})");
}

TEST_CASE_FIXTURE(fixture, "bad JSON is an error for its sender, and no more") {
  auto ann = enter_as("Ann");
  auto bob = enter_as("Bob");
  ann.take();
  for (std::string bad : {"", "{", "null", "[]", "7", R"("hello")", "{}",
                          R"({"type":"shout"})", R"({"type":7})", "\xFF",
                          R"({"type":"say"})", R"({"type":"say","text":1})"}) {
    bob.send_binary(bad);
    node.run();
    CHECK_FALSE(error_text(bob.take_events()).empty());
  }
  CHECK(ann.take().empty());
  CHECK(bob.is_open());
  say(bob, "still here");
  CHECK(ann.take_events().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "quotes and line ends in names and texts are safe") {
  auto ann = enter_as(R"(A\"n\\n)");
  say(ann, R"(\"},\n)");
  CHECK(ann.take_events()
        == events{{"chat.message", R"({"from":"A\"n\\n","text":"\"},\n"})"}});
}

TEST_CASE_FIXTURE(fixture, "a newcomer sees what was said before, to a limit") {
  auto ann = enter_as("Ann");
  for (std::size_t i = 0; i < max_chat_history + 1; ++i)
    say(ann, "line" + std::to_string(i));
  auto bob = enter();
  hello(bob, "Bob");
  auto welcome = bob.take_events().at(0).data;
  auto has = [&](std::size_t line) {
    return welcome.find("\"line" + std::to_string(line) + "\"")
           != std::string::npos;
  };
  CHECK_FALSE(has(0));
  CHECK(has(1));
  CHECK(has(max_chat_history));
}

TEST_CASE_FIXTURE(fixture, "a room forgets everything with its last member") {
  auto ann = enter_as("Ann");
  say(ann, "secret");
  ann.close();
  node.run();
  auto bob = enter();
  hello(bob, "Bob");
  CHECK(bob.take_events().at(0).data.find("secret") == std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "whatever its clients do, the chat lives on") {
  auto ann = enter_as("Ann");
  for (int i = 0; i < 50; ++i) {
    auto guest = enter_as("guest" + std::to_string(i));
    if (i % 3 == 0)
      guest.lose();
    else if (i % 3 == 1)
      guest.break_protocol();
    else
      node.send(guest.actor(), ws_close{4000, "out"});
    node.run();
  }
  ann.take();
  say(ann, "hi");
  CHECK(ann.take_events().size() == 1);
}

} // namespace wsrelay::chat_test
