// A backend's session: what its names hear becomes messages to its socket, what
// it says is carried out, and what is left when it goes.
#include "actors/backend_session.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"

namespace wsrelay::backend_session_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  caf::actor session{spawn_backend_session(node.directory())};
  fake_client backend{node.connect(session)};

  fixture() { node.run(); }

  ~fixture() {
    backend.close();
    node.run();
  }

  void say(std::string text) {
    backend.send_text(std::move(text));
    node.run();
  }

  // What it got since, a line each.
  strings got() {
    strings result;
    for (auto& each : backend.take())
      result.push_back(each.data);
    return result;
  }

  void offer(std::string name, std::string more = "") {
    say(R"({"type":"offer","names":[")" + name + "\"]" + more + "}");
  }

  caf::actor find(std::string name) {
    auto found = node.request<caf::actor>(node.directory(),
                                          directory_get{std::move(name)});
    return found ? *found : caf::actor{};
  }

  // The client's PID, as the backend is told.
  std::string pid_of(fake_client& client) {
    client.send_text("x");
    node.run();
    auto line = got().at(0);
    auto begin = line.find("\"pid\":\"") + 7;
    return line.substr(begin, line.find('"', begin) - begin);
  }

  // A client at a name, its join accepted.
  fake_client join(const std::string& name) {
    auto result = node.connect(find(name));
    node.run();
    say(R"({"type":"ok","ref":)" + std::to_string(++refs) + "}");
    got();
    return result;
  }

  static bool has(const strings& lines, std::string_view text) {
    for (auto& each : lines)
      if (each.find(text) != each.npos)
        return true;
    return false;
  }

  int refs = 0;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a name leads to the backend as long as it is "
                           "offered") {
  say(R"({"type":"offer","names":["game"],"id":"a"})");
  CHECK(got() == strings{R"({"type":"ok","id":"a"})"});
  CHECK(find("game"));
  say(R"({"type":"withdraw","names":["game"],"id":2})");
  CHECK(got() == strings{R"({"type":"ok","id":2})"});
  CHECK_FALSE(find("game"));
}

TEST_CASE_FIXTURE(fixture, "a name that somebody has is waited for") {
  probe other{node};
  REQUIRE(node.put("game", other));
  say(R"({"type":"offer","names":["game"],"id":1})");
  CHECK(got() == strings{R"({"type":"ok","id":1,"waiting":["game"]})"});
  CHECK(find("game") == other.actor());
  other.end();
  node.run();
  CHECK(find("game") != nullptr);
}

TEST_CASE_FIXTURE(fixture, "a name that is no name is refused") {
  say(R"({"type":"offer","names":["wsrelay.x"],"id":1})");
  CHECK(has(got(), R"("error":"invalid_message")"));
  say(R"({"type":"offer","names":["a@b"]})"); // told without an id, too
  CHECK(has(got(), R"("error":"invalid_message")"));
}

TEST_CASE_FIXTURE(fixture, "a session has at most so many names") {
  for (std::size_t i = 0; i < max_session_names; ++i)
    offer("n" + std::to_string(i));
  CHECK(got() == strings{});
  offer("n0", R"(,"id":1)"); // one that it has
  CHECK(got() == strings{R"({"type":"ok","id":1})"});
  offer("one-more", R"(,"id":2)");
  CHECK(has(got(), R"("error":"busy")"));
}

TEST_CASE_FIXTURE(fixture, "messages keep their order, and fill the window "
                           "until the kernel has them") {
  offer("game");
  auto client = join("game");
  backend.stall();
  for (auto i = 0; i < 200; ++i)
    client.send_text(std::string(16'000, 'x'));
  node.run();
  CHECK(client.is_paused()); // 128 messages, or 1 MiB, are under way
  backend.read_again();
  node.run();
  CHECK_FALSE(client.is_paused());
  CHECK(got().size() == 200);
}

TEST_CASE_FIXTURE(fixture, "with acks messages count until they are taken") {
  offer("game", R"(,"acks":true)");
  auto client = join("game");
  for (auto i = 0; i < 128; ++i)
    client.send_text("x");
  node.run();
  CHECK(client.is_paused());
  auto lines = got();
  REQUIRE(lines.size() == 128);
  auto begin = lines[0].find("\"pid\":\"") + 7;
  auto pid = lines[0].substr(begin, lines[0].find('"', begin) - begin);
  say(R"({"type":"taken","to":")" + pid + R"(","seq":100})");
  CHECK_FALSE(client.is_paused());
  say(R"({"type":"taken","to":"1@nowhere","seq":1})"); // of nobody
  CHECK(got() == strings{});
}

TEST_CASE_FIXTURE(fixture, "answers that are not read hold what it says") {
  backend.stall();
  auto count = 0;
  while (!backend.is_paused() && count < 100'000) {
    say(R"({"type":"send","to":")" + std::string(4'000, 'x') + "\"}");
    ++count;
  }
  CHECK(count > 1'000); // 1 MiB of answers, each of some 400 bytes
  CHECK(count < 8'000);
  backend.read_again();
  node.run();
  CHECK_FALSE(backend.is_paused());
  CHECK(got().size() == static_cast<std::size_t>(count));
}

TEST_CASE_FIXTURE(fixture, "a client that leaves waits for the answer, and "
                           "gets what comes before it") {
  offer("game");
  auto client = join("game");
  auto pid = pid_of(client);
  client.close(4001);
  node.run();
  CHECK_FALSE(client.close_frame());
  say(R"({"type":"send","data":"last","to":")" + pid + "\"}");
  say(R"({"type":"ok","ref":2})");
  CHECK(client.close_frame()->code == 4001);
  CHECK(client.take().at(0).data == "last");
}

TEST_CASE_FIXTURE(fixture, "what it says in a row keeps its order, however "
                           "much is sent together") {
  offer("game");
  auto client = join("game");
  auto to = R"("to":")" + pid_of(client) + '"';
  strings wanted;
  for (std::size_t i = 0; i < max_backend_batch + 40; ++i) {
    wanted.push_back(std::to_string(i));
    backend.send_text(R"({"type":"send",)" + to + R"(,"data":")" + wanted.back()
                      + '"' + (i % 50 == 20 ? R"(,"id":1)" : "") + '}');
  }
  wanted.push_back(std::string(backend_slack, 'x')); // goes at once
  backend.send_text(R"({"type":"send",)" + to + R"(,"data":")" + wanted.back()
                    + "\"}");
  backend.send_text(R"({"type":"event","topic":"t","data":1,)" + to + '}');
  wanted.push_back(R"({"topic":"t","data":1})");
  backend.send_text(R"({"type":"close","code":4000,)" + to + '}');
  backend.send_text(R"({"type":"send","data":"too late",)" + to + '}');
  node.run();
  strings came;
  for (auto& each : client.take())
    came.push_back(each.data);
  CHECK(came == wanted);
  CHECK(client.close_frame()->code == 4000);
}

TEST_CASE_FIXTURE(fixture, "an answer that nobody waits for does nothing") {
  say(R"({"type":"ok","ref":77})");
  say(R"({"type":"response","ref":0})");
  say(R"({"type":"error","ref":18446744073709551615})");
  CHECK(got() == strings{});
}

TEST_CASE_FIXTURE(fixture, "of what cannot be read is told what is known") {
  say(R"({"type":"send","to":"x","data":"\ud800","id":1})");
  CHECK(has(got(), R"({"type":"error","error":"invalid_message",)"
                   R"("text":"not valid JSON)"));
  say(R"({"type":"send","to":"x"})");
  CHECK(got()
        == strings{R"({"type":"error","of":"send","to":"x",)"
                   R"("error":"invalid_message",)"
                   R"("text":"data is missing"})"});
  say(R"({"type":"none","id":1})");
  CHECK(has(got(), R"({"type":"error","id":1,"error":"invalid_message")"));
}

TEST_CASE_FIXTURE(fixture, "a backend that is lost takes its clients with it") {
  offer("game");
  auto client = join("game");
  auto waiting = node.connect(find("game")); // its join is not answered
  node.run();
  backend.lose();
  node.run();
  CHECK(client.close_frame()->code == 1011);
  CHECK(waiting.close_frame()->code == 1011);
  CHECK_FALSE(find("game"));
}

TEST_CASE_FIXTURE(fixture, "a backend that closes is one that was stopped") {
  offer("game");
  auto client = join("game");
  backend.close(1000);
  node.run();
  CHECK(client.close_frame()->code == 1001);
}

TEST_CASE_FIXTURE(fixture, "its session ends when no socket comes") {
  auto alone = spawn_backend_session(node.directory());
  caf::anon_send(alone, ws_refused{{}, "upgrade"});
  node.run(); // the node's end counts who lives
}

TEST_CASE_FIXTURE(fixture, "a linked connection ends with a backend that "
                           "fails, and tells of its own end") {
  probe target{node};
  auto pid = [&] {
    return std::string{target.joins().back().client_pid.view()};
  };
  auto client = node.connect(target);
  node.run();
  say(R"({"type":"link","id":1,"to":")" + pid() + "\"}");
  CHECK(got() == strings{R"({"type":"ok","id":1})"});
  client.lose();
  node.run();
  CHECK(has(got(), R"({"type":"exit","to":")" + pid()));
  auto other = node.connect(target);
  node.run();
  say(R"({"type":"link","id":2,"to":")" + pid() + "\"}");
  backend.lose();
  node.run();
  CHECK(other.close_frame());
}

TEST_CASE_FIXTURE(fixture, "no other actor ends with a backend") {
  probe other{node};
  REQUIRE(node.put("other", other));
  offer("mine");
  for (std::string name : {"other", "mine"}) {
    say(R"({"type":"link","id":1,"to":")" + name + "\"}");
    CHECK(has(got(), R"("error":"invalid_message")"));
  }
  for (auto id = 1; id < 20; ++id) // whatever they are
    say(R"({"type":"link","to":")" + std::to_string(id) + "@invalid-node\"}");
  backend.lose();
  node.run();
  CHECK(find("other") == other.actor());
}

TEST_CASE_FIXTURE(fixture, "an offer that is refused takes no names, and "
                           "withdrawn ones do not count") {
  say(R"({"type":"offer","names":["good","wsrelay.bad"]})");
  CHECK_FALSE(find("good"));
  for (std::size_t i = 0; i < max_session_names + 1; ++i) {
    auto name = "n" + std::to_string(i);
    offer(name);
    say(R"({"type":"withdraw","names":[")" + name + "\"]}");
  }
  got();
  offer("one-more", R"(,"id":1)");
  CHECK(got() == strings{R"({"type":"ok","id":1})"});
}

TEST_CASE_FIXTURE(fixture, "a refused join is followed by nothing") {
  offer("game");
  auto client = node.connect(find("game"));
  node.run();
  got();
  say(R"({"type":"error","ref":1,"text":"no"})");
  CHECK(client.close_frame()->code == 1011);
  CHECK(got() == strings{});
}

TEST_CASE_FIXTURE(fixture, "a response is no answer to a join") {
  offer("game");
  auto client = node.connect(find("game"));
  node.run();
  say(R"({"type":"response","ref":1})");
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(fixture, "acks are of the names that they were offered "
                           "with") {
  offer("game");
  offer("other", R"(,"acks":true)");
  auto client = join("game");
  for (auto i = 0; i < 300; ++i)
    client.send_text("x");
  node.run();
  CHECK_FALSE(client.is_paused());
}

TEST_CASE_FIXTURE(fixture, "where the backend does not read nobody joins, and "
                           "requests are refused") {
  offer("game");
  client_options options;
  options.metadata = R"({"a":")" + std::string(15'000, 'x') + "\"}";
  backend.stall();
  auto refused = 0;
  for (auto i = 0; i < 1'000; ++i) {
    auto client = node.connect(find("game"), options);
    node.run();
    refused += client.close_frame() ? 1 : 0;
    client.lose();
    node.run();
  }
  CHECK(refused > 500);
  auto answer = node.begin_request<http_response>(find("game"), http_request{});
  node.run();
  CHECK(answer.failed_with(errc::busy));
  backend.read_again();
  node.run();
  CHECK_FALSE(node.connect(find("game")).close_frame());
}

TEST_CASE_FIXTURE(fixture, "its own socket is nobody to talk to") {
  offer("game");
  auto id = std::to_string(backend.actor().id());
  say(R"({"type":"close","id":1,"to":")" + id + "@invalid-node\"}");
  CHECK(has(got(), "own socket"));
  CHECK(backend.is_open());
}

TEST_CASE_FIXTURE(fixture,
                  "an actor of another node that has not joined is not "
                  "linked") {
  far_node there{node, 'a'};
  auto echo = there.spawn();
  REQUIRE(node.put("echo", echo));
  say(R"({"type":"link","id":1,"to":"echo"})");
  CHECK(has(got(), "only connections are linked"));
  backend.lose();
  node.run();
  CHECK(far_node::as_far(echo).messages<caf::exit_msg>().empty());
}

TEST_CASE("who is looked up for long holds what a backend says") {
  checked_node node;
  auto silent = node.system().spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::skip);
    return caf::behavior{[](const ws_overflow&) {}};
  });
  fake_client backend{node.connect(spawn_backend_session(silent))};
  node.run();
  auto count = 0;
  for (; !backend.is_paused() && count < 100'000; ++count) {
    backend.send_text(R"({"type":"close","to":"nobody"})");
    node.run();
  }
  CHECK(count < 5'000); // 1 MiB of orders, each of some 600 bytes, and a window
  backend.close();
  node.run();
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  node.run();
}

} // namespace wsrelay::backend_session_test
