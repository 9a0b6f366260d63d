// From an end to a leave.
#include "actors/lost_leave.hpp"

#include "actors/ending.hpp"

#include <utility>

namespace wsrelay {

ws_leave lost_leave(shared_buffer client_pid, const caf::error& reason) {
  ws_leave result{};
  result.client_pid = std::move(client_pid);
  result.reason = leave_reason::connection_lost;
  result.code = 1006;
  if (auto told = to_close_info(reason)) {
    result.reason = told->reason;
    result.code = told->code;
    result.text = told->text;
  }
  return result;
}

} // namespace wsrelay
