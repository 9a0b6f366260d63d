// Settings that somebody wrote and nothing reads.
#pragma once

#include "config/check_entry.hpp"

namespace wsrelay {

/// Reports keys that are not as by default where another key has switched off
/// what they are for. Each finding is of the key that does nothing.
void find_dead_settings(const service_config& x, entry_report& report);
void find_dead_settings(const admin_config& x, entry_report& report);
void find_dead_settings(const router_config& x, entry_report& report);

} // namespace wsrelay
