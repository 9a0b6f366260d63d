// Who listens to what happens at the node: `/events`.
#pragma once

#include "actors/ended_connections.hpp"
#include "net/admin/event_source.hpp"

#include <caf/node_id.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Passes events on to everybody who listens. Any thread.
class event_hub final : public connection_journal {
public:
  static constexpr std::size_t max_listeners = 64;

  /// `node` is the one whose connections are told of.
  explicit event_hub(caf::node_id node) : node_{std::move(node)} {}

  /// Adds a listener. False when there are too many, or it was closed.
  bool add(const std::shared_ptr<event_queue>& listener);

  /// Takes one out.
  void remove(const std::shared_ptr<event_queue>& listener);

  void publish(std::string_view name, std::string_view data);

  /// Ends all of them, also those that would come.
  void close();

  // connection_journal
  bool is_wanted() const noexcept override { return count_ > 0; }
  void on_open(const connection_info& what) override;
  void on_end(const ended_connection& what) override;

private:
  const caf::node_id node_;
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  std::vector<std::shared_ptr<event_queue>> listeners_;
  bool closed_ = false;
};

} // namespace wsrelay
