// The commands of the probe:
//
//   register NAME             spawns a target, "registered NAME PID"
//   offer NAME                the same, offered to all nodes
//   handler NAME TARGET       spawns a handler that names TARGET
//   giver NAME TARGET         spawns one that answers with TARGET's handle
//   spawner NAME              spawns one that spawns a target per request
//   stubborn NAME             the same, and the target stays for ever
//   immortal NAME             the same, and no exit message ends it
//   seer NAME                 spawns one that tells who asks
//   long_winded NAME SIZE     spawns one that answers with a field of this size
//   count                     "count ACTORS" of this node
//   end NAME REASON           ends what was spawned under NAME: normal,
//                             shutdown, error, overloaded, kill; "ended NAME"
//   resolve TEXT              "resolved TEXT PID", "resolved TEXT error ..."
//   peers                     "peers NAME=NODE ..."
//   monitor PID, link PID     "monitoring PID", "linking PID", then actors.hpp
//   send PID TEXT             "sent PID"
//   request PID MS TEXT       a ws.send as a request, MS 0 = without timeout;
//   close PID CODE            a ws.close as a request,
//   control PID TARGET        a ws.control as a request: "answer PID ..."
//   broadcast TEXT PID...     one message to all, "broadcast COUNT"
//   forget                    "forgot": monitors and links are on their own
//   serve                     "serving", until SIGTERM ends the node
//   quit                      ends the node as an operator does
//
// A PID that was resolved once is kept as a handle, so that commands also reach
// for actors of nodes that are gone.
#pragma once

#include "net/node.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace wsrelay::cluster_probe {

/// Does what lines say, on the calling thread.
class commander {
public:
  commander(caf::actor_system& system, node& relay,
            const termination_signals& signals)
      : system_{system}, relay_{relay}, signals_{signals} {}

  /// Ends what has no name; the node ends what has one.
  ~commander();

  /// Does what a line says; prints "unknown LINE" when it cannot. False: quit.
  bool run(const std::string& line);

private:
  bool serve() const;
  bool spawn(const std::string& command, std::istringstream& words);
  void add(const std::string& name, const caf::actor& who, bool offer = false);
  void crowd(const std::string& name, std::size_t count);
  void end(const std::string& name, const std::string& reason);
  void resolve(const std::string& text);
  void peers();
  void count();
  void watch(const std::string& command, const std::string& pid);
  void send(std::istringstream& words);
  void ask_for(const std::string& command, std::istringstream& words);
  void broadcast(std::istringstream& words);
  caf::actor find(const std::string& text);

  caf::actor_system& system_;
  node& relay_;
  const termination_signals& signals_;
  std::map<std::string, caf::actor> own_;   // by name
  std::map<std::string, caf::actor> known_; // by what was resolved
  std::vector<caf::actor> helpers_;         // an actor nobody refers to is gone
};

} // namespace wsrelay::cluster_probe
