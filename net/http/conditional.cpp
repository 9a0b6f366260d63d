// Conditions of requests.
#include "net/http/conditional.hpp"

#include "net/http/http_date.hpp"
#include "protocol/text.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

struct entity_tag {
  bool weak;
  std::string_view opaque; // with its quotes
};

// RFC 9110 section 8.8.3: etagc.
bool is_tag_char(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Takes a tag from the front of `text`; a tag may hold commas.
std::optional<entity_tag> take_tag(std::string_view& text) {
  auto rest = text;
  auto weak = rest.starts_with("W/");
  if (weak)
    rest.remove_prefix(2);
  if (!rest.starts_with('"'))
    return std::nullopt;
  auto end = std::find_if_not(rest.begin() + 1, rest.end(), is_tag_char);
  if (end == rest.end() || *end != '"')
    return std::nullopt;
  auto size = static_cast<std::size_t>(end - rest.begin()) + 1;
  text = rest.substr(size);
  return entity_tag{weak, rest.substr(0, size)};
}

// Whether one of the tags in a list passes. What follows after something that
// is no tag is not guessed at.
template <class Predicate>
bool any_tag(std::string_view list, Predicate passes) {
  for (;;) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    auto tag = take_tag(list);
    if (!tag)
      return false;
    auto rest = trim(list);
    if (!rest.empty() && rest.front() != ',')
      return false;
    if (passes(*tag))
      return true;
  }
}

// Over all lines of a field; "*" is any state.
template <class Predicate>
bool any_field(const http_fields& request, std::string_view name,
               Predicate passes) {
  return std::any_of(request.begin(), request.end(), [&](auto& field) {
    return same_field(field.first, name)
           && (trim(field.second) == "*" || any_tag(field.second, passes));
  });
}

// Section 13.1.3: ignored when it is no date, or a list.
std::optional<std::int64_t> find_date(const http_fields& request,
                                      std::string_view name, std::int64_t now) {
  auto value = find_field(request, name);
  if (!value || count_fields(request, name) > 1)
    return std::nullopt;
  return parse_http_date(*value, now);
}

// Steps 1 and 2.
bool has_failed(const http_fields& request, const validators& current,
                std::int64_t now) {
  if (count_fields(request, "If-Match") > 0)
    return !any_field(request, "If-Match", [&](const entity_tag& tag) {
      return !tag.weak && tag.opaque == current.etag;
    });
  auto since = find_date(request, "If-Unmodified-Since", now);
  return since && current.modified && *current.modified > *since;
}

// Steps 3 and 4.
bool is_known(const http_fields& request, const validators& current,
              std::int64_t now) {
  if (count_fields(request, "If-None-Match") > 0)
    return any_field(request, "If-None-Match", [&](const entity_tag& tag) {
      return tag.opaque == current.etag;
    });
  auto since = find_date(request, "If-Modified-Since", now);
  return since && current.modified && *current.modified <= *since;
}

} // namespace

precondition check_preconditions(const http_fields& request,
                                 const validators& current, std::int64_t now) {
  if (has_failed(request, current, now))
    return precondition::failed;
  return is_known(request, current, now) ? precondition::not_modified
                                         : precondition::met;
}

bool range_counts(const http_fields& request, const validators& current,
                  std::int64_t now) {
  auto value = find_field(request, "If-Range");
  if (!value)
    return true;
  if (count_fields(request, "If-Range") > 1)
    return false;
  auto text = trim(*value);
  if (text.starts_with('"'))
    return text == current.etag;
  // Section 8.8.2.2: within its second the file may change again. A weak tag is
  // no date.
  auto date = parse_http_date(text, now);
  return date && current.modified && *date == *current.modified && *date < now;
}

} // namespace wsrelay
