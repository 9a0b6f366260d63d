// Files of http.static: from a folder, or from those built into the program.
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// Largest file that is served; it is read as a whole.
inline constexpr std::size_t max_static_file = 64 * 1024 * 1024;

/// Reads and answers. Blocks for the time of reading one file. Any thread.
class static_files {
public:
  /// Returns the response for `file` below the root: 200, 304 when the
  /// `If-None-Match` of the request names what is there, 404, or 413. `file`
  /// has no "." and ".." segments; links are followed only below the root.
  http_response get(const static_config& files, const std::string& file,
                    const http_fields& request_headers) const;
};

/// Returns a file that is built into the program ("index.html" of
/// "builtin:demo"), or nothing.
std::optional<std::string_view> builtin_file(std::string_view root,
                                             std::string_view file);

/// Returns the Content-Type for a file name, by its ending.
std::string_view content_type(std::string_view file) noexcept;

} // namespace wsrelay
