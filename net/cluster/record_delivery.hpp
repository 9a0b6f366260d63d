// A record of another node, from bytes to the mailbox of its receiver.
#pragma once

#include "net/cluster/bundle.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/node_id.hpp>
#include <caf/proxy_registry.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace wsrelay {

/// Delivers records, and remembers texts: the messages of a connection have the
/// same PID, topic and metadata. The broker's thread.
class record_delivery {
public:
  /// Delivers a record of `from` to the actor that it is for, if that lives.
  void deliver(caf::execution_unit* context, caf::proxy_registry& proxies,
               const caf::node_id& from, const bundle_record& record);

private:
  // What a connection said last, of those that fall on one place.
  struct texts {
    shared_buffer client_pid;
    shared_buffer topic;
    shared_buffer metadata;
  };

  static constexpr std::size_t places = 256;

  // Longer ones are not kept: what others have sent is bounded here.
  static constexpr std::size_t max_kept = 512;

  ws_message to_message(const message_record& record, std::uint64_t source,
                        caf::actor client);
  static shared_buffer keep(shared_buffer& last, std::string_view text);

  // Made by the first message: most nodes get none.
  std::unique_ptr<std::array<texts, places>> texts_;
};

} // namespace wsrelay
