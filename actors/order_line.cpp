// An order that is told to a directory.
#include "actors/order_line.hpp"

#include "actors/error.hpp"
#include "actors/log_value.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

namespace {

// Names and PIDs are short.
constexpr std::size_t max_order_part = 256;

std::string order_part(std::string_view key, std::string_view value) {
  return value.empty()
             ? std::string{}
             : fmt::format(" {}={}", key,
                           log_value(value.substr(0, max_order_part)));
}

} // namespace

caf::result<void> note_order(caf::local_actor* self,
                             const operator_order& order) {
  constexpr std::string_view known[] = {"send", "close", "transfer", "drain"};
  auto what = std::find(std::begin(known), std::end(known), order.what);
  if (what == std::end(known))
    return make_error(errc::invalid_message, "no such order");
  log_order(self, *what,
            fmt::format("{}{}{}{}", order_part("pid", order.pid),
                        order_part("from", order.from),
                        order_part("target", order.to),
                        order.code == 0 ? std::string{}
                                        : fmt::format(" code={}", order.code)));
  return caf::unit;
}

} // namespace wsrelay
