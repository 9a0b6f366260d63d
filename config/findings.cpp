// Collects findings and gives them their lines.
#include "config/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

/// Bytes of a value that a report shows.
constexpr std::size_t max_shown = 64;

/// Turns `path` into the path of the key above; false when there is none.
bool go_up(std::string& path) {
  auto end = path.find_last_of(".[");
  if (end == std::string::npos)
    return false;
  path.resize(end);
  return true;
}

bool by_line(const config_issue& a, const config_issue& b) {
  return a.where.line < b.where.line;
}

} // namespace

void findings::fail(const key_path& key, int line, std::string text) {
  failed_.insert(key);
  push({{file_, line}, key.second, std::move(text)});
}

void findings::locate(key_path key, int line) {
  lines_.emplace(std::move(key), line);
}

void findings::fail_later(config_issue issue) {
  if (!has_failed({issue.where.line, issue.path}))
    push(place(std::move(issue)));
}

int findings::line_of(key_path key, int otherwise) const {
  do {
    if (auto i = lines_.find(key); i != lines_.end())
      return i->second;
  } while (go_up(key.second));
  return otherwise;
}

config_issue findings::place(config_issue issue) const {
  auto entry = issue.where.line;
  issue.where.line = line_of({entry, issue.path}, entry);
  return issue;
}

std::vector<config_issue> findings::take_errors() {
  std::stable_sort(errors_.begin(), errors_.end(), by_line);
  if (unreported_ > 0)
    errors_.push_back(
        {{file_, 0}, "", fmt::format("{} more errors", unreported_)});
  return std::move(errors_);
}

void findings::push(config_issue issue) {
  if (errors_.size() < max_reported_errors)
    errors_.push_back(std::move(issue));
  else
    ++unreported_;
}

bool findings::has_failed_in(int line) const {
  auto first = failed_.lower_bound({line, ""});
  return first != failed_.end() && first->first == line;
}

bool findings::has_failed(key_path key) const {
  do {
    if (failed_.count(key) > 0)
      return true;
  } while (go_up(key.second));
  return false;
}

std::string shown(std::string_view text) {
  if (text.size() <= max_shown)
    return std::string{text};
  auto cut = text.substr(0, max_shown);
  while (!cut.empty() && (text[cut.size()] & 0xC0) == 0x80)
    cut.remove_suffix(1); // not inside a UTF-8 sequence
  return fmt::format("{}...", cut);
}

} // namespace wsrelay
