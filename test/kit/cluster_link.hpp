// The link between two nodes of a cluster: how slow it is, what does not come
// through, and who still thinks that the two are connected.
#pragma once

#include "test/kit/cluster_wire.hpp"
#include "test/kit/cluster_world.hpp"

#include <caf/response_promise.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay::test {

class cluster_member;

/// A link, from `test_cluster::link`. What it is told takes effect with `run`
/// or `advance`; each function returns the link.
class cluster_link {
public:
  using time_point = simulated_scheduler::time_point;

  /// What is sent from now on takes so long, either way or to one node.
  cluster_link& delay(milliseconds time);
  cluster_link& delay_to(std::string_view node, milliseconds time);

  /// Nothing arrives from now on, either way or at one node; it is kept for
  /// `restore`, as TCP sends it again. A node that hears nothing for
  /// `heartbeat_timeout` takes the other one for lost, at most one
  /// `heartbeat_interval` later, and tells it so if that way is open.
  cluster_link& cut();
  cluster_link& cut_to(std::string_view node);

  /// Both nodes lose each other at once, with all that is under way, and do not
  /// come together until `restore`.
  cluster_link& lose();

  /// Ends what `cut` and `lose` did. Nodes that have lost each other connect
  /// when the back-off of `reconnect_min` and `reconnect_max` has passed.
  cluster_link& restore();

  /// Returns whether both nodes take each other for connected.
  bool is_connected() const noexcept;

  /// @private
  cluster_link(cluster_world& world, std::string one, std::string other);

  // For the nodes.

  /// @private The node of this name starts, or has ended (null).
  void set_member(std::string_view name, cluster_member* who);
  /// @private Connects to the other node; answers as CAF's middleman does.
  void connect(const cluster_member& by, caf::response_promise promise);
  /// @private
  void send(const cluster_member& by, wire_packet packet);
  /// @private The connection ends; the other node is told.
  void part(const cluster_member& by);
  /// @private
  bool step();
  /// @private
  time_point next_event() const;

private:
  using kind = wire_packet::kind;

  // How long an attempt to connect may take: `node_connect_timeout`.
  static constexpr std::chrono::seconds patience{5};

  struct attempt {
    std::uint64_t connection;
    time_point deadline;
    caf::response_promise promise;
  };

  struct end {
    std::string name;
    cluster_member* node = nullptr; // null while it does not run
    cluster_wire in{};              // what comes to it
    bool is_open = false;
    std::uint64_t connection = 0;
    caf::node_id remote{};
    time_point since{};        // it is open
    time_point silent_since{}; // while `in` is cut
    std::optional<attempt> trying{};
  };

  std::size_t index_of(std::string_view name) const;
  end& end_of(const cluster_member& who);
  end& other(const end& of) noexcept;
  void cut_off(end& at);
  void open(end& at, const wire_packet& packet);
  void lose(end& at);
  void tell_end(end& of);
  bool step(end& at);
  void deliver(end& at, wire_packet& packet);
  void on_hello(end& at, const wire_packet& packet);
  void on_welcome(end& at, const wire_packet& packet);
  void fail(end& at, std::string why);
  bool give_up(end& at);
  time_point deadline_of(const end& at) const;

  cluster_world& world_;
  std::array<end, 2> ends_;
  std::uint64_t last_connection_ = 0;
  bool is_lost_ = false;
};

} // namespace wsrelay::test
