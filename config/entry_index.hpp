// Entries of a configuration by their names.
#pragma once

#include <map>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Entries of one kind by their names; the first of a name counts.
template <class Entry>
using by_name = std::map<std::string_view, const Entry*>;

template <class Entry>
const Entry* find_entry(const by_name<Entry>& entries, std::string_view name) {
  auto i = entries.find(name);
  return i == entries.end() ? nullptr : i->second;
}

template <class Entry>
by_name<Entry> index(const std::vector<Entry>& entries) {
  by_name<Entry> result;
  for (const auto& entry : entries)
    result.emplace(entry.name, &entry);
  return result;
}

} // namespace wsrelay
