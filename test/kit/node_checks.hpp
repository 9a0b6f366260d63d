// What must not be when a node of a test ends: actors that are left, and sends
// that were refused and nobody has expected.
#pragma once

#include "actors/error.hpp"
#include "test/kit/expectation.hpp"
#include "test/kit/print.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <iosfwd>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// A message to a connection that could not be carried out and was no request:
/// nobody was told. A relay logs "message not delivered" for it.
struct refused_send {
  std::string client_pid;
  std::string topic; // "ws.send", "ws.close", "ws.control", or the event's
  caf::error error;
};

std::ostream& operator<<(std::ostream& out, const refused_send& what);

/// In order; filled by the node's connections.
using refused_sends_ptr = std::shared_ptr<std::vector<refused_send>>;

/// The part of `test_node` that says what fails its test at its end. Nothing
/// does while an exception passes: the test has failed then.
class node_checks {
public:
  /// `name` is the node's in a cluster, "" without.
  node_checks(refused_sends_ptr refused, std::string name, source_line where);
  ~node_checks();

  node_checks(const node_checks&) = delete;
  node_checks& operator=(const node_checks&) = delete;

  /// Actors that live at the end fail the test: when the sockets of all clients
  /// are lost, names are taken back and nothing is left to do. These may: all,
  /// one, or those of a name (`state.name`, or that of the class).
  void allow_left_actors();
  void allow_left_actors(const caf::actor& who);
  void allow_left_actors(std::string name);

  /// Returns the sends that were refused and not yet expected. Those that are
  /// left at the end fail the test, unless all are allowed.
  const std::vector<refused_send>& refused_sends() const noexcept {
    return *refused_;
  }
  std::vector<refused_send> take_refused_sends();
  void allow_refused_sends();

  /// The next send that was refused has this error; lets the node run if there
  /// is none yet.
  void expect_refused_send(errc code, source_line where = source_line::here());

  /// Returns what clients and probes let run. Null when the node ends.
  weak_runner runner() const { return runner_; }

protected:
  /// What `runner` does from now on.
  void set_runner(std::function<void()> run);

  /// The kit's own: never counted as left.
  void ignore(const caf::actor& who);

  /// What else fails the test at the node's end.
  void note(std::string text);

  /// The node ends, and these still live. What the relay and CAF have of their
  /// own counts where it is not hidden.
  void note_left(const std::vector<caf::actor>& actors);

private:
  void complain() const noexcept;

  const std::string name_;
  source_line where_;
  int exceptions_; // that were under way at its start
  refused_sends_ptr refused_;
  std::shared_ptr<const std::function<void()>> runner_;
  std::set<caf::actor_id> allowed_;
  std::set<std::string, std::less<>> allowed_names_;
  bool allows_actors_ = false;
  bool allows_refused_ = false;
  std::vector<std::string> left_; // name, PID and type of each
  std::string notes_;
};

} // namespace wsrelay::test
