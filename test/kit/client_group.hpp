// Several clients of whom the same is expected.
#pragma once

#include "test/kit/fake_client.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// What each of several clients is expected to do, as the members of
/// `fake_client` tell. All are asked; a failure names those that did not.
class client_group {
public:
  client_group(std::vector<fake_client> clients, source_line where);

  void text(std::string_view data);
  void binary(std::string_view data);
  void json(std::string_view json);
  void event(std::string_view topic, std::string_view data);
  void event(std::string_view topic);
  void nothing();
  void close(std::uint16_t code);
  void close(std::uint16_t code, std::string_view reason);
  void open();

  /// Any expectations, in a function that is called with one after the other.
  void each(const std::function<void(fake_client&)>& expectations);

private:
  std::vector<fake_client> clients_;
  source_line where_;
};

/// expect_all({ann, bob}).text("hi")
client_group expect_all(std::vector<fake_client> clients,
                        source_line where = source_line::here());

} // namespace wsrelay::test
