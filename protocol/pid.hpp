// How a target is written: the text of a PID, a registered name, or a name at a
// peer.
#pragma once

#include "protocol/path.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// Longest text that names an actor, in bytes.
inline constexpr std::size_t max_name_length = 256;

/// Names that begin so are the relay's own actors.
inline constexpr std::string_view reserved_prefix = "wsrelay.";

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
/// digits, "#" or "-", decimal process id); CAF prints actors so. Names are
/// UTF-8 without control characters, not empty, at most `max_name_length`
/// bytes; the text after the last "@" is the peer. Failures: empty parts, bad
/// UTF-8, too long, id 0 or over 64 bits.
result<target_name> parse_target(std::string_view text);

/// Returns the text of a PID as CAF prints it: in a URL it may have "-" for its
/// "#", which begins a fragment there. Other text stays as it is.
std::string normal_pid(std::string_view text);

/// Returns the text of a PID, or of a node, as it stands in a URL without
/// escapes: with "-" for its "#".
std::string url_pid(std::string_view text);

/// Checks a name under which an actor may be registered: the rules of
/// `parse_target`, and no "@".
checked check_name(std::string_view name);

/// Checks a target that a relay command may name: the rules of `parse_target`,
/// and no actor of the relay itself, here or at a peer.
checked check_relay_target(std::string_view text);

/// Replaces each "{name}" in `text`, the target of a configured command, by a
/// value of the request's path and checks the outcome as `check_relay_target`
/// does. A request chooses among the names that the text leaves open and
/// nothing else: a value with "@", which could name another node, is a failure,
/// and so is a PID that holds a value.
result<std::string> expand_target(std::string_view text,
                                  const path_params& params);

} // namespace wsrelay
