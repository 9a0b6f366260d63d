// What a chat client says, and the JSON that it hears.
#pragma once

#include "protocol/result.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Longest name and text, in bytes.
inline constexpr std::size_t max_chat_name = 64;
inline constexpr std::size_t max_chat_text = 4096;

/// {"type":"hello","name":"Ann"} or {"type":"say","text":"hi"}.
struct chat_message {
  enum class kind { hello, say };
  kind type;
  std::string text; // name or text
};

/// Parses a client's message; the failure is for the client's eyes.
result<chat_message> parse_chat_message(std::string_view json);

/// Who said what.
struct chat_line {
  std::string from;
  std::string text;
};

/// The data of the chat's topics, as JSON.
std::string chat_line_json(const chat_line& line);
std::string chat_error_json(std::string_view text);
std::string chat_change_json(std::string_view name,
                             const std::vector<std::string>& members);
std::string chat_welcome_json(std::string_view room, std::string_view you,
                              const std::vector<std::string>& members,
                              const std::deque<chat_line>& history);

/// Returns the room in a connection's metadata, {"room":"..."}, or "lobby".
std::string room_of(std::string_view metadata);

} // namespace wsrelay
