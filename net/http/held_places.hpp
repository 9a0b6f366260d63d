// What a request, and the WebSocket that may come of it, has of the limits.
#pragma once

#include "net/http/address_limits.hpp"
#include "net/http/client_peer.hpp"
#include "net/http/endpoint_limits.hpp"
#include "net/http/key_limits.hpp"
#include "net/http/service.hpp"
#include "net/ws/session.hpp"
#include "protocol/problem.hpp"
#include "protocol/relay_command.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace wsrelay {

/// Gives back what it has when it is destroyed. Loop thread.
class held_places final : public connection_hold {
public:
  explicit held_places(std::shared_ptr<service> owner)
      : owner_{std::move(owner)} {}
  held_places(held_places&&) noexcept = default;
  held_places& operator=(held_places&&) noexcept = default;

  /// Takes what needs no handler: for a WebSocket a place of the endpoint and,
  /// where `peer` is a proxy, of the client, whose socket nobody has counted.
  /// Returns what it has too much of: 429, "address", or 503, "endpoint".
  std::optional<problem> begin(const endpoint_config& endpoint,
                               const http_request& request,
                               const client_peer& peer, time_point now);

  /// Takes a place of the command's key, if it has one: 429, "key".
  std::optional<problem> take_key(const relay_command& command,
                                  key_policy policy);

  /// Returns whether a connection has to hold it.
  bool has_any() const noexcept { return address_ || endpoint_ || key_; }

  void on_open(const caf::actor& client) override {
    if (key_)
      key_->belongs_to(client);
  }

private:
  std::shared_ptr<service> owner_; // outlives the others
  address_place address_;
  endpoint_place endpoint_;
  std::unique_ptr<key_place> key_;
};

} // namespace wsrelay
