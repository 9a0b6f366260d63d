// How a target is written: the text of a PID, a registered name, or a name at a
// peer.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// Longest text that names an actor, in bytes.
inline constexpr std::size_t max_name_length = 256;

/// A parsed target. Exactly one form holds.
struct target_name {
  enum class form {
    pid,     // "12@0A1B...#77": `id` and `node` are set
    name,    // "chat": `name` is set
    at_peer, // "chat@app1": `name` and `node` (the peer's name) are set
  };
  form kind = form::name;
  std::uint64_t id = 0;
  std::string name;
  std::string node;
};

/// Parses `text`. A PID is a decimal id, "@", and a CAF node id (40 hexadecimal
/// digits, "#", decimal process id); CAF prints actors so. Names are UTF-8
/// without control characters, not empty, at most `max_name_length` bytes; the
/// text after the last "@" is the peer. Failures: empty parts, bad UTF-8, too
/// long, id 0 or over 64 bits.
result<target_name> parse_target(std::string_view text);

/// Checks a name under which an actor may be registered: the rules of
/// `parse_target`, and no "@".
checked check_name(std::string_view name);

} // namespace wsrelay
