// What a file must be, and what every entry must have.
#include "config/load.hpp"

#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace wsrelay::load_test {

using test::errors;

namespace {

std::string entry_with_depth(int levels) {
  std::string yaml = "- {name: a, kind: x, y: ";
  return yaml + std::string(levels, '[') + std::string(levels, ']') + "}";
}

} // namespace

TEST_CASE("the fragment of the design loads as it stands") {
  auto loaded = load_config(R"(- name: ws_router
  kind: http.router
  meta:
    server: gateway
  prefix: /ws
  post_middleware:
    - websocket_relay
  post_options:
    wsrelay.allowed.origins: "https://app.example.com"
)",
                            "relay.yaml");
  CHECK(test::lines(loaded.errors) == "");
  CHECK(test::lines(loaded.warnings) == "");
  REQUIRE(loaded.config.services.size() == 1);
  CHECK(loaded.config.services[0].name == "gateway");
  REQUIRE(loaded.config.services[0].addresses.size() == 1);
  CHECK(to_text(loaded.config.services[0].addresses[0]) == "127.0.0.1:8080");
  CHECK(loaded.config.services[0].where.file == "built-in");
  REQUIRE(loaded.config.routers.size() == 1);
  const auto& router = loaded.config.routers[0];
  CHECK(router.name == "ws_router");
  CHECK(router.server == "gateway");
  CHECK(router.prefix == "/ws");
  CHECK(router.relays);
  CHECK(router.where.line == 1);
  REQUIRE(router.options.origins.allowed.size() == 1);
  CHECK(router.options.origins.allowed[0].value.host == "app.example.com");
}

TEST_CASE("a file with a service gets no built-in one") {
  auto config = test::config("- {name: front, kind: http.service}");
  REQUIRE(config.services.size() == 1);
  CHECK(config.services[0].name == "front");
}

TEST_CASE("a service with an error keeps the built-in one away") {
  CHECK(errors("- {name: front, kind: http.service, threads: x}\n"
               "- {name: r, kind: http.router, meta: {server: gateway}}")
        == "relay.yaml:1: front.threads: must be a whole number, not x\n"
           "relay.yaml:2: r.meta.server: no http.service has the name gateway");
}

TEST_CASE("what is no HTTP opens none") {
  for (auto entry : {
           "- {name: n, kind: cluster.node, listen: \"127.0.0.1:0\"}",
           "- {name: a, kind: admin.service}",
           "- {name: t, kind: http.target, url: \"http://127.0.0.1:1/\"}",
           "[]",
       }) {
    CAPTURE(entry);
    auto loaded = load_config(entry, "relay.yaml");
    CHECK(test::lines(loaded.errors) == "");
    CHECK(loaded.config.services.empty());
  }
  auto backends = test::config("- {name: b, kind: backend.service}");
  REQUIRE(backends.services.size() == 1);
  CHECK(backends.services[0].is_derived);
}

TEST_CASE("files and routers without a service get the built-in one") {
  CHECK(test::config("- {name: s, kind: http.static, path: /, "
                     "meta: {server: gateway}, root: \"builtin:demo\"}")
            .services.size()
        == 1);
}

TEST_CASE("a node of a cluster serves where its file says, and nowhere else") {
  CHECK(errors("- {name: n, kind: cluster.node, listen: \"127.0.0.1:0\"}\n"
               "- {name: r, kind: http.router, meta: {server: gateway}}")
        == "relay.yaml:2: r.meta.server: no http.service has the name "
           "gateway");
}

TEST_CASE("text that is not YAML is reported with its line") {
  CHECK(errors("- name: a\n- {name: [}\n")
        == "relay.yaml:2: the [ that opens here is closed by }, not by ]");
  CHECK(errors("- name: a\n  kind: *nowhere\n").starts_with("relay.yaml:2: "));
}

TEST_CASE("a file that is not a list is refused") {
  std::string begins = "each begins with \"- \", such as \"- name: gateway\"";
  for (auto text : {"name: a", "name: g\nkind: http.service\n"})
    CHECK(errors(text)
          == "relay.yaml:1: must be a list of entries, not a map: " + begins);
  CHECK(errors("word")
        == "relay.yaml:1: must be a list of entries, not text: " + begins);
  for (auto text : {"", "\n", "# only a comment\n\n# and another\n"})
    CHECK(errors(text)
          == "relay.yaml: is empty, must be a list of entries: " + begins);
  CHECK(errors("---\n").ends_with("is empty, must be a list of entries: "
                                  + begins));
}

TEST_CASE("a second document is refused") {
  auto text = std::string{" begins another document: a file is one list of "
                          "entries, leave it out"};
  CHECK(errors("[]\n---\n[]\n") == "relay.yaml:2: ---" + text);
  CHECK(errors("---\n[]\n---\n") == "relay.yaml:3: ---" + text);
  CHECK(errors("- name: a\n  kind: http.service\n---\n# b\n- name: b\n")
        == "relay.yaml:3: ---" + text);
  CHECK(errors("- name: a\n  kind: http.service\n...\n- name: b\n")
        == "relay.yaml:3: ..." + text);
}

TEST_CASE("an entry that is no map is refused") {
  CHECK(errors("- 7\n- [a]\n- ~\n")
        == "relay.yaml:1: entry: must be a map, not text\n"
           "relay.yaml:2: entry: must be a map, not a list\n"
           "relay.yaml:3: entry: must be a map, not null");
}

TEST_CASE("a missing name is reported at the kind") {
  CHECK(errors("\n- kind: http.service\n")
        == "relay.yaml:2: http.service.name: is missing");
  CHECK(errors("- kind: http.service\n  name: ''\n")
        == "relay.yaml:2: http.service.name: is missing");
  CHECK(errors("- kind: http.service\n  name: [a]\n")
        == "relay.yaml:2: http.service.name: must be text, not a list");
  CHECK(errors("- kind: http.service\n  name:\n")
        == "relay.yaml:2: http.service.name: must be text, not null");
}

TEST_CASE("a name is one of an actor") {
  CHECK(errors("- kind: http.service\n  name: a@b\n")
        == "relay.yaml:2: a@b.name: a name may not hold \"@\"");
  auto named = [](std::size_t size) {
    return errors("- {kind: http.service, name: " + std::string(size, 'n')
                  + "}");
  };
  CHECK(named(255) == "");
  CHECK(named(256) == "");
  CHECK(named(257).ends_with("may not exceed 256 bytes"));
}

TEST_CASE("a missing or unknown kind is reported with the known ones") {
  CHECK(errors("- name: a")
        == "relay.yaml:1: a.kind: is missing, known are http.service, "
           "http.router, http.endpoint, http.static, cluster.node, "
           "admin.service, http.target, backend.service");
  CHECK(errors("- name: a\n  kind: http.sevice")
        == "relay.yaml:2: a.kind: unknown kind http.sevice, known are "
           "http.service, http.router, http.endpoint, http.static, "
           "cluster.node, admin.service, http.target, backend.service, did "
           "you mean http.service?");
  CHECK(errors("- name: a\n  kind: tcp").ends_with(", backend.service"));
  CHECK(errors("- name: a\n  kind: [b]")
        == "relay.yaml:2: a.kind: must be text, not a list");
  CHECK(errors("- {}").find("entry.kind: is missing") != std::string::npos);
}

TEST_CASE("an entry whose kind is misspelled is there for others") {
  CHECK(errors("- {name: gw, kind: http.servce, thread: 2}\n"
               "- {name: r, kind: http.router, meta: {server: gw}}")
        == "relay.yaml:1: gw.kind: unknown kind http.servce, known are "
           "http.service, http.router, http.endpoint, http.static, "
           "cluster.node, admin.service, http.target, backend.service, did "
           "you mean http.service?\n"
           "relay.yaml:1: gw.thread: unknown key, did you mean threads?");
}

TEST_CASE("a file that serves nobody is warned of") {
  CHECK(test::lines(load_config("[]", "relay.yaml").warnings)
        == "relay.yaml: nobody is served: there is no http.service and no "
           "cluster.node");
}

TEST_CASE("a name is taken once per kind") {
  CHECK(errors("- {name: a, kind: http.service, addr: ':0'}\n"
               "- {name: a, kind: http.router, meta: {server: a}}\n"
               "- name: a\n"
               "  kind: http.service\n"
               "  addr: :0\n")
        == "relay.yaml:3: a.name: the name of another http.service: "
           "a (relay.yaml:1)");
}

TEST_CASE("a key that is there twice is an error") {
  CHECK(errors("- name: a\n  kind: http.service\n  threads: 1\n  threads: 2\n")
        == "relay.yaml:4: a.threads: the key is there twice");
  CHECK(errors("- name: a\n  kind: http.router\n"
               "  meta:\n    server: gateway\n    server: gateway\n")
        == "relay.yaml:5: a.meta.server: the key is there twice");
}

TEST_CASE("a second name is an entry without its dash") {
  CHECK(errors("- name: a\n  kind: http.service\n  name: b\n")
        == "relay.yaml:3: a.name: the key is there twice: an entry begins with "
           "\"- \" at the beginning of the line");
}

TEST_CASE("a key that is no text is an error") {
  CHECK(errors("- name: a\n  kind: http.service\n  ? [b]\n  : c\n")
        == "relay.yaml:3: a.?: keys must be text");
}

TEST_CASE("an unknown key is reported with the nearest known one") {
  CHECK(errors("- name: a\n  kind: http.service\n  thraeds: 1\n")
        == "relay.yaml:3: a.thraeds: unknown key, did you mean threads?");
  CHECK(errors("- name: a\n  kind: http.service\n  colour: red\n")
        == "relay.yaml:3: a.colour: unknown key");
  CHECK(errors("- name: a\n  kind: http.service\n  meta:\n    server: b\n")
        == "relay.yaml:4: a.meta.server: unknown key");
}

TEST_CASE("a key is offered once, and none that is there") {
  CHECK(errors("- name: a\n  kind: http.service\n  thread: 1\n  threds: 1\n")
        == "relay.yaml:3: a.thread: unknown key, did you mean threads?\n"
           "relay.yaml:4: a.threds: unknown key");
  CHECK(errors("- name: a\n  kind: http.service\n  thread: 1\n  threads: 1\n")
        == "relay.yaml:3: a.thread: unknown key, and threads is there already");
  CHECK(errors("- name: a\n  kind: http.service\n  \"\": 1\n")
            .ends_with(": unknown key"));
}

TEST_CASE("a key that is written with a dot stands in a map") {
  CHECK(errors("- name: a\n  kind: http.service\n  drain.lead: 1s\n")
        == "relay.yaml:3: a.drain.lead: unknown key, write drain: {lead: 1s}");
  CHECK(errors("- name: a\n  kind: http.service\n  drain.lead: '1s, {x}'\n")
        == "relay.yaml:3: a.drain.lead: unknown key, write drain: {lead: "
           "\"1s, {x}\"}");
  CHECK(errors("- name: a\n  kind: http.service\n  x.y: 1s\n")
        == "relay.yaml:3: a.x.y: unknown key");
}

TEST_CASE("what is a warning where there is no error comes without one") {
  auto doubt = [](const relay_config&) {
    more_findings found;
    found.doubts.push_back({{"relay.yaml", 1}, "a.threads", "are many"});
    return found;
  };
  std::string yaml = "- name: a\n  kind: http.service\n  threads: 9\n";
  CHECK(test::lines(load_config(yaml, "relay.yaml", doubt).warnings)
        == "relay.yaml:3: a.threads: are many");
  CHECK(load_config(yaml + "  x: y\n", "relay.yaml", doubt).warnings.empty());
}

TEST_CASE("of very many warnings the first thousand are reported") {
  auto many = [](const relay_config&) {
    more_findings found;
    found.warnings.resize(1200, {{"relay.yaml", 1}, "a", "is odd"});
    return found;
  };
  auto found =
      load_config("- {name: a, kind: http.service}", "relay.yaml", many)
          .warnings;
  REQUIRE(found.size() == 1001);
  CHECK(to_text(found[1000]) == "relay.yaml: 200 more warnings");
}

TEST_CASE("all errors of a file come in one run in the order of their lines") {
  CHECK(errors("- name: e\n"
               "  kind: http.endpoint\n"
               "  meta: {router: nowhere}\n"
               "  path: /a\n"
               "  timeout: soon\n"
               "  func: f\n"
               "- name: s\n"
               "  kind: http.service\n"
               "  addr: nothing\n"
               "  threads: 257\n"
               "- name: x\n"
               "  kind: none\n")
        == "relay.yaml:3: e.meta.router: no http.router has the name nowhere\n"
           "relay.yaml:5: e.timeout: not a duration such as \"30s\", "
           "\"1m30s\" or \"500ms\": soon\n"
           "relay.yaml:9: s.addr: must be HOST:PORT, unix:/PATH or "
           "systemd:NAME, not nothing\n"
           "relay.yaml:10: s.threads: must be 0 to 256, not 257\n"
           "relay.yaml:12: x.kind: unknown kind none, known are http.service, "
           "http.router, http.endpoint, http.static, cluster.node, "
           "admin.service, http.target, backend.service");
}

TEST_CASE("a report stays on one line and cuts long values") {
  auto text = errors("- name: \"a\\nb\"\n  kind: " + std::string(200, 'k'));
  CHECK(text.starts_with("relay.yaml:2: a?b.kind: unknown kind kkkk"));
  CHECK(text.find(std::string(64, 'k') + "...,") != std::string::npos);
}

TEST_CASE("of very many errors the first thousand are reported") {
  std::string yaml;
  for (int i = 0; i < 1200; ++i)
    yaml += "- x\n";
  auto found = load_config(yaml, "relay.yaml").errors;
  REQUIRE(found.size() == 1001);
  CHECK(to_text(found[0]) == "relay.yaml:1: entry: must be a map, not text");
  CHECK(to_text(found[1000]) == "relay.yaml: 200 more errors");
}

TEST_CASE("a file of 4 MiB is read, one byte more is not") {
  std::string yaml = "[]\n#";
  yaml.resize(4 * 1024 * 1024, '-');
  CHECK(errors(yaml) == "");
  yaml += '-';
  CHECK(errors(yaml) == "relay.yaml: larger than 4 MiB");
}

TEST_CASE("64 levels are read, one more is not") {
  // The list of entries and the entry are two of them.
  auto unknown = errors(entry_with_depth(62));
  CHECK(unknown.find("unknown kind") != std::string::npos);
  CHECK(errors(entry_with_depth(63))
        == "relay.yaml:1: more than 64 levels deep");
  CHECK(errors(entry_with_depth(5000))
        == "relay.yaml:1: more than 64 levels deep");
}

TEST_CASE("what is too deep is told in its line") {
  std::string yaml = "- name: a\n  kind: http.service\n  drain:\n";
  for (int i = 0; i < 100; ++i)
    yaml += std::string(4 + static_cast<std::size_t>(i), ' ') + "a:\n";
  // The list, the entry and drain are three levels, each of these is one.
  CHECK(errors(yaml) == "relay.yaml:65: more than 64 levels deep");
}

TEST_CASE("aliases that multiply are refused") {
  std::string yaml = "- &a0 {x: lol}\n";
  for (int i = 1; i < 30; ++i) {
    auto before = "*a" + std::to_string(i - 1);
    yaml += "- &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  CHECK(errors(yaml)
        == "relay.yaml: aliases multiply to more than the largest file");
}

TEST_CASE("a long text that aliases repeat is refused") {
  std::string yaml = "- &a " + std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 100; ++i)
    yaml += "- *a\n";
  CHECK(errors(yaml)
        == "relay.yaml: aliases multiply to more than the largest file");
}

TEST_CASE("an alias that holds itself is refused") {
  CHECK(errors("- &a [*a]\n") == "relay.yaml:1: more than 64 levels deep");
  CHECK(errors("- &a {name: b, kind: c, d: *a}\n")
        == "relay.yaml:1: more than 64 levels deep");
}

TEST_CASE("an alias stands for its value") {
  auto config = test::config(
      "- {name: a, kind: http.service, addr: ':0', "
      "trusted_proxies: &p [10.0.0.0/8]}\n"
      "- {name: b, kind: http.service, addr: ':0', trusted_proxies: *p}\n");
  REQUIRE(config.services.size() == 2);
  CHECK(config.services[1].trusted_proxies
        == std::vector<std::string>{"10.0.0.0/8"});
}

TEST_CASE("a file that cannot be read is an error like any other") {
  CHECK(test::lines(load_config_file("/nowhere/relay.yaml").errors)
        == "/nowhere/relay.yaml: cannot be read: No such file or directory");
  CHECK(test::lines(load_config_file("/tmp").errors)
        == "/tmp: cannot be read: Is a directory");
}

TEST_CASE("a file is loaded under its own name") {
  auto path = std::filesystem::temp_directory_path() / "wsrelay_load.yaml";
  std::ofstream{path} << "- name: a\n";
  auto found = load_config_file(path.string());
  std::filesystem::remove(path);
  REQUIRE(found.errors.size() == 1);
  CHECK(found.errors[0].where.file == path.string());
  CHECK(found.errors[0].where.line == 1);
  CHECK(found.errors[0].path == "a.kind");
}

TEST_CASE("a report without file, line or path leaves them out") {
  CHECK(to_text(config_issue{{"", 0}, "a.b", "is wrong"}) == "a.b: is wrong");
  CHECK(to_text(config_issue{{"f", 0}, "", "is wrong"}) == "f: is wrong");
  CHECK(to_text(config_issue{{"f", 3}, "a", "is wrong"}) == "f:3: a: is wrong");
}

} // namespace wsrelay::load_test
