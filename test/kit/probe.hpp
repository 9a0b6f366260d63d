// A target that records what it hears, and misbehaves when it is told to.
#pragma once

#include "actors/messages.hpp"
#include "test/kit/expectation.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

class test_node;

/// A recording target actor; it ends with this object. What it is told to do
/// happens with `test_node::run`.
///
/// What it is expected to hear fails as expectation.hpp tells. Each takes the
/// next message that none has taken, and lets the node run for it only if there
/// is none yet. Nothing is removed from the records by it.
class probe {
public:
  /// `name` stands in texts of failures.
  explicit probe(test_node& node, std::string name = "probe");
  ~probe();

  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;

  const caf::actor& actor() const noexcept { return actor_; }
  operator const caf::actor&() const noexcept { return actor_; }

  /// The next message makes this line of the log.
  void expect(std::string_view line, source_line where = source_line::here());

  /// The next one is a join, with this metadata, compared as JSON, if it is
  /// given.
  void expect_join(source_line where = source_line::here());
  void expect_join(std::string_view metadata,
                   source_line where = source_line::here());

  /// The next one is a message of this data.
  void expect_message(std::string_view data,
                      source_line where = source_line::here());

  /// The next one is a leave for this reason, with this code if it is given.
  void expect_leave(leave_reason reason,
                    source_line where = source_line::here());
  void expect_leave(leave_reason reason, std::uint16_t code,
                    source_line where = source_line::here());

  /// No message waits to be taken, also when nothing is left to do. Runs.
  void expect_nothing(source_line where = source_line::here());

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

  /// Answers ws.join from now on, as it was told last: normally, with an error,
  /// or not at all until `release`.
  void accept_joins();
  void refuse_joins(caf::error why);
  void hold_joins();

  /// Leaves messages and heartbeats unanswered until `release`.
  void hold();

  /// Answers everything that is held; new messages are answered at once, joins
  /// too, unless they are to be refused.
  void release();

  /// Ends: normally, or with an exit reason. `crash`: by an exception.
  void end(caf::error reason = {});
  void crash();

private:
  struct record;
  template <class T>
  const T* next(const std::vector<T>& all, const std::string& expected,
                source_line where);
  bool is_there(const std::string& expected, source_line where);
  void complain(const std::string& expected, const std::string& found,
                source_line where) const;
  void run() const;
  std::string what_waits() const;

  std::string name_;
  weak_runner runner_;
  std::shared_ptr<record> record_;
  caf::actor actor_;
};

} // namespace wsrelay::test
