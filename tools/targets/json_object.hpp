// Members of a JSON object that a client has sent.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// Parses an object of a depth that is bounded; null when it is none.
rapidjson::Document parse_object(std::string_view json);

/// Returns the text of a member; "" when it is not there, or no text.
std::string text_member(const rapidjson::Document& object, const char* key);

/// Returns the number of a member; nothing when it is not there, or no integer
/// of 0 or more.
std::optional<std::uint64_t> number_member(const rapidjson::Document& object,
                                           const char* key);

} // namespace wsrelay
