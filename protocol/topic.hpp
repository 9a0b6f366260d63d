// Topics: the names of messages, which of them are reserved, and the JSON
// envelope in which a topic reaches a browser.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// Longest topic, in bytes.
inline constexpr std::size_t max_topic_length = 256;

/// The topic of client messages unless the command says otherwise.
inline constexpr std::string_view default_message_topic = "ws.message";

/// Returns whether `topic` begins with "ws.".
bool is_reserved(std::string_view topic) noexcept;

/// Checks a topic for the envelope: not empty, at most `max_topic_length`
/// bytes of UTF-8 without control characters, not reserved.
checked check_topic(std::string_view topic);

/// Checks a `message_topic`: as `check_topic`, but "ws.message" is allowed.
checked check_message_topic(std::string_view topic);

/// Returns {"topic":...,"data":...}. `json` is the data as JSON text and stands
/// in the envelope byte for byte; failures: a topic that `check_topic` refuses,
/// data that `check_json` refuses.
result<std::string> make_envelope(std::string_view topic,
                                  std::string_view json);

} // namespace wsrelay
