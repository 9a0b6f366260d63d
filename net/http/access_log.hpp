// A line of the access log.
#pragma once

#include "net/http/session.hpp"
#include "protocol/trace_context.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace wsrelay {

/// Where a request led: the endpoint's name, "" where none was found.
struct access_endpoint {
  std::string name{};
  std::optional<trace_context> trace{};
};

/// What a request was, kept until its answer is known. Its query is left out:
/// that may hold secrets.
class access_line {
public:
  access_line(const http_request& request, access_endpoint endpoint)
      : address_{request.remote_address},
        method_{request.method},
        path_{request.path},
        endpoint_{std::move(endpoint)} {}

  /// Logs it with what came of it, and how long that took.
  void write(const exchange_result& result,
             std::chrono::nanoseconds took) const;

private:
  std::string address_;
  std::string method_;
  std::string path_;
  access_endpoint endpoint_;
};

} // namespace wsrelay
