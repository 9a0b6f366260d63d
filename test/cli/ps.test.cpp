// The table of connections, from acceptors that answer and others.
#include "tools/wsrelay/ps.hpp"

#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <memory>

namespace wsrelay::ps_test {

using namespace wsrelay::cli;

namespace {

using rows = std::vector<connection_row>;

connection_row row(std::string pid, std::string address = "192.0.2.1") {
  return {shared_buffer{pid}, std::move(address), "ws", caf::none};
}

struct fixture {
  struct settings_type : caf::actor_system_config {
    settings_type() { wsrelay::add_message_types(*this); }
  };

  settings_type settings;
  caf::actor_system system{settings};
  caf::actor directory{system.spawn(wsrelay::directory, std::string{"near"})};
  std::vector<caf::actor> actors;

  ~fixture() {
    for (auto& who : actors)
      caf::anon_send_exit(who, caf::exit_reason::kill);
    caf::anon_send_exit(directory, caf::exit_reason::kill);
  }

  node_client node(milliseconds timeout = std::chrono::minutes{1}) {
    return {system, directory, timeout};
  }

  void put(std::string name, caf::actor who) {
    put_at(directory, std::move(name), std::move(who));
  }

  void put_at(const caf::actor& where, std::string name, caf::actor who) {
    actors.push_back(who);
    caf::scoped_actor self{system};
    self->request(where, caf::infinite, directory_own{name, who})
        .receive([] {}, [](caf::error& error) { FAIL(to_text(error)); });
  }

  caf::actor add_peer(std::string name) {
    auto peer = system.spawn(wsrelay::directory, name);
    actors.push_back(peer);
    caf::scoped_actor self{system};
    self->request(directory, caf::infinite, peer_hello{name, peer})
        .receive([](peer_hello&) {},
                 [](caf::error& error) { FAIL(to_text(error)); });
    return peer;
  }

  template <class F>
  void accept(std::string name, F answer) {
    put(std::move(name), system.spawn([answer](caf::event_based_actor* self) {
      self->set_default_handler(caf::drop);
      return caf::behavior{answer};
    }));
  }

  void accept_rows(std::string name, rows answer) {
    accept(std::move(name), [answer](acceptor_stats) { return answer; });
  }

  // As many in a page as there are rows in each of these.
  void accept_pages(std::string name, std::vector<rows> pages) {
    accept(std::move(name), [pages](acceptor_page_get request) {
      auto& page = pages[request.after];
      connection_page answer{
          {}, request.after + 1, request.after + 1 < pages.size()};
      for (auto& row : page)
        answer.rows.push_back({row});
      return answer;
    });
  }

  void accept_nothing(std::string name) {
    put(std::move(name), system.spawn([](caf::event_based_actor* self) {
      return caf::behavior{[self](acceptor_stats) {
        return self->make_response_promise<rows>();
      }};
    }));
  }
};

// The first column, without its heading.
std::vector<std::string> pids(const command_output& output) {
  std::vector<std::string> result;
  auto rest = output.text.substr(output.text.find('\n') + 1);
  while (!rest.empty()) {
    result.push_back(rest.substr(0, rest.find(' ')));
    rest.erase(0, rest.find('\n') + 1);
  }
  return result;
}

// The directory has to answer in the same short time as the acceptors.
command_output run_until_names_are_known(node_client& node) {
  for (;;) {
    try {
      return run_command(node, {});
    } catch (const command_error& error) {
      REQUIRE(error.code == exit_code::timeout);
    }
  }
}

} // namespace

TEST_CASE_FIXTURE(fixture, "the connections of all acceptors are one table, "
                           "the oldest first") {
  accept_rows("wsrelay.acceptor.a.0", {row("9@x"), row("100@x")});
  accept_rows("wsrelay.acceptor.a.1", {row("10@x")});
  accept_rows("wsrelay.acceptor.b.0", {});
  accept_rows("wsrelay.acceptor.b.10", {row("2@x")});
  accept_rows("chat", {row("1@x")});
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(pids(output)
        == std::vector<std::string>{"2@x", "9@x", "10@x", "100@x"});
  CHECK(output.missing.empty());
}

TEST_CASE_FIXTURE(fixture, "pages of several acceptors are one table, beside "
                           "one of an earlier release") {
  accept_pages("wsrelay.acceptor.a.0",
               {{row("9@x"), row("11@x")}, {row("12@x")}, {row("20@x")}});
  accept_pages("wsrelay.acceptor.a.1", {{}});
  accept_pages("wsrelay.acceptor.a.2", {{row("10@x")}});
  accept_rows("wsrelay.acceptor.b.0", {row("2@x")});
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(pids(output)
        == std::vector<std::string>{"2@x", "9@x", "10@x", "11@x", "12@x",
                                    "20@x"});
  CHECK(output.missing.empty());
}

TEST_CASE_FIXTURE(fixture, "an acceptor whose pages lead nowhere is asked no "
                           "more") {
  accept("wsrelay.acceptor.a.0", [](acceptor_page_get) {
    return connection_page{{{row("9@x")}}, 0, true};
  });
  auto asked = node();
  CHECK(pids(run_command(asked, {})) == std::vector<std::string>{"9@x"});
}

TEST_CASE_FIXTURE(fixture, "a directory whose pages lead nowhere is asked no "
                           "more") {
  auto asks = std::make_shared<std::atomic<int>>(0);
  auto lying = system.spawn([asks](caf::event_based_actor*) {
    return caf::behavior{[asks](const directory_page_get&) {
      ++*asks;
      return directory_page{{{"chat", "1@x"}}, true};
    }};
  });
  actors.push_back(lying);
  node_client asked{system, lying, std::chrono::minutes{1}};
  CHECK(asked.names().size() == 2);
  CHECK(*asks == 2);
}

TEST_CASE_FIXTURE(fixture, "a target has its name, or its PID without one") {
  auto target = system.spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  auto pid = pid_text(target.id(), target.node());
  put("wsrelay.own", target);
  auto with_target = row("1@x");
  with_target.numbers = connection_numbers{};
  with_target.numbers->target_pid = pid;
  accept_rows("wsrelay.acceptor.a.0", {with_target});
  auto asked = node();
  auto shown = [&](bool json = false) {
    options opts;
    opts.json = json;
    return run_command(asked, opts).text;
  };
  CHECK(shown().find(pid) != std::string::npos);
  put("zebra", target);
  put("chat", target);
  CHECK(shown().find(" chat ") != std::string::npos);
  CHECK(shown().find(pid) == std::string::npos);
  CHECK(shown(true).find("\"target\":\"" + pid) != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a target that only its own node names is "
                           "NAME@PEER") {
  auto target = system.spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  auto pid = pid_text(target.id(), target.node());
  auto with_target = row("1@x");
  with_target.numbers = connection_numbers{};
  with_target.numbers->target_pid = pid;
  accept_rows("wsrelay.acceptor.a.0", {with_target});
  auto peer = add_peer("app1");
  auto asked = node();
  auto shown = [&](std::string text) {
    return run_command(asked, {}).text.find(" " + text + " ")
           != std::string::npos;
  };
  put_at(peer, "wsrelay.own", target);
  CHECK(shown(pid));
  put_at(peer, "zebra", target);
  CHECK(shown("zebra@app1"));
  put_at(peer, "chat", target);
  CHECK(shown("chat@app1"));
  put("plain", target); // as what it offers
  CHECK(shown("plain"));
}

TEST_CASE_FIXTURE(fixture, "a node without acceptors has an empty table") {
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(output.text.starts_with("PID"));
  CHECK(pids(output).empty());
  options json;
  json.json = true;
  CHECK(run_command(asked, json).text == "[]\n");
}

TEST_CASE_FIXTURE(fixture, "an acceptor that answers with something else hides "
                           "no other") {
  accept("wsrelay.acceptor.a.0",
         [](acceptor_stats) { return std::string{"rows"}; });
  accept_rows("wsrelay.acceptor.a.1", {row("10@x")});
  accept("wsrelay.acceptor.a.2", [](acceptor_stats) -> caf::result<rows> {
    return make_error(errc::busy, "not now");
  });
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(pids(output) == std::vector<std::string>{"10@x"});
  REQUIRE(output.missing.size() == 2);
  CHECK(output.missing[0].text
        == "wsrelay.acceptor.a.0 does not understand that");
  CHECK(output.missing[1].text == "wsrelay.acceptor.a.2: not now");
}

TEST_CASE_FIXTURE(fixture, "an acceptor that ends while it is asked has no "
                           "connections") {
  auto dead = system.spawn([] {});
  put("wsrelay.acceptor.a.0",
      system.spawn([dead](caf::event_based_actor* self) {
        return caf::behavior{[self, dead](acceptor_stats request) {
          return self->delegate(dead, request);
        }};
      }));
  accept_rows("wsrelay.acceptor.a.1", {row("10@x")});
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(pids(output) == std::vector<std::string>{"10@x"});
  CHECK(output.missing.empty());
}

TEST_CASE_FIXTURE(fixture, "silent acceptors are waited for once, all of them "
                           "together") {
  for (int i = 0; i < 100; ++i)
    accept_nothing("wsrelay.acceptor.a." + std::to_string(i));
  auto asked = node(milliseconds{20});
  auto output = run_until_names_are_known(asked);
  REQUIRE(output.missing.size() == 100);
  CHECK(output.missing[0].code == exit_code::timeout);
  CHECK(output.text.starts_with("PID"));
}

TEST_CASE_FIXTURE(fixture, "a row of nonsense hides no other") {
  accept_rows("wsrelay.acceptor.a.0",
              {row("5@x"), row("", "\x1b[2J\xff"), row("abc"),
               row(std::string(100, '9') + "@x"), row("@")});
  auto asked = node();
  auto output = run_command(asked, {});
  CHECK(pids(output).size() == 5);
  CHECK(pids(output).back() == "5@x");
  CHECK(output.text.find('\x1b') == std::string::npos);
}

} // namespace wsrelay::ps_test
