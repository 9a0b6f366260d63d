// The keys beside an endpoint's `upstream`.
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace wsrelay::read_upstream_test {

using test::errors;

namespace {

/// An endpoint with an upstream; `lines` begins in line 6.
std::string with(std::string_view lines) {
  return "- {name: r, kind: http.router, meta: {server: gateway}}\n"
         "- name: e\n"
         "  kind: http.endpoint\n"
         "  meta: {router: r}\n"
         "  path: /x\n"
         "  "
         + std::string{lines} + "\n";
}

upstream_handler upstream(std::string_view lines) {
  auto config = test::config(with(lines));
  REQUIRE(config.endpoints.size() == 1);
  return std::get<upstream_handler>(config.endpoints[0].handler);
}

/// A folder that is gone after the test, with a configuration in it.
struct folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / "wsrelay_upstream_test";

  folder() { std::filesystem::create_directories(path); }
  ~folder() { std::filesystem::remove_all(path); }

  loaded_config load_ca(std::string_view content) {
    std::ofstream{path / "ca.pem", std::ios::binary} << content;
    return load_config(with("upstream: https://app\n  ca: ca.pem"),
                       (path / "relay.yaml").string());
  }
};

constexpr std::string_view certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n"
                                         "-----END CERTIFICATE-----\n";

} // namespace

TEST_CASE("upstream names an HTTP server") {
  auto x = upstream("upstream: http://app:81/base\n"
                    "  connect_timeout: 1s\n"
                    "  response_timeout: 2s\n"
                    "  max_response_size: 3KiB\n"
                    "  max_idle_connections: 4\n"
                    "  idle_timeout: 5s");
  CHECK(x.url == "http://app:81/base");
  CHECK(x.host == "app");
  CHECK(x.port == 81);
  CHECK(x.path == "/base");
  CHECK_FALSE(x.tls);
  CHECK(x.connect_timeout == std::chrono::seconds{1});
  CHECK(x.response_timeout == std::chrono::seconds{2});
  CHECK(x.max_response_size == 3 * 1024);
  CHECK(x.max_idle_connections == 4);
  CHECK(x.idle_timeout == std::chrono::seconds{5});
}

TEST_CASE("connections to an upstream are kept unless told otherwise") {
  auto x = upstream("upstream: http://app");
  CHECK(x.max_idle_connections == 32);
  CHECK(x.idle_timeout == std::chrono::seconds{15});
}

TEST_CASE("an upstream over https trusts the system's authorities or a file") {
  auto x = upstream("upstream: https://app");
  CHECK(x.tls);
  CHECK(x.port == 443);
  CHECK(x.ca == "");
  CHECK(upstream("upstream: https://app\n  ca: ''").ca == "");
}

TEST_CASE("what is no upstream is reported with what it must be") {
  for (std::string url : {"app:80", "ftp://app", "https://app?x"})
    CHECK(errors(with("upstream: " + url))
          == "relay.yaml:6: e.upstream: must be http://host[:port][/base], or "
             "https");
}

TEST_CASE("a ca file is looked up beside the configuration") {
  folder here;
  auto loaded = here.load_ca(certificate);
  CHECK(test::lines(loaded.errors) == "");
  REQUIRE(loaded.config.endpoints.size() == 1);
  auto x = std::get<upstream_handler>(loaded.config.endpoints[0].handler);
  CHECK(x.ca == (here.path / "ca.pem").string());
  auto printed = test::config(to_yaml(loaded.config));
  REQUIRE(printed.endpoints.size() == 1);
  CHECK(std::get<upstream_handler>(printed.endpoints[0].handler).ca == x.ca);
}

TEST_CASE("a ca file holds a certificate") {
  folder here;
  auto start = (here.path / "relay.yaml").string() + ":7: e.ca: ";
  auto file = (here.path / "ca.pem").string();
  auto load = [&here](std::string_view content) {
    return test::lines(here.load_ca(content).errors);
  };
  CHECK(load("") == start + "holds no PEM certificate: " + file);
  CHECK(load("-----BEGIN PRIVATE KEY-----\n")
        == start + "holds no PEM certificate: " + file);
  CHECK(load("a comment\n" + std::string{certificate}) == "");
  CHECK(load("-----BEGIN TRUSTED CERTIFICATE-----\nMIIB\n") == "");
}

TEST_CASE("a ca file has at most 8 MiB") {
  folder here;
  auto load = [&here](std::size_t size) {
    auto text = std::string{certificate};
    text.resize(size, '\n');
    return test::lines(here.load_ca(text).errors);
  };
  constexpr std::size_t most = 8 * 1024 * 1024;
  CHECK(load(most - 1) == "");
  CHECK(load(most) == "");
  CHECK(load(most + 1).ends_with("e.ca: larger than 8388608 bytes"));
}

TEST_CASE("a ca that cannot be read is an error") {
  auto load = [](std::string path) {
    return errors(with("upstream: https://app\n  ca: " + path));
  };
  CHECK(load("/nowhere/ca.pem")
        == "relay.yaml:7: e.ca: cannot be read: No such file or directory: "
           "/nowhere/ca.pem");
  CHECK(load("/tmp") == "relay.yaml:7: e.ca: is not a file: /tmp");
  CHECK(load("/dev/zero") == "relay.yaml:7: e.ca: is not a file: /dev/zero");
  CHECK(load("[a]") == "relay.yaml:7: e.ca: must be text, not a list");
}

TEST_CASE("a ca goes with https only") {
  CHECK(errors(with("upstream: http://app\n  ca: /tmp/ca.pem"))
        == "relay.yaml:7: e.ca: goes with an upstream over https only");
  CHECK(errors(with("func: f\n  ca: /tmp/ca.pem"))
        == "relay.yaml:7: e.ca: goes with upstream only");
}

TEST_CASE("the size of an upstream's response has limits") {
  auto load = [](std::string value) {
    return errors(with("upstream: http://a\n  max_response_size: " + value));
  };
  CHECK(load("1") == "");
  CHECK(load("2") == "");
  CHECK(load("1GiB") == "");
  CHECK(load("1073741823") == "");
  CHECK(load("0")
        == "relay.yaml:7: e.max_response_size: must be 1 to 1GiB, not 0");
  CHECK(load("1073741825")
        == "relay.yaml:7: e.max_response_size: must be 1 to 1GiB, not "
           "1073741825");
}

TEST_CASE("the number of kept connections has limits") {
  auto load = [](std::string value) {
    return errors(with("upstream: http://a\n  max_idle_connections: " + value));
  };
  for (std::string value : {"0", "1", "1023", "1024"})
    CHECK(load(value) == "");
  for (std::string value : {"-1", "1025"})
    CHECK(load(value)
          == "relay.yaml:7: e.max_idle_connections: must be 0 to 1024, not "
                 + value);
}

TEST_CASE("a kept connection has a time") {
  auto load = [](std::string value) {
    return errors(with("upstream: http://a\n  idle_timeout: " + value));
  };
  CHECK(load("1ms") == "");
  CHECK(load("8760h") == "");
  CHECK(load("0s").starts_with("relay.yaml:7: e.idle_timeout: "));
  CHECK(load("8761h").starts_with("relay.yaml:7: e.idle_timeout: "));
  CHECK(errors(with("relay: {target_pid: t}\n  idle_timeout: 1s"))
            .find("e.idle_timeout: goes with upstream only")
        != std::string::npos);
}

} // namespace wsrelay::read_upstream_test
