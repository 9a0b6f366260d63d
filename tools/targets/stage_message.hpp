// What a client of the stage asks for, and the JSON that it hears.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Longest name, in bytes.
inline constexpr std::size_t max_stage_name = 64;

/// {"type":"hello","name":"Ann"}, {"type":"count","number":7},
/// {"type":"move"} or {"type":"crash"}.
struct stage_request {
  enum class kind { hello, count, move, crash };
  kind type;
  std::string name{};       // of hello
  std::uint64_t number = 0; // of count
};

/// Parses a client's message; the failure is for the client's eyes.
result<stage_request> parse_stage_request(std::string_view json);

/// Who is on the stage, and which actor is behind.
struct stage_entry {
  std::string pid; // of the connection
  std::string name;
  std::string actor; // its PID
  std::string color;
};

/// {"pid":..,"name":..,"actor":..,"color":..}
std::string stage_entry_json(const stage_entry& entry);

/// The data of `stage.bound`: who you are, and whose you are now, who has heard
/// so many messages of yours.
std::string stage_bound_json(const stage_entry& entry, std::uint64_t heard);

/// The data of `stage.counted`: a number came, as which message of all, to
/// whom.
std::string stage_counted_json(std::uint64_t number, std::uint64_t seq,
                               std::string_view color, std::uint64_t heard);

/// The data of `stage.people`, all of them, and `stage.changes`, of entries
/// that are JSON and PIDs that are not.
std::string stage_people_json(const std::vector<std::string>& entries,
                              const std::vector<std::string>& gone);

/// The data of `stage.error`.
std::string stage_error_json(std::string_view text);

/// The metadata of a connection, in which its name travels along.
std::string stage_metadata_json(std::string_view name);
std::string stage_name_of(std::string_view metadata);

} // namespace wsrelay
