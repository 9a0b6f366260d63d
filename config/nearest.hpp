// Guesses what a misspelled key, name or value was meant to be.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace wsrelay {

/// Returns the known word that is at most two edits (insert, delete, replace,
/// swap neighbours) from `word`, one where it has two to four letters; else the
/// only one of which it is the first part or the last ("target" of
/// "target_pid"), or "" when there is none, or for more than 64 bytes.
std::string nearest(std::string_view word,
                    const std::set<std::string, std::less<>>& known);

/// Returns ", did you mean WORD?" with the nearest of `known`, or "".
template <class Words>
std::string did_you_mean(std::string_view word, const Words& known) {
  std::set<std::string, std::less<>> words;
  for (const auto& each : known)
    words.emplace(each);
  auto guess = nearest(word, words);
  return guess.empty() ? guess : ", did you mean " + guess + "?";
}

} // namespace wsrelay
