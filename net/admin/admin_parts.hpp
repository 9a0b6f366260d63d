// What the hosts of an admin listener share.
#pragma once

#include "net/admin/admin.hpp"
#include "net/admin/api.hpp"
#include "net/admin/event_hub.hpp"
#include "net/admin/open_streams.hpp"
#include "net/admin/sampler.hpp"
#include "net/http/file_pool.hpp"

#include <memory>

namespace wsrelay {

/// Any thread.
struct admin_parts {
  explicit admin_parts(admin_view& view_);

  admin_view& view;
  std::shared_ptr<event_hub> hub;
  open_streams streams; // the hub's and those of connections
  sampler samples;
  admin_api api;
  /// Returns what its entry says now.
  std::shared_ptr<const admin_config> settings() const {
    auto now = view.config();
    return {now, &now->admins.front()};
  }

  /// Where questions are asked: none holds the listener's loop.
  file_pool questions;
  file_pool calls; // of servers, which wait for clients that do not read
};

/// Makes a host for one loop.
std::shared_ptr<http_host> make_admin_host(std::shared_ptr<admin_parts> shared,
                                           std::shared_ptr<service> owner,
                                           loop& home);

} // namespace wsrelay
