// What the tests of the readers of HTTP share.
#pragma once

#include "net/http/request_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// Returns the fields as "name: value|".
inline std::string joined(const http_fields& fields) {
  std::string out;
  for (auto& [name, value] : fields)
    out += name + ": " + value + "|";
  return out;
}

/// Returns all that a request says, in one line.
inline std::string to_text(const http_request& request) {
  return request.method + " " + request.target + " (" + request.path + ")("
         + request.query + ") " + joined(request.headers) + " "
         + std::string{request.body.view()};
}

/// What happens to a reader, in words.
class request_log {
public:
  explicit request_log(const reader_limits& limits = {}) : reader{limits} {}

  /// Reads a piece to its end.
  request_log& read(std::string_view bytes) {
    while (step(bytes)) {
    }
    return *this;
  }

  request_reader reader;
  std::vector<std::string> events;
  std::vector<http_request> requests;
  bool has_failed = false;

private:
  bool step(std::string_view& bytes) {
    using event = request_reader::event;
    switch (reader.next(bytes)) {
      case event::none:
        return false;
      case event::header:
        events.push_back(reader.expects_continue() ? "continue" : "header");
        return true;
      case event::done: {
        auto keeps = reader.keep_alive();
        requests.push_back(reader.take());
        events.push_back(to_text(requests.back()) + (keeps ? " keep" : ""));
        return true;
      }
      case event::failed:
        if (!has_failed)
          events.push_back("failed " + std::to_string(reader.error().status));
        has_failed = true;
        return false;
    }
    return false;
  }
};

/// Returns the status that answers the bytes, 0 when they are well and 1 when
/// they are not complete.
inline unsigned status_of(std::string_view bytes,
                          const reader_limits& limits = {}) {
  request_log log{limits};
  log.read(bytes);
  if (log.has_failed)
    return log.reader.error().status;
  return log.reader.has_begun() ? 1 : 0;
}

/// Returns a request that was read from these bytes alone.
inline http_request read_request(std::string_view bytes,
                                 const reader_limits& limits = {}) {
  request_log log{limits};
  log.read(bytes);
  return log.requests.empty() ? http_request{} : log.requests.front();
}

} // namespace wsrelay::test
