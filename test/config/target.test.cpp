// The keys of an http.target, and what becomes of them.
#include "config/changes.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"

#include "test/config/target_text.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::target_test {

using test::errors;
using test::has;
using test::hook_at;
using test::hook_of;
using test::hook_with;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using texts = std::vector<std::string>;

const std::string& secret = test::webhook_secret;
const std::string& other = test::long_webhook_secret;

constexpr std::string_view certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n"
                                         "-----END CERTIFICATE-----\n";

struct fixture {
  fixture() { folder.write("ca.pem", certificate); }

  std::string ca() const { return (folder / "ca.pem").string(); }

  test::temporary_folder folder;
};

} // namespace

// -- keys ---------------------------------------------------------------------

TEST_CASE("a target needs a url, and has defaults for all else") {
  auto x = hook_of(hook_at("http://app"));
  CHECK(x.name == "hook");
  CHECK(x.where.file == "relay.yaml");
  CHECK(x.where.line == 1);
  CHECK(x.server.url == "http://app");
  CHECK(x.server.host == "app");
  CHECK(x.server.port == 80);
  CHECK(x.server.path == "");
  CHECK_FALSE(x.server.tls);
  CHECK(x.server.ca == "");
  CHECK(x.request_target == "/");
  CHECK(x.secrets.empty());
  CHECK(x.secret_file == "");
  CHECK(x.timeout == seconds{10});
  CHECK(x.on_error == hook_failure::close);
  CHECK_FALSE(x.at_least_once);
  CHECK(x.batch == 1);
  CHECK(x.max_in_flight == 64);
  upstream_handler upstream;
  CHECK(x.server.connect_timeout == upstream.connect_timeout);
  CHECK(x.server.max_response_size == 1024 * 1024); // less than an upstream's
  CHECK(x.server.max_idle_connections == x.max_in_flight);
  CHECK(x.server.idle_timeout == seconds{1}); // less than a server's own
}

TEST_CASE_FIXTURE(fixture, "every key of a target is read") {
  auto x = hook_of(hook_at("https://app:8443/hook?room=1",
                           "  ca: " + ca() + "\n  secrets: [" + secret
                               + "]\n"
                                 "  timeout: 1s\n"
                                 "  on_error: skip\n"
                                 "  at_least_once: true\n"
                                 "  batch: 7\n"
                                 "  max_in_flight: 8\n"
                                 "  connect_timeout: 2s\n"
                                 "  max_response_size: 3KiB\n"
                                 "  max_idle_connections: 4\n"
                                 "  idle_timeout: 6s\n"));
  CHECK(x.server.url == "https://app:8443/hook?room=1");
  CHECK(x.server.host == "app");
  CHECK(x.server.port == 8443);
  CHECK(x.server.tls);
  CHECK(x.server.ca == ca());
  CHECK(x.server.path == ""); // it would be sent twice
  CHECK(x.request_target == "/hook?room=1");
  CHECK(x.secrets == texts{secret});
  CHECK(x.timeout == seconds{1});
  CHECK(x.on_error == hook_failure::skip);
  CHECK(x.at_least_once);
  CHECK(x.batch == 7);
  CHECK(x.max_in_flight == 8);
  CHECK(x.server.connect_timeout == seconds{2});
  CHECK(x.server.max_response_size == 3 * 1024);
  CHECK(x.server.max_idle_connections == 4);
  CHECK(x.server.idle_timeout == seconds{6});
}

TEST_CASE("a response has as much time as its event") {
  CHECK(hook_of(hook_at("http://app")).server.response_timeout == seconds{10});
  CHECK(hook_of(hook_with("timeout: 70s")).server.response_timeout
        == seconds{70});
}

TEST_CASE("numbers of a target have ranges") {
  struct row {
    std::string key, min, max, below, above, shown;
  };
  for (auto& each :
       {row{"batch", "1", "1000", "0", "1001", "1 to 1000"},
        row{"max_in_flight", "1", "10000", "0", "10001", "1 to 10000"},
        row{"max_idle_connections", "0", "1024", "-1", "1025", "0 to 1024"},
        row{"max_response_size", "1", "64MiB", "0", "67108865",
            "1 to 64MiB"}}) {
    CAPTURE(each.key);
    auto start =
        "relay.yaml:4: hook." + each.key + ": must be " + each.shown + ", not ";
    CHECK(errors(hook_with(each.key + ": " + each.min)) == "");
    CHECK(errors(hook_with(each.key + ": " + each.max)) == "");
    CHECK(errors(hook_with(each.key + ": " + each.below))
          == start + each.below);
    CHECK(errors(hook_with(each.key + ": " + each.above))
          == start + each.above);
  }
  CHECK(hook_of(hook_with("batch: 2")).batch == 2);
  CHECK(hook_of(hook_with("batch: 999")).batch == 999);
  CHECK(
      hook_of(hook_with("max_response_size: 67108863")).server.max_response_size
      == 67'108'863);
  CHECK(has(errors(hook_with("batch: many")),
            "hook.batch: must be a whole number"));
}

TEST_CASE("durations of a target are those of others") {
  for (std::string key : {"timeout", "connect_timeout", "idle_timeout"}) {
    CAPTURE(key);
    auto start = "relay.yaml:4: hook." + key + ": ";
    CHECK(errors(hook_with(key + ": 1ms")) == "");
    CHECK(errors(hook_with(key + ": 8760h")) == "");
    for (std::string value : {"0s", "8761h", "-1s", "off", "10", "[]"})
      CHECK(errors(hook_with(key + ": " + value)).starts_with(start));
  }
  CHECK(hook_of(hook_with("timeout: 1ms")).timeout == milliseconds{1});
}

TEST_CASE("what cannot come from a file is checked as well") {
  relay_config config;
  auto& x = config.targets.emplace_back(hook_of(hook_at("http://app")));
  CHECK(validate(config).empty());
  x.timeout = milliseconds{0};
  CHECK(has(test::lines(validate(config)), "hook.timeout: must be 1ms"));
  x.timeout = seconds{1};
  x.batch = 0;
  CHECK(has(test::lines(validate(config)), "hook.batch: must be 1 to 1000"));
  x.batch = 1;
  x.server = {};
  CHECK(has(test::lines(validate(config)), "hook.url: is missing"));
}

TEST_CASE("words and flags of a target are these") {
  CHECK(hook_of(hook_with("on_error: close")).on_error == hook_failure::close);
  CHECK(hook_of(hook_with("on_error: skip")).on_error == hook_failure::skip);
  CHECK(errors(hook_with("on_error: retry"))
        == "relay.yaml:4: hook.on_error: must be one of close, skip, not "
           "retry");
  CHECK_FALSE(hook_of(hook_with("at_least_once: false")).at_least_once);
  CHECK(errors(hook_with("at_least_once: maybe"))
        == "relay.yaml:4: hook.at_least_once: must be true or false, not "
           "maybe");
}

TEST_CASE("an unknown key of a target names the nearest") {
  auto hint = [](std::string key, std::string known) {
    CHECK(errors(hook_with(key + ": x"))
          == "relay.yaml:4: hook." + key + ": unknown key, did you mean "
                 + known + "?");
  };
  hint("on_eror", "on_error");
  hint("secret", "secrets");
  hint("secretfile", "secret_file");
  hint("max_in_fligth", "max_in_flight");
  hint("atleast_once", "at_least_once");
  for (std::string key : {"meta", "retries", "method", "response_timeout"})
    CHECK(errors(hook_with(key + ": x"))
              .starts_with("relay.yaml:4: hook." + key + ": unknown key"));
}

TEST_CASE("a ca goes with https only") {
  CHECK(errors(hook_with("ca: /tmp/ca.pem"))
        == "relay.yaml:4: hook.ca: goes with https only");
  CHECK(errors(hook_with("ca: ''")) == "");
  CHECK(hook_of(hook_at("https://app", "  ca: ''\n")).server.ca == "");
}

// -- beside other entries -----------------------------------------------------

TEST_CASE("a name is that of one target") {
  CHECK(errors(hook_at("http://a") + hook_at("http://b"))
        == "relay.yaml:4: hook.name: the name of another http.target: hook "
           "(relay.yaml:1)");
  CHECK(errors(hook_at("http://a")
               + "- {name: hook2, kind: http.target, url: http://a}\n")
        == "");
  CHECK(errors(hook_at("http://a")
               + "- {name: hook, kind: http.service, addr: 127.0.0.1:1}\n")
        == "");
}

TEST_CASE("a target's name is one under which an actor may be registered") {
  auto named = [](std::string name) {
    return errors("- {name: " + name + ", kind: http.target, url: http://a}\n");
  };
  CHECK(named(std::string(256, 'x')) == "");
  CHECK(has(named(std::string(257, 'x')), "may not exceed 256 bytes"));
  CHECK(has(named("hook@app1"), "may not hold \"@\""));
  CHECK(has(named("''"), "name: is missing"));
}

TEST_CASE("several targets keep their order") {
  auto config =
      test::config("- {name: b, kind: http.target, url: http://b}\n"
                   "- {name: a, kind: http.target, url: http://a, batch: 2}\n");
  REQUIRE(config.targets.size() == 2);
  CHECK(config.targets[0].name == "b");
  CHECK(config.targets[1].name == "a");
  CHECK(config.targets[1].batch == 2);
}

// -- printing -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what a target is prints and loads again") {
  for (auto& yaml :
       {hook_at("http://app"), hook_at("https://[2001:db8::1]:81/a/?b={c}&d"),
        hook_with("secrets: [" + secret + ", \"" + other + "\"]"),
        hook_at("https://app/x",
                "  ca: " + ca()
                    + "\n  timeout: 90s\n  on_error: skip\n"
                      "  at_least_once: true\n  batch: 1000\n"
                      "  max_in_flight: 1\n  connect_timeout: 1ms\n"
                      "  max_response_size: 1KiB\n"
                      "  max_idle_connections: 0\n  idle_timeout: 1500ms\n"
                      "  secrets: []\n")}) {
    CAPTURE(yaml);
    auto x = hook_of(yaml);
    auto printed = to_yaml(test::config(yaml));
    CHECK(has(printed, "kind: http.target\n"));
    auto again = load_config(printed, "printed.yaml");
    CHECK(test::lines(again.errors) == "");
    REQUIRE(again.config.targets.size() == 1);
    CHECK(to_yaml(again.config) == printed);
    auto& y = again.config.targets[0];
    CHECK(y.name == x.name);
    CHECK(y.server.url == x.server.url);
    CHECK(y.server.host == x.server.host);
    CHECK(y.server.port == x.server.port);
    CHECK(y.server.tls == x.server.tls);
    CHECK(y.server.ca == x.server.ca);
    CHECK(y.server.path == x.server.path);
    CHECK(y.request_target == x.request_target);
    CHECK(y.secrets == x.secrets);
    CHECK(y.secret_file == x.secret_file);
    CHECK(y.timeout == x.timeout);
    CHECK(y.on_error == x.on_error);
    CHECK(y.at_least_once == x.at_least_once);
    CHECK(y.batch == x.batch);
    CHECK(y.max_in_flight == x.max_in_flight);
    CHECK(y.server.connect_timeout == x.server.connect_timeout);
    CHECK(y.server.response_timeout == x.server.response_timeout);
    CHECK(y.server.max_response_size == x.server.max_response_size);
    CHECK(y.server.max_idle_connections == x.server.max_idle_connections);
    CHECK(y.server.idle_timeout == x.server.idle_timeout);
  }
}

// -- changes ------------------------------------------------------------------

TEST_CASE("what a reload changes of a target is told") {
  auto changes = [](const std::string& now, const std::string& next) {
    auto after = test::config(next);
    auto found = take_changes(test::config(now), after);
    CHECK(found.kept == texts{});
    return found.changed;
  };
  auto plain = hook_at("http://app/x");
  auto service = std::string{"- {name: web, kind: http.service, addr: "
                             "127.0.0.1:1}\n"};
  CHECK(changes(plain, plain) == texts{});
  CHECK(changes(service, service + plain) == texts{"http.target hook: added"});
  CHECK(changes(service + plain, service)
        == texts{"http.target hook: removed"});
  for (auto& next :
       {hook_at("http://app/x/"), hook_at("http://app/x?y"),
        hook_at("https://app/x"), hook_at("http://app/x", "  batch: 2\n"),
        hook_at("http://app/x", "  timeout: 1s\n"),
        hook_at("http://app/x", "  secrets: [" + secret + "]\n")}) {
    CAPTURE(next);
    CHECK(changes(plain, next) == texts{"http.target hook: changed"});
    CHECK(changes(next, plain) == texts{"http.target hook: changed"});
  }
}

} // namespace wsrelay::target_test
