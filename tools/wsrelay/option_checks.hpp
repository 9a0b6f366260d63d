// What the values of options have to be.
#pragma once

#include <string>

namespace wsrelay::cli {

/// Returns the path in "unix:/path" or "/path"; "" for anything else.
std::string socket_path(const std::string& text);

/// Return what is wrong with a value; "" = nothing.
std::string check_node(const std::string& text);
std::string check_timeout(const std::string& text);
std::string check_field(const std::string& text);
std::string check_param(const std::string& text);
std::string check_body(const std::string& text);
std::string check_code(const std::string& text);
std::string check_admin_url(const std::string& text);

} // namespace wsrelay::cli
