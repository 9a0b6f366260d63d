// Several nodes in the test's thread, on one clock, with links between them
// that are slow, cut and lost when the test says so. CLUSTER.md says what is as
// in reality, and what is not there.
#pragma once

#include "test/kit/cluster_link.hpp"
#include "test/kit/cluster_world.hpp"
#include "test/kit/node_driver.hpp"
#include "test/kit/test_node.hpp"

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::test {

class cluster_member;

/// The cluster. Declare it before the handles of actors, which it must outlive,
/// also those of nodes that were killed.
///
///     test_cluster cluster{"relay", "app"};
///     auto client = cluster["relay"].connect("chat@app");
///     cluster.kill("app");
///     cluster.run();
///     CHECK(client.close_frame()->code == 1011);
class test_cluster final : private node_driver {
public:
  /// Starts these nodes, two or more with different names, and connects each to
  /// all that stand before it. Throws `std::invalid_argument`. At its end the
  /// nodes that run are looked at as one `test_node` is (node_checks.hpp).
  test_cluster(std::initializer_list<std::string> names,
               cluster_options options = {},
               source_line where = source_line::here());
  ~test_cluster();

  test_cluster(const test_cluster&) = delete;
  test_cluster& operator=(const test_cluster&) = delete;

  /// Returns a node. Its `run` and `advance` are those of the cluster. Throws
  /// `std::invalid_argument` when there is none of the name, or it was killed.
  test_node& operator[](std::string_view name);

  /// Returns the link between two nodes, in either order.
  cluster_link& link(std::string_view one, std::string_view other);

  /// The node's process ends without a word: what it has sent still arrives,
  /// and then the end of its connections. Its clients are lost. Runs.
  void kill(std::string_view name);

  /// The node stops as it does when a signal tells it to: clients get 1001,
  /// other nodes a goodbye, what is bound to it there 1001. Takes up to a
  /// second of simulated time.
  void stop(std::string_view name);

  /// Starts a node that was killed or stopped, with a new node id. It has none
  /// of its actors and names. Runs. Returns it.
  test_node& start(std::string_view name);

  /// Kills the node and starts it again.
  test_node& restart(std::string_view name);

  /// Lets everybody act until nothing is left to do.
  void run();

  /// Moves the clock. What is due meanwhile, at any node or link, happens in
  /// order of time.
  void advance(milliseconds time);

  /// Returns the simulated time.
  time_point now() const noexcept { return world_.now; }

  /// Returns a line for each message that could not be written or read: "app:
  /// game::move was not registered (add_message_type), ...".
  const std::vector<std::string>& failures() const noexcept {
    return world_.failures;
  }

private:
  bool step() override;
  time_point next_event() const override;
  void move_to(time_point when) override;
  caf::actor seen_by(caf::actor_system& system, const caf::actor& who) override;

  bool act();
  bool run_posted();
  void come_to_rest();
  void end_all();
  cluster_member& member(std::string_view name);
  void begin(const std::string& name);
  void end(std::string_view name);

  source_line where_;
  cluster_world world_;
  std::vector<std::string> names_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<cluster_link>>
      links_;
  std::vector<std::unique_ptr<cluster_member>> ended_; // handles lead there
  std::map<std::string, std::unique_ptr<cluster_member>, std::less<>> members_;
  bool stepping_ = false;
};

} // namespace wsrelay::test
