// Edit distance over the known words.
#include "config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <vector>

namespace wsrelay {

namespace {

constexpr std::size_t max_edits = 2;

// What is longer is not guessed: a comparison takes the square of it.
constexpr std::size_t max_word = 64;

/// Optimal string alignment distance, in rows: the swap needs the row before
/// the last.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto differs = std::size_t{a[i - 1] != b[j - 1]};
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::move(last);
    last = std::move(row);
  }
  return last.back();
}

/// Spares the table for words that cannot be near.
bool similar_length(std::string_view a, std::string_view b) {
  return std::max(a.size(), b.size()) - std::min(a.size(), b.size())
         <= max_edits;
}

/// Of two letters one edit leaves one, and that only if two were written.
bool is_near(std::string_view word, std::string_view candidate,
             std::size_t edits) {
  if (candidate.size() == 2)
    return word.size() > 1 && edits < 2;
  return 2 * edits < candidate.size();
}

std::string only_longer(std::string_view word,
                        const std::set<std::string, std::less<>>& known) {
  auto is_longer = [&](std::string_view candidate) {
    if (word.empty() || candidate.size() <= word.size())
      return false;
    auto more = candidate.size() - word.size();
    return (candidate.starts_with(word) && candidate[word.size()] == '_')
           || (candidate.ends_with(word) && candidate[more - 1] == '_');
  };
  auto first = std::find_if(known.begin(), known.end(), is_longer);
  auto more = first == known.end()
              || std::any_of(std::next(first), known.end(), is_longer);
  return more ? std::string{} : *first;
}

} // namespace

std::string nearest(std::string_view word,
                    const std::set<std::string, std::less<>>& known) {
  if (word.size() > max_word)
    return {};
  std::string best;
  auto best_edits = max_edits + 1;
  auto is_tie = false;
  for (const auto& candidate : known) {
    if (!similar_length(word, candidate))
      continue;
    auto edits = distance(word, candidate);
    if (edits > std::min(best_edits, max_edits)
        || !is_near(word, candidate, edits))
      continue;
    is_tie = edits == best_edits;
    if (!is_tie)
      best = candidate;
    best_edits = edits;
  }
  if (is_tie && best.size() == 2)
    return {}; // as good as any
  return best.empty() ? only_longer(word, known) : best;
}

} // namespace wsrelay
