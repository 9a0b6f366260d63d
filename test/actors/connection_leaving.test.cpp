// Behind a client's last word: what its target answers still goes out.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::connection_leaving_test {

using namespace wsrelay::test;

namespace {

// Answers everything, also the end.
caf::behavior talkative(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [self](const ws_message& x) {
        self->send(x.client, ws_send{x.type, x.data});
      },
      [self](const ws_leave& x) {
        self->send(x.client, ws_send{message_type::text, "goodbye"});
      },
  };
}

struct leaving {
  checked_node node;
  caf::actor echo{node.system().spawn(talkative)};
  fake_client client{node.connect(echo)};

  leaving() { node.run(); }
  ~leaving() { caf::anon_send_exit(echo, caf::exit_reason::kill); }
};

// The ways in which a client may say its last word, and the close frame that
// answers.
struct last_word {
  const char* name;
  void (*say)(fake_client&);
  std::optional<client_close> answer;
};

const std::vector<last_word> last_words{
    {"close", [](auto& x) { x.close(4001, "bye"); }, client_close{4001, "bye"}},
    {"close without a code", [](auto& x) { x.close(1005); },
     client_close{1005, ""}},
    {"a violation", [](auto& x) { x.break_protocol(1007); },
     client_close{1007, ""}},
    {"the end of its half", [](auto& x) { x.end_output(); }, std::nullopt},
};

milliseconds patience() {
  return std::min(fake_frame_port::close_timeout / 2, max_last_answers);
}

} // namespace

TEST_CASE("what a target answers to the last messages goes out, then the close "
          "frame") {
  for (auto& how : last_words) {
    CAPTURE(how.name);
    leaving on;
    for (int i = 0; i < 1000; ++i)
      on.client.send_text("x");
    how.say(on.client);
    on.node.run();
    CHECK(on.client.received().size() == 1001);
    CHECK(on.client.received().back() == text("goodbye"));
    CHECK(on.client.close_frame() == how.answer);
    CHECK_FALSE(on.client.is_open());
    CHECK(on.client.exit_reason());
  }
}

TEST_CASE("a target that does not answer holds the close up for a while only") {
  for (auto& how : last_words) {
    CAPTURE(how.name);
    connected on;
    on.target.hold();
    on.client.send_text("x");
    how.say(on.client);
    auto before = on.target.leaves().size();
    on.node.run();
    CHECK(on.target.leaves().size() == before + 1); // at once
    on.node.advance(patience() - milliseconds{1});
    // The probe answers ws.leave: only one that holds it back is waited for.
    CHECK(on.client.close_frame() == how.answer);
  }
}

TEST_CASE("a target that answers nothing is not waited for") {
  checked_node node;
  auto mute = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[](const ws_join&) {}, [](const ws_message&) {},
                         [self](const ws_leave&) -> caf::result<void> {
                           return self->make_response_promise<void>();
                         }};
  });
  for (auto& how : last_words) {
    CAPTURE(how.name);
    auto client = node.connect(mute);
    node.run();
    how.say(client);
    node.advance(patience() - milliseconds{1});
    CHECK(client.is_open());
    auto late = node.begin_request<void>(client.actor(),
                                         ws_send{message_type::text, "late"});
    node.run();
    CHECK(late.succeeded());
    node.advance(milliseconds{1});
    CHECK_FALSE(client.is_open());
    CHECK(client.close_frame() == how.answer);
    CHECK(client.take() == std::vector{text("late")});
  }
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE("a target that ends instead of answering is not waited for") {
  checked_node node;
  auto dying = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[](const ws_join&) {}, [](const ws_message&) {},
                         [self](const ws_leave&) { self->quit(); }};
  });
  auto client = node.connect(dying);
  node.run();
  client.close(4000);
  node.run();
  CHECK(client.close_frame() == client_close{4000, ""});
  CHECK_FALSE(client.is_open());
}

TEST_CASE("only sends are taken while the last answers are awaited") {
  checked_node node;
  auto mute = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[](const ws_join&) {},
                         [self](const ws_leave&) -> caf::result<void> {
                           return self->make_response_promise<void>();
                         }};
  });
  auto client = node.connect(mute);
  node.run();
  client.close(4000);
  node.run();
  auto ask = [&](auto message) {
    auto reply = node.begin_request<void>(client.actor(), message);
    node.run();
    return reply.error();
  };
  CHECK(is(ask(ws_close{1000, ""}), errc::closing));
  CHECK(is(ask(ws_control{}), errc::closing));
  CHECK_FALSE(ask(ws_event{"t", "1"}));
  CHECK(client.is_open());
  node.send(client.actor(), connection_shutdown{}); // nobody waits any longer
  node.run();
  CHECK(client.close_frame() == client_close{4000, ""});
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE("a client that goes behind a full window is not listed for ever") {
  std::vector<last_word> ways = last_words;
  ways.erase(ways.begin() + 2); // a violation is not seen before it is read
  ways.push_back({"its loss", [](auto& x) { x.lose(); }, std::nullopt});
  for (auto& how : ways) {
    CAPTURE(how.name);
    connected on{{.window = 2}};
    on.target.hold();
    for (auto word : {"1", "2", "3", "4", "5"})
      on.client.send_text(word);
    how.say(on.client);
    on.node.advance(fake_frame_port::close_timeout - milliseconds{1});
    CHECK(on.client.is_open());
    CHECK(on.target.messages().size() == 2);
    on.node.advance(milliseconds{1});
    CHECK_FALSE(on.client.is_open());
    CHECK(on.target.messages().size() == 5); // nothing is lost
    CHECK(on.target.leaves().size() == 1);
    CHECK(on.target.leaves().front().last_seq == 5);
  }
}

TEST_CASE("a client that goes while its target joins waits for that") {
  checked_node node;
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target);
  node.run();
  client.send_text("1");
  client.end_output();
  node.advance(fake_frame_port::close_timeout);
  CHECK(client.is_open());
  target.release();
  node.run();
  CHECK(target.messages().size() == 1);
  CHECK_FALSE(client.is_open());
}

} // namespace wsrelay::connection_leaving_test
