// Reads pairs one after the other: a quoted value may hold any separator.
#include "protocol/forwarded.hpp"

#include "protocol/http_fields.hpp"
#include "protocol/quoted.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

failure malformed() {
  return {"the Forwarded field is malformed"};
}

// What ends a value without quotes.
constexpr std::string_view separators = ",;\" \t";

class reader {
public:
  explicit reader(std::string_view rest) : rest_{rest} {}

  result<std::vector<forwarded_element>> run() {
    for (;;) {
      skip_blanks();
      if (rest_.empty() || rest_.front() == ',')
        finish_element();
      if (rest_.empty())
        return std::move(elements_);
      if (rest_.front() == ',' || rest_.front() == ';')
        next_pair();
      else if (!expects_pair_ || !read_pair())
        return malformed();
    }
  }

private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }

  void next_pair() {
    rest_.remove_prefix(1);
    expects_pair_ = true;
  }

  // An empty element is none (RFC 9110 section 5.6.1).
  void finish_element() {
    if (has_pair_)
      elements_.push_back(std::exchange(element_, {}));
    has_pair_ = false;
  }

  bool read_pair() {
    auto equals = std::min(rest_.find('='), rest_.size());
    auto name = rest_.substr(0, equals);
    if (equals == rest_.size() || !is_token(name))
      return false;
    rest_.remove_prefix(equals + 1);
    auto value = rest_.starts_with('"') ? take_quoted(rest_) : read_plain();
    has_pair_ = true;
    expects_pair_ = false;
    return value && is_safe_field(name, *value)
           && store(name, std::move(*value));
  }

  std::optional<std::string> read_plain() {
    auto end = std::min(rest_.find_first_of(separators), rest_.size());
    auto value = std::string{rest_.substr(0, end)};
    rest_.remove_prefix(end);
    return value.empty() ? std::nullopt : std::optional{std::move(value)};
  }

  bool store(std::string_view name, std::string value) {
    auto* to = same_field(name, "for")     ? &element_.node
               : same_field(name, "proto") ? &element_.scheme
               : same_field(name, "host")  ? &element_.host
                                           : nullptr;
    if (to == nullptr)
      return true;
    auto first = !to->has_value();
    *to = std::move(value);
    return first;
  }

  std::string_view rest_;
  std::vector<forwarded_element> elements_;
  forwarded_element element_;
  bool has_pair_ = false;
  bool expects_pair_ = true;
};

void print(std::string& out, std::string_view name,
           const std::optional<std::string>& value) {
  if (!value)
    return;
  out.append(out.empty() ? "" : ";").append(name).append("=");
  if (is_token(*value)) {
    out += *value;
    return;
  }
  out += '"';
  for (auto c : *value)
    out.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
  out += '"';
}

} // namespace

result<std::vector<forwarded_element>> parse_forwarded(std::string_view value) {
  return reader{value}.run();
}

std::string to_text(const forwarded_element& element) {
  std::string out;
  print(out, "for", element.node);
  print(out, "proto", element.scheme);
  print(out, "host", element.host);
  return out;
}

} // namespace wsrelay
