// The lines of a probe's log, and what a test expects of them.
#include "actors/ending.hpp"
#include "actors/pid_text.hpp"
#include "test/kit/json_difference.hpp"
#include "test/kit/print.hpp"
#include "test/kit/probe_record.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay::test {

namespace {

constexpr std::size_t max_shown_lines = 5;

} // namespace

std::string probe::record::to_line(const ws_join& x) {
  return "join " + std::string{x.metadata.view()};
}

std::string probe::record::to_line(const ws_message& x) {
  return "message " + std::to_string(x.seq) + " " + std::string{x.data.view()}
         + (x.redelivered ? " again" : "");
}

std::string probe::record::to_line(const ws_heartbeat& x) {
  return "heartbeat " + std::to_string(x.message_count);
}

std::string probe::record::to_line(const ws_leave& x) {
  return "leave " + std::string{to_text(x.reason)} + " "
         + std::to_string(x.code) + " last=" + std::to_string(x.last_seq);
}

std::string probe::record::to_line(const ws_refused& x) {
  return "refused " + x.reason;
}

std::string probe::record::to_line(const ws_overflow& x) {
  return "overflow " + std::to_string(x.dropped) + " "
         + std::to_string(x.queued);
}

std::string probe::record::to_line(const ws_drained& x) {
  return "drained " + std::to_string(x.dropped);
}

void probe::run() const {
  if (auto runner = runner_.lock())
    (*runner)();
}

std::string probe::what_waits() const {
  std::string result;
  auto& log = record_->log;
  auto end = std::min(log.size(), record_->taken + max_shown_lines);
  for (auto i = record_->taken; i < end; ++i)
    result += "\n  waits: " + shown_text(log[i]);
  if (end < log.size())
    result += "\n  and " + std::to_string(log.size() - end) + " more";
  return result;
}

void probe::complain(const std::string& expected, const std::string& found,
                     source_line where) const {
  fail(name_ + " (" + pid_text(actor_.id(), actor_.node()) + "): expected "
           + expected + found + what_waits(),
       where);
}

// Takes the next line; has failed when there is none.
bool probe::is_there(const std::string& expected, source_line where) {
  if (record_->taken == record_->log.size())
    run();
  if (record_->taken < record_->log.size()) {
    ++record_->taken;
    return true;
  }
  complain(expected, "\n  nothing came", where);
  return false;
}

void probe::expect(std::string_view line, source_line where) {
  auto expected = shown_text(line);
  if (!is_there(expected, where))
    return;
  auto& came = record_->log[record_->taken - 1];
  if (came != line)
    complain(expected, "\n  came instead: " + shown_text(came), where);
}

// Null when it is not of this type, or not there, which has failed then.
template <class T>
const T* probe::next(const std::vector<T>& all, const std::string& expected,
                     source_line where) {
  if (!is_there(expected, where))
    return nullptr;
  auto& line = record_->log[record_->taken - 1];
  auto at = record_->places[record_->taken - 1];
  if (at < all.size() && record::to_line(all[at]) == line)
    return &all[at];
  complain(expected, "\n  came instead: " + shown_text(line), where);
  return nullptr;
}

void probe::expect_join(source_line where) {
  next(record_->joins, "a join", where);
}

void probe::expect_join(std::string_view metadata, source_line where) {
  auto expected = "a join " + std::string{metadata};
  auto* join = next(record_->joins, expected, where);
  if (!join)
    return;
  if (auto difference = json_difference(metadata, join->metadata.view()))
    complain(expected,
             "\n  came instead: " + printed(*join) + "\n" + *difference, where);
}

void probe::expect_message(std::string_view data, source_line where) {
  auto expected = "a message " + shown_text(data);
  auto* message = next(record_->messages, expected, where);
  if (message && message->data.view() != data)
    complain(expected, "\n  came instead: " + printed(*message), where);
}

void probe::expect_leave(leave_reason reason, source_line where) {
  auto expected = "a leave: " + printed(reason);
  auto* leave = next(record_->leaves, expected, where);
  if (leave && leave->reason != reason)
    complain(expected, "\n  came instead: " + printed(*leave), where);
}

void probe::expect_leave(leave_reason reason, std::uint16_t code,
                         source_line where) {
  auto expected = "a leave: " + printed(reason) + " " + std::to_string(code);
  auto* leave = next(record_->leaves, expected, where);
  if (leave && (leave->reason != reason || leave->code != code))
    complain(expected, "\n  came instead: " + printed(*leave), where);
}

void probe::expect_nothing(source_line where) {
  run();
  if (record_->taken < record_->log.size())
    complain("nothing", "", where);
}

} // namespace wsrelay::test
