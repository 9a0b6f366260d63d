// What a file is, by its name.
#pragma once

#include <string_view>

namespace wsrelay {

/// Returns the value of Content-Type for a file's name or path, by its ending,
/// whose case does not matter; "application/octet-stream" when it is not known.
std::string_view content_type(std::string_view file) noexcept;

} // namespace wsrelay
