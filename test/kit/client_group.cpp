// One failure for all.
#include "test/kit/client_group.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace wsrelay::test {

namespace {

// Failures are thrown while this lives, whatever is done about them otherwise.
struct thrown_failures {
  failure_handler before = on_failure({});

  thrown_failures() = default;
  ~thrown_failures() { on_failure(std::move(before)); }

  thrown_failures(const thrown_failures&) = delete;
  thrown_failures& operator=(const thrown_failures&) = delete;
};

} // namespace

client_group::client_group(std::vector<fake_client> clients, source_line where)
    : clients_{std::move(clients)}, where_{where} {}

void client_group::each(const std::function<void(fake_client&)>& expectations) {
  std::size_t failed = 0;
  std::string text;
  for (auto& client : clients_) {
    thrown_failures thrown;
    try {
      expectations(client);
    } catch (const expectation_failed& failure) {
      ++failed;
      text += "\n" + failure.text();
    }
  }
  if (failed > 0)
    fail(std::to_string(failed) + " of " + std::to_string(clients_.size())
             + " clients:" + text,
         where_);
}

void client_group::text(std::string_view data) {
  each([data](fake_client& client) { client.expect_text(data); });
}

void client_group::binary(std::string_view data) {
  each([data](fake_client& client) { client.expect_binary(data); });
}

void client_group::json(std::string_view json) {
  each([json](fake_client& client) { client.expect_json(json); });
}

void client_group::event(std::string_view topic, std::string_view data) {
  each([=](fake_client& client) { client.expect_event(topic, data); });
}

void client_group::event(std::string_view topic) {
  each([=](fake_client& client) { client.expect_event(topic); });
}

void client_group::nothing() {
  each([](fake_client& client) { client.expect_nothing(); });
}

void client_group::close(std::uint16_t code) {
  each([code](fake_client& client) { client.expect_close(code); });
}

void client_group::close(std::uint16_t code, std::string_view reason) {
  each([=](fake_client& client) { client.expect_close(code, reason); });
}

void client_group::open() {
  each([](fake_client& client) { client.expect_open(); });
}

client_group expect_all(std::vector<fake_client> clients, source_line where) {
  return {std::move(clients), where};
}

} // namespace wsrelay::test
