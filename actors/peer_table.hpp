// Connected directories, and what they were asked; no actor, sends nothing but
// the answers to those who have asked.
#pragma once

#include "actors/node_messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace wsrelay {

/// Most directories that are known at a time.
inline constexpr std::size_t max_peers = 1024;

/// The directories of other nodes by the names of these. When two have one
/// name, the one that came last is meant by it, and the other one is known
/// again when that has gone. Not thread-safe.
class peer_table {
public:
  /// What was forgotten, and who is meant by its name from now on.
  struct removed {
    std::string name;
    caf::actor directory;
    caf::actor next; // null = nobody, or as before
  };

  /// Returns the directory of a node's name, or null.
  const caf::actor* find(const std::string& name) const;

  /// Returns the directory of the node with this name or the text of its id, or
  /// null.
  const caf::actor* find_node(const std::string& name_or_id) const;

  /// Returns whether the directory is known, by whatever name.
  bool has(const caf::actor_addr& directory) const;

  /// Returns the handle it is known by, or null.
  const caf::actor* find_directory(const caf::actor_addr& directory) const;

  /// Makes `hello.directory`, which is not known yet, the one of its name.
  /// False: there are `max_peers`.
  bool add(const peer_hello& hello);

  /// Forgets a directory, if it is known.
  std::optional<removed> remove(const caf::actor_addr& directory);

  /// Returns whom each name means, sorted.
  std::vector<peer_entry> list() const;

  /// Returns all that are connected.
  std::vector<peer_hello> list_all() const;

  /// Returns all that are connected, as a message tells of them, sorted.
  std::vector<peer_info> list_details() const;

private:
  struct peer {
    caf::actor directory;
    std::string id; // its node's, as text: looked for with each PID
    node_version version;
  };

  std::map<std::string, std::vector<peer>> peers_; // the newest one last
  std::set<caf::actor_addr> known_;
};

/// Look-ups that other nodes' directories were asked for and have not answered.
class peer_questions {
public:
  /// Keeps who waits for an answer and returns the question's number.
  std::uint64_t add(const caf::actor& directory, caf::response_promise asker);

  /// Answers a question, unless that has happened.
  template <class Answer>
  void settle(std::uint64_t number, Answer answer) {
    if (auto found = open_.extract(number))
      found.mapped().asker.deliver(std::move(answer));
  }

  /// Answers all that this directory was asked: it is lost.
  void fail(const caf::actor_addr& directory);

private:
  struct question {
    caf::actor_addr directory;
    caf::response_promise asker;
  };

  std::map<std::uint64_t, question> open_;
  std::uint64_t last_ = 0;
};

} // namespace wsrelay
