// Results as lines.
#include "net/http/access_log.hpp"

#include "actors/log.hpp"
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
  if (auto* admitted = std::get_if<admission>(&result))
    return fmt::format("status={} endpoint={} trace={}", switching_protocols,
                       admitted->endpoint, trace_text(admitted->config.trace));
  return fmt::format("status={} close={}", switching_protocols,
                     std::get<refused_upgrade>(result).code);
}

} // namespace

void access_line::write(const exchange_result& result,
                        std::chrono::nanoseconds took) const {
  using std::chrono::microseconds;
  auto path = std::string_view{path_}.substr(0, max_shown);
  log(log_part::access)
      .info("request: address={} method={} path={} {} took_us={}", address_,
            method_, json_string(path), outcome_of(result),
            std::chrono::duration_cast<microseconds>(took).count());
}

} // namespace wsrelay
