// A line of the access log.
#pragma once

#include "net/http/session.hpp"

#include <chrono>
#include <string>

namespace wsrelay {

/// What a request was, kept until its answer is known. Its query is left out:
/// that may hold secrets.
class access_line {
public:
  explicit access_line(const http_request& request)
      : address_{request.remote_address},
        method_{request.method},
        path_{request.path} {}

  /// Logs it with what came of it, and how long that took.
  void write(const exchange_result& result,
             std::chrono::nanoseconds took) const;

private:
  std::string address_;
  std::string method_;
  std::string path_;
};

} // namespace wsrelay
