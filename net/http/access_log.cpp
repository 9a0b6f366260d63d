// Results as lines.
#include "net/http/access_log.hpp"

#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <variant>

namespace wsrelay {

namespace {

constexpr std::size_t max_shown = 512; // bytes of a path

constexpr unsigned switching_protocols = 101;

std::string outcome_of(const exchange_result& result) {
  if (auto* answer = std::get_if<http_answer>(&result)) {
    auto size = length_of(*answer, false);
    return fmt::format("status={}{}", answer->response.status,
                       size ? fmt::format(" bytes={}", *size) : "");
  }
  if (std::holds_alternative<admission>(result))
    return fmt::format("status={}", switching_protocols);
  return fmt::format("status={} close={}", switching_protocols,
                     std::get<refused_upgrade>(result).code);
}

} // namespace

void access_line::write(const exchange_result& result,
                        std::chrono::nanoseconds took) const {
  using std::chrono::microseconds;
  auto path = std::string_view{path_}.substr(0, max_shown);
  auto trace = endpoint_.trace ? " trace=" + trace_text(*endpoint_.trace) : "";
  log(log_part::access)
      .info("request: address={} method={} path={} {} endpoint={} took_us={}{}",
            address_, method_, json_string(path), outcome_of(result),
            endpoint_.name.empty() ? "-" : log_value(endpoint_.name),
            std::chrono::duration_cast<microseconds>(took).count(), trace);
}

} // namespace wsrelay
