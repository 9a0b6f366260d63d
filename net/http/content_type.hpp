// What a file is, by its name; what a body is, by its fields.
#pragma once

#include "protocol/http_fields.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// Returns the value of Content-Type for a file's name or path, by its ending,
/// whose case does not matter; "application/octet-stream" when it is not known.
std::string_view content_type(std::string_view file) noexcept;

/// Returns the media type that Content-Type tells, in lower case and without
/// parameters; "" where there is none.
std::string media_type_of(const http_fields& fields);

/// Returns whether a body of this media type is text for a WebSocket: text/...,
/// application/json, ...+json.
bool is_text_type(std::string_view media_type) noexcept;

} // namespace wsrelay
