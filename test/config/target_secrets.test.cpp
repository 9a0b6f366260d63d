// The secrets of an http.target.
#include "config/changes.hpp"
#include "config/load.hpp"

#include "test/config/target_text.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::target_secrets_test {

using test::errors;
using test::has;
using test::hook_at;
using test::hook_of;
using test::hook_with;

namespace {

using texts = std::vector<std::string>;

const std::string& secret = test::webhook_secret;
const std::string& other = test::long_webhook_secret;

constexpr std::string_view bad_secret =
    "a webhook secret is whsec_ and 24 to 64 bytes in base64";

struct fixture {
  // Writes a file and returns the line with its path.
  std::string secret_file(std::string_view text) {
    folder.write("secrets", text);
    return "secret_file: " + path();
  }

  std::string path() const { return (folder / "secrets").string(); }

  // The secrets of a file.
  texts secrets(std::string_view text) {
    return hook_of(hook_with(secret_file(text))).secrets;
  }

  // What is wrong with them, without the place.
  std::string complaint(std::string_view text) {
    constexpr std::string_view place = "relay.yaml:4: hook.secret_file: ";
    auto found = errors(hook_with(secret_file(text)));
    return found.starts_with(place) ? found.substr(place.size()) : found;
  }

  test::temporary_folder folder;
};

} // namespace

TEST_CASE("secrets stand in the configuration") {
  CHECK(hook_of(hook_with("secrets: []")).secrets.empty());
  CHECK(hook_of(hook_with("secrets: [" + secret + "]")).secrets
        == texts{secret});
  CHECK(
      hook_of(hook_with("secrets: [" + secret + ", \"" + other + "\"]")).secrets
      == texts{secret, other});
  CHECK(errors(hook_with("secrets: " + secret))
        == "relay.yaml:4: hook.secrets: must be a list, not text");
}

TEST_CASE("up to 4 secrets sign") {
  auto many = [](std::size_t count) {
    std::string out = "secrets: [" + secret;
    for (std::size_t i = 1; i < count; ++i)
      out += ", " + secret;
    return hook_with(out + "]");
  };
  CHECK(errors(many(3)) == "");
  CHECK(hook_of(many(4)).secrets.size() == 4);
  CHECK(errors(many(5)) == "relay.yaml:4: hook.secrets: must be 4 or less");
}

TEST_CASE("a secret is one of Standard Webhooks") {
  for (std::string text : {"x", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                           "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                           "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", "''"}) {
    CAPTURE(text);
    auto found = errors(hook_with("secrets: [" + text + "]"));
    CHECK(found == "relay.yaml:4: hook.secrets: " + std::string{bad_secret});
    found = errors(hook_with("secrets: [" + secret + ", " + text + "]"));
    CHECK(found == "relay.yaml:4: hook.secrets: " + std::string{bad_secret});
  }
}

TEST_CASE_FIXTURE(fixture, "each line of a file is a secret") {
  CHECK(secrets(secret) == texts{secret});
  CHECK(secrets(secret + "\n") == texts{secret});
  CHECK(secrets(secret + "\r\n") == texts{secret});
  CHECK(secrets(secret + "\n" + other) == texts{secret, other});
  CHECK(secrets(other + "\n" + secret + "\n") == texts{other, secret});
}

TEST_CASE_FIXTURE(fixture, "blank lines and blanks around a secret are none") {
  CHECK(secrets("\n" + secret + "\n\n\n" + other + "\n\n")
        == texts{secret, other});
  CHECK(secrets("  \n\t\n " + secret + "\t\n   \n") == texts{secret});
  CHECK(secrets("  " + secret + "  ") == texts{secret});
}

TEST_CASE_FIXTURE(fixture, "a file without a secret is an error") {
  for (std::string text : {"", "\n", "\r\n\n"})
    CHECK(complaint(text) == "the file is empty");
  for (std::string text : {" ", "\t\n", "  \n \t\n"})
    CHECK(complaint(text) == "holds no secret");
}

TEST_CASE_FIXTURE(fixture, "a bad secret in a file is not shown") {
  for (std::string text :
       {std::string{"secret"}, secret + "x", secret + " " + secret,
        secret + "\nwhsec_x", "# " + secret}) {
    CAPTURE(text);
    CHECK(complaint(text) == bad_secret);
  }
  CHECK(complaint(secret + "\n" + secret + "\n" + secret + "\n" + secret)
        == "");
  CHECK(complaint(secret + "\n" + secret + "\n" + secret + "\n" + secret + "\n"
                  + secret + "\n")
        == "must be 4 or less");
}

TEST_CASE_FIXTURE(fixture, "a file of secrets has at most 4096 bytes") {
  auto padded = [](std::size_t size) {
    auto text = secret + "\n";
    return text + std::string(size - text.size(), ' ');
  };
  CHECK(complaint(padded(4095)) == "");
  CHECK(complaint(padded(4096)) == "");
  CHECK(complaint(padded(4097)) == "larger than 4096 bytes");
}

TEST_CASE_FIXTURE(fixture, "a file of secrets can be read") {
  auto missing = errors(hook_with("secret_file: /no/such/file"));
  CHECK(missing.starts_with("relay.yaml:4: hook.secret_file: cannot be read"));
  CHECK(missing.find('\n') == missing.npos);
  CHECK(errors(hook_with("secret_file: /tmp"))
            .starts_with("relay.yaml:4: hook.secret_file: "));
}

TEST_CASE_FIXTURE(fixture, "secrets are here or in a file") {
  auto file = secret_file(secret);
  CHECK(errors(hook_with("secrets: [" + secret + "]\n  " + file))
        == "relay.yaml:5: hook.secret_file: secrets are there as well");
  CHECK(errors(hook_with("secrets: []\n  " + file)) == "");
}

TEST_CASE_FIXTURE(fixture, "files of a target are beside the configuration") {
  folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  folder.write("secrets", secret + "\n");
  auto loaded = load_config(hook_at("https://app", "  ca: ca.pem\n"
                                                   "  secret_file: secrets\n"),
                            (folder / "relay.yaml").string());
  CHECK(test::lines(loaded.errors) == "");
  REQUIRE(loaded.config.targets.size() == 1);
  auto& x = loaded.config.targets[0];
  CHECK(x.server.ca == (folder / "ca.pem").string());
  CHECK(x.secret_file == path());
  CHECK(x.secrets == texts{secret});
}

TEST_CASE_FIXTURE(fixture, "secrets of a file are there after printing") {
  auto config =
      test::config(hook_with(secret_file(secret + "\n" + other + "\n")));
  auto again = hook_of(to_yaml(config));
  CHECK(again.secrets == texts{secret, other});
  CHECK(again.secret_file == path());
}

TEST_CASE_FIXTURE(fixture, "a secret in a file is not printed") {
  auto printed = to_yaml(test::config(hook_with(secret_file(secret))));
  CHECK(has(printed, "secret_file: " + path()));
  CHECK_FALSE(has(printed, secret));
  CHECK_FALSE(has(printed, "secrets:"));
}

TEST_CASE_FIXTURE(fixture, "another secret in the same file is a change") {
  auto load = [this](const std::string& text) {
    return test::config(hook_with(secret_file(text)));
  };
  auto now = load(secret);
  auto same = load(secret + "\n\n");
  CHECK(take_changes(now, same).changed.empty());
  auto next = load(other);
  CHECK(take_changes(now, next).changed == texts{"http.target hook: changed"});
  CHECK(next.targets[0].secrets == texts{other}); // it is not put back
  auto both = load(secret + "\n" + other);
  CHECK(take_changes(now, both).changed == texts{"http.target hook: changed"});
}

} // namespace wsrelay::target_secrets_test
