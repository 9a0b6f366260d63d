// CAF's BASP broker, where what it knows of a node begins and ends with the
// connection to it.
#pragma once

#include "actors/log_limit.hpp"
#include "actors/node_messages.hpp"
#include "net/cluster/basp_check.hpp"
#include "net/cluster/lost_proxies.hpp"
#include "net/cluster/node_load.hpp"
#include "net/cluster/open_requests.hpp"
#include "net/cluster/proxy.hpp"
#include "net/cluster/record_delivery.hpp"
#include "net/cluster/unread_types.hpp"

#include <caf/io/basp_broker.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// What CAF 0.17.6's own does otherwise: a node that connects again while its
/// lost connection is not noticed here yet gets a second one beside it, and
/// neither side tells the other any more of actors that end. Neither who
/// reaches a node through this one nor who waits for its answer ever hears that
/// it is lost. For each node that was ever connected an actor stays. And it
/// takes what no node sends, which ends the process or all connections.
class node_broker final : public caf::io::basp_broker {
public:
  using basp_broker::basp_broker;
  using connection = caf::io::connection_handle;
  using time_point = caf::actor_clock::time_point;

  // Called by CAF, on the loop's thread.
  caf::behavior make_behavior() override;
  void purge_state(const caf::node_id& node) override;
  caf::strong_actor_ptr make_proxy(caf::node_id node,
                                   caf::actor_id id) override;
  void learned_new_node_directly(const caf::node_id& node,
                                 bool was_indirectly_before) override;
  void learned_new_node_indirectly(const caf::node_id& node) override;
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override;

  // Called by the connections, on the loop's thread.

  /// A connection begins to read. Until `deadline` it waits for the other
  /// side's handshake, and no silence ends it. Returns what it waits for.
  basp_phase begin(connection who, time_point deadline);

  /// The other side lives: bytes have come, of whatever message. Silence counts
  /// from `when`.
  void saw(connection who, time_point when);

  /// What `who` reads next has this header: the data of CAF's message is its
  /// payload.
  void expect(const basp_header& header) {
    header_ = header;
    offence_.clear();
  }

  /// What `who` has read is a bundle. `host` runs the broker, on its thread.
  void on_bundle(caf::execution_unit* host, connection who,
                 std::string_view records);

  /// Returns why the connection is to end after what it has read, or "".
  std::string take_offence() { return std::exchange(offence_, {}); }

  /// Returns how much waits for the node that `who` leads to, and where.
  std::shared_ptr<node_load> load_of(connection who);
  std::shared_ptr<node_link> link_of(connection who);

  /// Much waited for a node, and does no more.
  void tell_relief(const caf::node_id& node);

  /// The connection ends for this reason: who has asked for it is told.
  void give_up(connection who, const std::string& why);

  /// Returns the id of this node's directory, 0 before it is known.
  caf::actor_id directory_id() const noexcept {
    return relief_watcher_ ? relief_watcher_.id() : 0;
  }

  /// How long a node may be silent, 0 = for ever, and how long this one is.
  caf::timespan patience() const;
  caf::timespan interval() const;

  /// Nodes that one that is connected may speak of: more end its connection.
  static constexpr std::size_t max_learned = 256;

  /// Actors of one node that are known here, and as many of all nodes together
  /// that it leads to, each of which takes 300 bytes for as long as it lives:
  /// more end the connection. Any thread.
  std::atomic<std::size_t> max_actors{1'000'000};

  /// How long others may still bring what a node said before it was connected.
  static constexpr std::chrono::seconds others_patience{5};

private:
  using bytes = std::vector<char>;
  using stages = std::vector<caf::strong_actor_ptr>;

  void on_lost(const caf::node_id& node);
  void tell_lost(const caf::node_id& neighbour, const caf::node_id& node);
  void on_known(const node_known& message);
  std::vector<link_details> list_links();
  void part_from(const caf::node_id& node);
  bool learn(const caf::node_id& node);
  bool has_room(const caf::node_id& node);
  void forget_learned(const caf::node_id& hop);
  bool is_pretended(const caf::node_id& from);
  void end_lost();
  void on_forward(const caf::strong_actor_ptr& source, const stages& passing,
                  const caf::strong_actor_ptr& receiver, caf::message_id id,
                  const caf::message& content);
  void note_taken(node_load& load, std::size_t bulk);
  template <class Function>
  void read_from(connection who, Function read);
  void on_data(caf::io::new_data_msg& message);
  void on_message(connection who, bytes& payload);
  void on_handshake(connection who, bytes& payload);
  void on_remote(std::string_view payload, const caf::node_id& from);
  void on_records(std::string_view bytes);
  void on_routed(connection who, bytes& payload);
  void on_down(connection who, bytes& payload);
  void on_monitor(connection who, bytes& payload);
  void forward(connection who, const caf::node_id& to, const bytes& payload);
  void pass_on(connection who, bytes& payload);
  void close_others(const caf::node_id& node);
  const std::shared_ptr<const proxy_context>&
  context_of(const caf::node_id& node);
  void drop_context(const caf::node_id& node);
  caf::node_id node_of(connection who) const;
  void use_link(const caf::node_id& node);
  void open_link(const caf::node_id& node);
  void report_unread(const caf::error& why, const std::string& type);
  void offend(std::string why) { offence_ = std::move(why); }

  const std::shared_ptr<open_requests> requests_ =
      std::make_shared<open_requests>();
  const std::shared_ptr<lost_proxies> lost_ = std::make_shared<lost_proxies>();
  log_limit lines_;
  unread_types unread_;
  log_limit unread_lines_{{.max_lines = 100}}; // of nodes that come again
  struct known_node {
    node_version version;
    time_point since;
  };
  std::map<caf::node_id, known_node> known_; // that have said hello
  struct learned {
    std::set<caf::node_id> nodes;
    std::size_t room = 0; // for actors of them, before all are counted again
  };
  std::map<caf::node_id, learned> learned_; // by who leads there
  caf::actor_addr relief_watcher_;
  std::map<caf::node_id, std::shared_ptr<const proxy_context>> contexts_;
  record_delivery records_;
  caf::node_id last_hop_; // whom the message comes from
  basp_header header_{};
  std::string offence_;
};

} // namespace wsrelay
