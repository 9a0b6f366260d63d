// All that stands behind an admin listener: who watches the node, and who
// answers for it. The listener itself is a service like others, with a loop of
// its own: a scrape costs no connection anything.
#pragma once

#include "net/admin/admin_view.hpp"
#include "net/http/session.hpp"

#include <caf/node_id.hpp>

#include <memory>
#include <string>

namespace wsrelay {

class connection_journal;
struct admin_parts;

/// Returns the service that listens for an admin.service: one loop, plain
/// limits.
service_config to_service(const admin_config& settings);

/// Used by the node's thread.
class admin {
public:
  /// `view` outlives it, and has an admin.service.
  explicit admin(admin_view& view);
  ~admin();

  admin(const admin&) = delete;
  admin& operator=(const admin&) = delete;

  /// Makes the host of the listener's HTTP sessions; its loop's thread, or
  /// before that runs. `owner` is the listener's service.
  std::shared_ptr<http_host> make_host(std::shared_ptr<service> owner,
                                       loop& home);

  /// Returns who hears of connections that come and go.
  std::shared_ptr<connection_journal> journal() const;

  /// Tells listeners of a new state of the node.
  void on_state(node_state state);

  /// Ends every event stream: who reads has to show the new token.
  void end_streams();

  /// The same, and what asks the node.
  void stop();

private:
  std::shared_ptr<admin_parts> parts_; // the hosts', too
};

} // namespace wsrelay
