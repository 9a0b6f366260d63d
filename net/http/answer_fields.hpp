// Which fields of a handler's answer go to the client.
#pragma once

#include "protocol/http_fields.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// Bytes that the fields of a handler's answer may have.
inline constexpr std::size_t max_answer_fields = 64 * 1024;

/// Returns the bytes of names and values.
std::size_t size_of_fields(const http_fields& fields);

/// Removes what only the relay itself may say: its own fields, those of the
/// connection, and what would split the message. Returns how many would.
std::size_t erase_relay_fields(http_fields& fields);

/// Removes what describes a body, and so means nothing in a 101.
void erase_body_fields(http_fields& fields);

/// Returns the values of all fields called `name`, as one list.
std::string joined_values(const http_fields& fields, std::string_view name);

} // namespace wsrelay
