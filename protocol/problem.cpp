// The one shape of a problem document, and the phrases of HTTP statuses.
#include "protocol/problem.hpp"

#include "protocol/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

namespace {

struct phrase {
  unsigned status;
  std::string_view text;
};

// IANA HTTP Status Code Registry, in order.
constexpr phrase phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

} // namespace

std::string_view status_text(unsigned status) noexcept {
  auto found = std::lower_bound(
      std::begin(phrases), std::end(phrases), status,
      [](const phrase& each, unsigned wanted) { return each.status < wanted; });
  if (found == std::end(phrases) || found->status != status)
    return "Unknown";
  return found->text;
}

std::string to_json(const problem& value) {
  return fmt::format(R"({{"type":"about:blank","title":{},"status":{},)"
                     R"("detail":{},"check":{}}})",
                     json_string(status_text(value.status)), value.status,
                     json_string(value.detail), json_string(value.check));
}

} // namespace wsrelay
