// What one client gets: which of it is missing, and whether it may be.
#pragma once

#include "test/storm/routes.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace wsrelay::storm {

/// Reads the digits at the front; 0 when there are none.
std::uint64_t number_at(std::string_view text);

/// Of one connection. A target numbers what it sends: "STREAM:NUMBER:...",
/// where STREAM is its id or, for messages with a key, "IDkKEY". Each function
/// returns what is wrong, or "".
class replies {
public:
  explicit replies(const route& where) : where_{&where} {}

  std::string on_text(std::string_view text);
  std::string on_close(std::string_view reason) const;

private:
  std::string on_event(std::string_view text);
  std::string on_number(const std::string& stream, std::uint64_t number);

  const route* where_;
  std::map<std::string, std::uint64_t> last_; // by stream
  std::uint64_t missing_ = 0;
  std::uint64_t told_ = 0; // by events
};

} // namespace wsrelay::storm
