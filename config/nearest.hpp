// Guesses what a misspelled key was meant to be.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace wsrelay {

/// Returns the known word that is at most two edits (insert, delete, replace,
/// swap neighbours) from `word`, else the only one of which it is the first
/// part
/// ("target" of "target_pid"), or "" when there is none.
std::string nearest(std::string_view word,
                    const std::set<std::string, std::less<>>& known);

} // namespace wsrelay
