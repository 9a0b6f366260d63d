// One pass over the text, which knows where a value may begin.
#include "config/yaml_outline.hpp"

#include <algorithm>
#include <cstddef>

namespace wsrelay {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class outliner {
public:
  explicit outliner(std::string_view text) : text_{text} {}

  yaml_outline run() {
    while (at_ < text_.size())
      take(text_[at_]);
    out_.open.insert(out_.open.end(), stack_.begin(), stack_.end());
    return std::move(out_);
  }

private:
  void take(char c) {
    if (c == '\n')
      begin_line();
    else if (is_blank(c))
      ++at_;
    else if (c == '#' && (at_ == 0 || is_blank(text_[at_ - 1])))
      at_ = std::min(text_.find('\n', at_), text_.size());
    else if (begins_value_)
      take_first(c);
    else
      take_next(c);
  }

  void begin_line() {
    ++at_;
    ++line_;
    begins_value_ = true;
    line_begin_ = at_;
  }

  void take_first(char c) {
    auto in_block = stack_.empty();
    if (c == '"' || c == '\'')
      take_quoted(c);
    else if (c == '&' || c == '!')
      take_property();
    else if (c == '[' || c == '{')
      stack_.push_back({c, line_, 0}), ++at_;
    else if ((c == '-' || c == '?' || c == ':') && is_blank(next()))
      ++at_;
    else if (in_block && (c == '|' || c == '>'))
      skip_block();
    else
      take_next(c);
  }

  // The value is still to come.
  void take_property() {
    auto end = text_.find_first_of(stack_.empty() ? " \t\r\n" : " \t\r\n,[]{}",
                                   at_ + 1);
    at_ = std::min(end, text_.size());
  }

  void take_next(char c) {
    auto in_flow = !stack_.empty();
    begins_value_ = (c == ':' && is_blank(next())) || (in_flow && c == ',');
    if (in_flow && (c == ']' || c == '}'))
      close(c);
    ++at_;
  }

  void close(char c) {
    auto last = stack_.back();
    stack_.pop_back();
    if (c != (last.bracket == '[' ? ']' : '}')) {
      last.closed_by = c;
      out_.open.push_back(last);
    }
    if (stack_.empty() && last.line < line_)
      out_.flows.push_back({last.line, line_});
  }

  void take_quoted(char quote) {
    auto begin = at_;
    auto end = end_of_quoted(text_, at_);
    at_ = std::min(end, text_.size());
    quoted_text found{quote, line_, 0, false};
    auto inside = text_.substr(begin, at_ - begin);
    line_ += static_cast<int>(std::count(inside.begin(), inside.end(), '\n'));
    if (end != text_.npos) {
      found.end = line_;
      auto rest = text_.find_first_not_of(" \t\r", at_);
      found.has_more = rest != text_.npos
                       && std::string_view{",]}:#\n"}.find(text_[rest])
                              == std::string_view::npos;
    }
    out_.quoted.push_back(found);
    begins_value_ = text_.substr(at_, 1) == ":"; // as JSON has it
    at_ += begins_value_ ? 1 : 0;
  }

  // Its lines are indented more than the one that it begins in.
  void skip_block() {
    auto indent = indent_at(line_begin_);
    at_ = text_.find('\n', at_);
    while (at_ < text_.size()) {
      auto below = indent_at(at_ + 1);
      auto first = text_.substr(at_ + 1 + below, 1);
      if (!first.empty() && first != "\n" && first != "\r" && below <= indent)
        return;
      at_ = text_.find('\n', at_ + 1);
      ++line_;
    }
    at_ = text_.size();
  }

  std::size_t indent_at(std::size_t line) const {
    if (line >= text_.size())
      return 0;
    auto end = std::min(text_.find_first_not_of(' ', line), text_.size());
    return end - line;
  }

  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\n'; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  bool begins_value_ = true;
  std::vector<open_bracket> stack_;
  yaml_outline out_;
};

} // namespace

yaml_outline outline_of(std::string_view text) {
  return outliner{text}.run();
}

std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    at = std::min(text.find_first_of(" \t\r\n", at), text.size());
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
  }
  return at;
}

std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  auto quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\')
      ++at;
    else if (text[at] == quote && text.substr(at + 1, 1) == "'"
             && quote == '\'')
      ++at;
    else if (text[at] == quote)
      return at + 1;
  }
  return text.npos;
}

} // namespace wsrelay
