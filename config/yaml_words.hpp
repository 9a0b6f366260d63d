// What YAML's errors mean for who writes a configuration.
#pragma once

#include <string>
#include <string_view>

namespace wsrelay {

/// What is wrong in a line, counted from 1.
struct yaml_fault {
  int line = 0;
  std::string text;
};

/// Guesses what is wrong with `text`, which the parser has refused in `line`
/// with the reason `parser_says`; without a guess that is what is returned.
yaml_fault explain_yaml(std::string_view text, int line,
                        std::string_view parser_says);

/// What a second document is called.
inline constexpr std::string_view second_document_text =
    "more than one document";

/// What an unclosed quote is called.
inline constexpr std::string_view open_quote_text =
    "the quote that opens here is not closed";

} // namespace wsrelay
