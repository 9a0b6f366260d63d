// Heads of answers with files.
#include "net/http/file_answer.hpp"

#include "net/http/byte_range.hpp"
#include "net/http/http_date.hpp"
#include "net/http/problem_response.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay {

namespace {

void add_vary(http_response& to, const representation& what) {
  if (what.varies)
    to.headers.emplace_back("Vary", "Accept-Encoding");
}

// RFC 9110 section 15.4.5: what a 304 repeats. The client asks again each time.
http_response not_modified(const representation& what) {
  http_response result;
  result.status = 304;
  result.headers = {{"Cache-Control", "no-cache"}, {"ETag", what.state.etag}};
  add_vary(result, what);
  return result;
}

http_response failed(const representation& what) {
  auto result = to_response(
      {412, "precondition", "the file is not in the state asked for"});
  add_vary(result, what);
  return result;
}

http_response no_such_range(const representation& what) {
  auto result = to_response({416, "range", "the file has no such bytes"});
  result.headers.emplace_back("Content-Range",
                              fmt::format("bytes */{}", what.size));
  add_vary(result, what);
  return result;
}

// RFC 9110 section 8.8.2.1: no date of the future.
void add_date(http_response& to, const representation& what, std::int64_t now) {
  if (what.state.modified && *what.state.modified <= now)
    to.headers.emplace_back("Last-Modified",
                            to_http_date(*what.state.modified));
}

http_response found(const representation& what, std::int64_t now) {
  http_response result;
  result.headers.reserve(8);
  result.headers = {{"Content-Type", std::string{what.type}},
                    {"Cache-Control", "no-cache"},
                    {"ETag", what.state.etag},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Accept-Ranges", "bytes"}};
  add_date(result, what, now);
  if (!what.coding.empty())
    result.headers.emplace_back("Content-Encoding", what.coding);
  add_vary(result, what);
  return result;
}

// Only GET has ranges (RFC 9110 section 14.2), and a field is one line.
range_choice choose(const representation& what, const http_fields& request,
                    std::int64_t now) {
  auto value = find_field(request, "Range");
  if (!value || count_fields(request, "Range") > 1
      || !range_counts(request, what.state, now))
    return {range_outcome::whole, 0, what.size};
  return choose_range(*value, what.size);
}

file_answer answer_get(const representation& what, const http_fields& request,
                       std::int64_t now) {
  auto choice = choose(what, request, now);
  if (choice.outcome == range_outcome::unsatisfiable)
    return {no_such_range(what)};
  file_answer result{found(what, now), choice.first, choice.size};
  if (choice.outcome == range_outcome::part) {
    result.response.status = 206;
    result.response.headers.emplace_back(
        "Content-Range",
        fmt::format("bytes {}-{}/{}", choice.first,
                    choice.first + choice.size - 1, what.size));
  }
  return result;
}

} // namespace

file_answer answer_with(const representation& what, const http_fields& request,
                        bool is_head, std::int64_t now) {
  switch (check_preconditions(request, what.state, now)) {
    case precondition::not_modified:
      return {not_modified(what)};
    case precondition::failed:
      return {failed(what)};
    case precondition::met:
      break;
  }
  if (is_head)
    return {found(what, now), 0, 0, what.size};
  return answer_get(what, request, now);
}

bool has_conditions(const http_fields& request) noexcept {
  return std::any_of(request.begin(), request.end(), [](auto& field) {
    std::string_view name = field.first;
    return same_field(name, "Range") || same_field(name.substr(0, 3), "If-");
  });
}

} // namespace wsrelay
