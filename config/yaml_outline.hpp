// Quotes and brackets of YAML text, also of text that no parser takes.
#pragma once

#include <string_view>
#include <vector>

namespace wsrelay {

/// A quoted text; lines count from 1.
struct quoted_text {
  char quote = '"';
  int begin = 0;
  int end = 0;           // where its closing quote stands; 0 = there is none
  bool has_more = false; // other text stands behind it in the same line
};

/// A "[" or "{" that nothing closes, or that another bracket closes.
struct open_bracket {
  char bracket = '[';
  int line = 0;
  char closed_by = 0; // 0 = the text ends
};

/// Lines from the first to the last.
struct line_range {
  int begin = 0;
  int end = 0;
};

/// What stands around the values. Comments and block texts ("|", ">") are left
/// out.
struct yaml_outline {
  std::vector<quoted_text> quoted;
  std::vector<open_bracket> open; // those that another one closes first
  std::vector<line_range> flows;  // of brackets that are closed in another line
};

/// Never fails; what is hardly YAML gives an outline that is hardly one.
yaml_outline outline_of(std::string_view text);

/// Returns the place behind the anchors and tags ("&a", "!!str") that stand at
/// `at` before a value, and the blanks behind them.
std::size_t skip_properties(std::string_view text, std::size_t at);

/// Returns the place behind the quoted text that begins at `at` in `text`;
/// npos when it is not closed. There is a quote at `at`.
std::size_t end_of_quoted(std::string_view text, std::size_t at);

} // namespace wsrelay
