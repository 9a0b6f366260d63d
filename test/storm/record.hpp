// What the targets saw, and whether it keeps the promises of
// actors/messages.hpp.
#pragma once

#include "actors/messages.hpp"
#include "test/storm/routes.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::storm {

/// How a target answered ws.join.
enum class verdict : std::uint8_t { open, accepted, refused };

/// One stay of a connection at a target, from ws.join to ws.leave.
struct stay {
  caf::actor_id target = 0;
  verdict answer = verdict::open;
  std::uint64_t first = 0; // seq of the first and last message, 0 = none
  std::uint64_t last = 0;
  bool left = false;
  bool lost = false; // the target ended first, with what its mailbox held
  std::set<std::uint64_t> again{}; // seqs that were redelivered
  std::chrono::steady_clock::time_point joined_at{};
  std::chrono::steady_clock::time_point ended_at{}; // where it is lost

  /// Returns whether what it was sent may have got lost.
  bool may_lack() const { return lost && answer == verdict::accepted; }

  /// Returns whether a leave has to come yet. Who refused may get one, when the
  /// refusal came too late.
  bool lacks_leave() const {
    return !left && !lost && answer != verdict::refused;
  }
};

/// Collects from every thread; what is wrong is counted, the first reports are
/// kept.
class record {
public:
  void joined(caf::actor_id client, caf::actor_id target);
  void answered(caf::actor_id client, caf::actor_id target, verdict answer);
  /// `text` is the payload, which begins with "SERIAL:NUMBER:".
  void got_message(caf::actor_id client, caf::actor_id target,
                   std::uint64_t seq, std::string_view text);
  /// The same with `redelivered`: another target was sent it before.
  void got_again(caf::actor_id client, caf::actor_id target, std::uint64_t seq,
                 std::string_view text);
  /// A target is about to answer a message: nobody may get it again.
  void handled(caf::actor_id client, std::uint64_t seq);
  void got_heartbeat(caf::actor_id client, caf::actor_id target);
  /// A ws_overflow or ws_drained.
  void got_report(caf::actor_id client, caf::actor_id target);
  void got_leave(caf::actor_id client, caf::actor_id target,
                 leave_reason reason, std::uint64_t last_seq);
  void target_ended(caf::actor_id target);
  void watched(caf::actor_id client);
  void went_down(caf::actor_id client);

  /// What a client does: connect by a route, which may be in vain, and close
  /// behind so many messages.
  void opened(std::uint64_t serial, const route& where);
  void refused(std::uint64_t serial);
  void closes(std::uint64_t serial, std::uint64_t sent);

  void violation(std::string what);

  /// Returns how many watched connections have not been reported down yet.
  std::size_t missing_downs() const;

  /// Returns how many joins have neither been refused nor seen their leave,
  /// though their target lives.
  std::size_t open_stays() const;

  /// Checks every connection, once all of them have ended and the targets have
  /// handled their mailboxes.
  void check();

  /// Frees what is known of connections, once they are checked.
  void forget();

  std::size_t violations() const;
  std::vector<std::string> reports() const;
  std::string summary() const;

private:
  struct connection {
    std::uint64_t serial = 0; // of the client, from the first payload
    std::vector<stay> stays;  // in the order of their joins
    bool watched = false;
    unsigned downs = 0;
    std::set<std::uint64_t> handled{}; // seqs, where the route redelivers
    bool closed_by_client = false;     // says a leave
  };

  struct client_facts {
    const route* where = nullptr;
    std::optional<std::uint64_t> sent{}; // when it closed
  };

  stay* last_stay(caf::actor_id client, caf::actor_id target);
  void report(caf::actor_id client, caf::actor_id target,
              const std::string& what);
  void add(std::string what);
  void check_payload(caf::actor_id client, caf::actor_id target,
                     std::uint64_t seq, std::string_view text);
  void check_stays(caf::actor_id client, const connection& value);
  void check_order(caf::actor_id client, const connection& value);
  void check_owner(caf::actor_id client, caf::actor_id target,
                   std::string_view what);
  void check_client(caf::actor_id client, const connection& value);
  void check_whole(caf::actor_id client, const connection& value);
  void check_end(caf::actor_id client, const connection& value,
                 std::uint64_t sent);

  mutable std::mutex mutex_;
  std::map<caf::actor_id, connection> connections_;
  std::map<caf::actor_id, std::set<caf::actor_id>> clients_of_; // by target
  std::map<std::uint64_t, client_facts> clients_;               // by serial
  std::vector<std::string> reports_;
  std::size_t violations_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t heartbeats_ = 0;
  std::uint64_t lost_targets_ = 0;
  std::uint64_t redelivered_ = 0;
  std::map<leave_reason, std::uint64_t> leaves_;
};

} // namespace wsrelay::storm
