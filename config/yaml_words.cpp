// Guesses by the look of the lines.
#include "config/yaml_words.hpp"

#include "config/findings.hpp"
#include "config/yaml_outline.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

namespace wsrelay {

namespace {

/// A line: how far it is indented, and what stands there.
struct text_line {
  std::size_t indent = 0;
  bool is_item = false;   // begins with "- "
  std::size_t column = 0; // of the text, behind "- "
  std::string_view text;  // without comment lines and blanks at its end
  bool has_tab = false;   // before the text

  bool is_marker() const noexcept {
    return text.starts_with("---") || text.starts_with("...");
  }
  bool is_short_item() const noexcept {
    return indent == 0 && text.starts_with('-') && !is_marker();
  }

  /// Where a neighbour of the kind of `other` begins in this line.
  std::size_t begin_of(const text_line& other) const noexcept {
    return other.is_item ? indent : column;
  }

  bool empty() const noexcept { return text.empty(); }
};

text_line read_line(std::string_view raw) {
  text_line out;
  out.indent = std::min(raw.find_first_not_of(' '), raw.size());
  auto first = std::min(raw.find_first_not_of(" \t\r"), raw.size());
  auto text = raw.substr(first);
  out.has_tab =
      raw.substr(0, first).find('\t') != raw.npos || text.starts_with("-\t");
  text = text.substr(0, text.find_last_not_of(" \t\r") + 1);
  if (text.starts_with('#'))
    text = {};
  out.column = out.indent;
  while (text.starts_with("- ") || text == "-") {
    out.is_item = true;
    auto skip = std::min(text.find_first_not_of(" -"), text.size());
    out.column += skip;
    text.remove_prefix(skip);
  }
  out.text = text;
  return out;
}

/// Behind "key: " of a line; nothing where there is no key.
std::optional<std::string_view> value_of(std::string_view text) {
  if (text.empty() || std::string_view{"\"'[{"}.find(text[0]) != text.npos)
    return std::nullopt;
  auto colon = text.find(": ");
  if (colon == text.npos)
    return text.ends_with(':') ? std::optional{std::string_view{}}
                               : std::nullopt;
  auto value = text.substr(colon + 1);
  value.remove_prefix(value.find_first_not_of(' '));
  return trim(value.substr(0, value.find(" #")));
}

/// "kind:http.service", a key and its value but for the space.
bool is_glued(std::string_view text) {
  constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  auto end = std::min(text.find_first_not_of(characters), text.size());
  return end > 0 && end + 1 < text.size() && text[end] == ':';
}

/// Returns the alias in a line, "*a" with its star, or "".
std::string_view alias_in(std::string_view text) {
  constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  constexpr std::string_view before = " [{,";
  auto star = text.find('*');
  while (star != text.npos && star > 0
         && before.find(text[star - 1]) == before.npos)
    star = text.find('*', star + 1);
  if (star == text.npos)
    return {};
  auto end =
      std::min(text.find_first_not_of(characters, star + 1), text.size());
  auto is_name = end > star + 1
                 && (end == text.size()
                     || std::string_view{" ,]}"}.find(text[end])
                            != std::string_view::npos);
  return is_name ? text.substr(star, end - star) : std::string_view{};
}

std::string spaces(std::size_t count) {
  return fmt::format("{} space{}", count, count == 1 ? "" : "s");
}

class explanation {
public:
  explanation(std::string_view text, int line) : outline_{outline_of(text)} {
    for (auto each : split(text, '\n'))
      lines_.push_back(read_line(each));
    inside_.resize(lines_.size() + 1);
    for (auto& each : outline_.quoted)
      mark_inside(each.begin, each.end);
    for (auto& each : outline_.flows)
      mark_inside(each.begin, each.end);
    line_ = std::clamp(line, 1, static_cast<int>(lines_.size()));
    // The end of a text is a place behind what is wrong with it.
    while (line_ > 1 && at(line_).empty() && !at(line_).has_tab)
      --line_;
  }

  yaml_fault run(std::string_view parser_says) const {
    if (auto fault = of_reason(parser_says); fault.line > 0)
      return fault;
    using guess = yaml_fault (explanation::*)() const;
    constexpr guess guesses[] = {
        &explanation::tab,     &explanation::quote,  &explanation::behind_quote,
        &explanation::bracket, &explanation::begins, &explanation::colon,
        &explanation::no_key,  &explanation::entry,  &explanation::indent};
    for (auto each : guesses)
      if (auto fault = (this->*each)(); fault.line > 0)
        return fault;
    if (parser_says.find("escape") != parser_says.npos)
      return {line_, "a backslash in \"...\" is written \\\\, or as it is in "
                     "'...'"};
    return {line_, std::string{parser_says}};
  }

private:
  // Of a text that goes on in other lines.
  void mark_inside(int begin, int end) {
    for (auto line = begin + 1; line <= end; ++line)
      inside_[static_cast<std::size_t>(line) - 1] = true;
  }

  yaml_fault of_reason(std::string_view parser_says) const {
    if (parser_says == second_document_text)
      return document();
    return parser_says.find("anchor is not defined") != parser_says.npos
               ? alias()
               : yaml_fault{};
  }

  yaml_fault document() const {
    auto line = line_;
    while (line > 1 && !at(line).is_marker()
           && (line == line_ || at(line).empty()))
      --line;
    if (!at(line).is_marker())
      return {};
    return {line, fmt::format("{} begins another document: a file is one list "
                              "of entries, leave it out",
                              at(line).text.substr(0, 3))};
  }

  yaml_fault alias() const {
    auto found = alias_in(at(line_).text);
    if (found.empty())
      return {};
    return {line_,
            fmt::format("{} stands for a value that has &{} before it, "
                        "and none above has; a text is quoted: \"{}\"",
                        shown(found), shown(found.substr(1)), shown(found))};
  }

  const text_line& at(int line) const {
    return lines_[static_cast<std::size_t>(line) - 1];
  }

  yaml_fault tab() const {
    return at(line_).has_tab
               ? yaml_fault{line_, "a tab stands before the text: indent with "
                                   "spaces"}
               : yaml_fault{};
  }

  // One that takes keys or entries for text was to end before them.
  yaml_fault quote() const {
    for (auto& each : outline_.quoted) {
      auto is_open = each.end == 0;
      for (auto i = each.begin + 1; i <= each.end && !is_open; ++i)
        is_open = at(i).is_item || value_of(at(i).text);
      if (is_open && each.begin <= line_)
        return {each.begin, std::string{open_quote_text}};
    }
    return {};
  }

  yaml_fault behind_quote() const {
    for (auto& each : outline_.quoted)
      if (each.has_more && each.end <= line_)
        return {each.end,
                fmt::format("text stands behind a quote that closes: quote all "
                            "of it, and write {} inside for the quote itself",
                            each.quote == '"' ? "\\\"" : "''")};
    return {};
  }

  yaml_fault bracket() const {
    for (auto& each : outline_.open) {
      auto closing = each.bracket == '[' ? ']' : '}';
      if (each.line <= line_)
        return {each.line,
                each.closed_by == 0
                    ? fmt::format("the {} that opens here is not closed: its "
                                  "{} is missing",
                                  each.bracket, closing)
                    : fmt::format("the {} that opens here is closed by {}, "
                                  "not by {}",
                                  each.bracket, each.closed_by, closing)};
    }
    return {};
  }

  yaml_fault begins() const {
    constexpr std::string_view special = "*&@`%!|>,]}";
    auto text = at(line_).text;
    auto value = value_of(text).value_or(text);
    if (value.empty() || special.find(value[0]) == special.npos)
      return {};
    return {line_, fmt::format("a value that begins with {} needs quotes: "
                               "\"{}\"",
                               value[0], shown(value))};
  }

  yaml_fault colon() const {
    auto value = value_of(at(line_).text).value_or("");
    auto is_plain = !value.empty() && value_of(value);
    if (!is_plain)
      return {};
    return {line_, fmt::format("a value with a colon and a space in it, or a "
                               "colon at its end, needs quotes: \"{}\"",
                               shown(value))};
  }

  // The parser may have gone on to the next key.
  yaml_fault no_key() const {
    for (auto line : {line_, line_ - 1})
      if (line > 0 && outline_.open.empty() && is_no_key(line))
        return is_glued(at(line).text)
                   ? yaml_fault{line, "a space is missing behind the colon"}
                   : yaml_fault{
                       line,
                       "must be a key, a colon, a space and a value, such as "
                       "kind: http.service"};
    return {};
  }

  bool is_no_key(int line) const {
    constexpr std::string_view opening = "\"'[{";
    auto& each = at(line);
    return !each.empty() && !is_inside(line) && !value_of(each.text)
           && opening.find(each.text[0]) == opening.npos && !each.is_marker()
           && !each.is_short_item() && (!each.is_item || each.indent == 0);
  }

  yaml_fault entry() const {
    for (auto line : {line_, line_ - 1})
      if (line > 0 && at(line).is_short_item())
        return {line, "a space is missing behind the - that begins an entry"};
    auto loose = find_loose();
    if (loose == 0)
      return {};
    return {loose, "begins no entry and is part of none: each entry begins "
                   "with \"- \" at the beginning of the line, its other keys "
                   "with two spaces"};
  }

  // The parser may go on behind it: the first of the entry counts, 0 = none.
  int find_loose() const {
    auto found = is_loose(line_) ? line_ : 0;
    for (auto line = line_ - 1; line > 0; --line) {
      if (at(line).indent == 0 && at(line).is_item)
        return found;
      if (is_loose(line))
        found = line;
    }
    return is_loose(line_) ? line_ : 0; // no list is begun
  }

  bool is_loose(int line) const {
    auto& each = at(line);
    return each.indent == 0 && !each.empty() && !each.is_item
           && !each.is_marker() && !each.text.starts_with('%')
           && !is_inside(line);
  }

  bool is_inside(int line) const {
    return inside_[static_cast<std::size_t>(line) - 1];
  }

  // Where the line before opens a map or a list the next one may be anywhere.
  yaml_fault indent() const {
    auto& mine = at(line_);
    auto before = line_ - 1;
    while (before > 0 && (at(before).empty() || is_inside(before)))
      --before;
    if (before == 0 || mine.is_marker() || at(before).text.ends_with(':'))
      return {};
    auto column = at(before).begin_of(mine);
    if (mine.is_item && mine.indent == at(before).column)
      return {line_, "begins with \"- \" among keys: an entry begins at the "
                     "beginning of its line, an item of a list below its key"};
    return fits_above(before)
               ? yaml_fault{}
               : yaml_fault{line_, fmt::format("is indented by {}, what stands "
                                               "before it by {}: keys of one "
                                               "map, and items of one list, "
                                               "begin in the same column",
                                               spaces(mine.indent), column)};
  }

  bool fits_above(int line) const {
    for (; line > 0; --line) {
      auto& each = at(line);
      if (!each.empty() && at(line_).indent == each.begin_of(at(line_)))
        return true;
      if (each.is_item && each.indent == 0)
        return false;
    }
    return false;
  }

  yaml_outline outline_;
  std::vector<text_line> lines_;
  std::vector<bool> inside_; // of a text or brackets that begin above
  int line_ = 1;
};

} // namespace

yaml_fault explain_yaml(std::string_view text, int line,
                        std::string_view parser_says) {
  return explanation{text, line}.run(parser_says);
}

} // namespace wsrelay
