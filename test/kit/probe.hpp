// A target that records what it hears, and misbehaves when it is told to.
#pragma once

#include "actors/messages.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace wsrelay::test {

class test_node;

/// A recording target actor; it ends with this object. What it is told to do
/// happens with `test_node::run`.
class probe {
public:
  explicit probe(test_node& node);
  ~probe();

  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;

  const caf::actor& actor() const noexcept { return actor_; }
  operator const caf::actor&() const noexcept { return actor_; }

  /// Every message, in order and one per line: "join {}", "message 1 hi" (with
  /// its seq), "message 1 hi again" (redelivered), "heartbeat 5" (messages so
  /// far), "leave closed 1000 last=1", "refused command", "overflow 1 9"
  /// (dropped, queued), "drained 1" (dropped).
  const std::vector<std::string>& log() const noexcept;

  /// The same by type.
  const std::vector<ws_join>& joins() const noexcept;
  const std::vector<ws_message>& messages() const noexcept;
  const std::vector<ws_heartbeat>& heartbeats() const noexcept;
  const std::vector<ws_leave>& leaves() const noexcept;
  const std::vector<ws_refused>& refusals() const noexcept;
  const std::vector<ws_overflow>& overflows() const noexcept;
  const std::vector<ws_drained>& drains() const noexcept;

  /// Forgets what came so far.
  void clear();

  /// Answers ws.join from now on: normally, with an error, or not at all until
  /// `release`.
  void accept_joins();
  void refuse_joins(caf::error why);
  void hold_joins();

  /// Leaves messages and heartbeats unanswered until `release`.
  void hold();

  /// Answers everything that is held; new messages are answered at once.
  void release();

  /// Ends: normally, or with an exit reason. `crash`: by an exception.
  void end(caf::error reason = {});
  void crash();

private:
  struct record;

  std::shared_ptr<record> record_;
  caf::actor actor_;
};

} // namespace wsrelay::test
