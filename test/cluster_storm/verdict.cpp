// Reading the journals, and the rules.
#include "test/cluster_storm/verdict.hpp"

#include "test/cluster_storm/fates.hpp"
#include "test/cluster_storm/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace wsrelay::cluster_storm {

namespace {

using std::chrono::duration_cast;

class court {
public:
  explicit court(const evidence& all) : all_{all} {
    for (auto& label : all.labels)
      read(label);
  }

  judgement decide() {
    for (auto& [serial, found] : stays_)
      if (!by_serial_.count(serial))
        violation("connection {}: nobody opened it", serial);
    for (auto& each : all_.clients)
      judge_client(each, stays_[each.serial]);
    judge_moves();
    return std::move(result_);
  }

private:
  template <class... Ts>
  void violation(fmt::format_string<Ts...> format, const Ts&... values) {
    result_.violations.push_back(
        fmt::vformat(format, fmt::make_format_args(values...)));
  }

  bool killed(const std::string& label) const {
    return all_.kills.count(label) > 0;
  }

  // -- journals ---------------------------------------------------------------

  void read(const std::string& label) {
    std::ifstream lines{fmt::format("{}/{}.log", all_.folder, label)};
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words{line};
      char kind = 0;
      std::string target;
      std::uint64_t epoch = 0;
      std::uint64_t serial = 0;
      if (words >> kind >> target >> epoch >> serial)
        read_event(label, fmt::format("{}/{} {}", label, target, epoch), serial,
                   static_cast<event>(kind), words);
      else
        violation("journal {}: {}", label, line);
    }
  }

  void read_event(const std::string& label, const std::string& key,
                  std::uint64_t serial, event kind, std::istream& more) {
    auto& at = stays_[serial][key];
    at.label = label;
    std::uint64_t number = 0;
    std::string text;
    switch (kind) {
      case event::joined:
        at.joined = true;
        ++result_.stays;
        break;
      case event::refused:
        at.refused = true;
        break;
      case event::ignored:
        at.ignored = true;
        break;
      case event::message:
        return read_message(key, serial, at, more);
      case event::left:
        more >> at.reason >> at.last_seq;
        // A connection that ends while the refusal is on its way says so.
        if (key.ends_with("/picky 0"))
          break;
        if (++at.leaves > 1)
          violation("connection {}: left {} twice", serial, key);
        break;
      case event::sent:
        more >> at.sent;
        ++result_.replies;
        break;
      case event::taken:
        more >> number;
        at.taken = std::max(at.taken, number);
        break;
      case event::dropped:
        std::getline(more, text);
        at.drops.push_back(text);
        break;
      case event::move_asked:
        more >> number;
        asked_[number] = label;
        break;
      case event::move_answered:
        more >> number >> std::ws;
        std::getline(more, text);
        if (!answers_.emplace(number, text).second)
          violation("transfer {}: answered twice", number);
        break;
      default:
        violation("journal {}: unknown event", label);
    }
  }

  void read_message(const std::string& key, std::uint64_t serial, stay& at,
                    std::istream& more) {
    std::uint64_t seq = 0;
    std::uint64_t number = 0;
    std::string again;
    more >> seq >> number >> again;
    ++result_.messages;
    if (!at.joined)
      violation("connection {}: message {} to {} without a join", serial, seq,
                key);
    if (at.leaves > 0)
      violation("connection {}: message {} to {} after the leave", serial, seq,
                key);
    if (seq != number)
      violation("connection {}: {} got number {} as seq {}", serial, key,
                number, seq);
    if (!again.empty()) {
      ++result_.redelivered;
      return at.again.push_back(seq);
    }
    if (!at.seqs.empty() && seq != at.seqs.back() + 1)
      violation("connection {}: {} got seq {} after {}", serial, key, seq,
                at.seqs.back());
    at.seqs.push_back(seq);
  }

  // -- connections ------------------------------------------------------------

  void judge_client(const client_record& who, const stays& found) {
    for (auto& text : who.violations)
      violation("connection {}: {}", who.serial, text);
    for (auto& [key, at] : found)
      judge_stay(who, key, at);
    if (!who.upgraded)
      return;
    if (all_.parks) {
      judge_parked(who, found);
    } else {
      judge_messages(who, found);
      judge_close(who, found);
    }
    for (auto& [key, count] : who.received)
      if (auto at = found.find(key);
          at == found.end() || count > at->second.sent)
        violation("connection {}: got message {} that {} did not send",
                  who.serial, count, key);
  }

  void judge_stay(const client_record& who, const std::string& key,
                  const stay& at) {
    auto wants_leave = at.joined || at.ignored;
    if (at.leaves > 0 && !wants_leave)
      violation("connection {}: left {} without a join", who.serial, key);
    judge_last_seq(who, key, at);
    auto got = who.received.find(key);
    auto count = got == who.received.end() ? 0 : got->second;
    if (at.taken > count)
      violation("connection {}: {} was told that {} is sent, {} came",
                who.serial, key, at.taken, count);
    if (killed(at.label))
      return;
    if (wants_leave && at.leaves == 0)
      violation("connection {}: never left {}", who.serial, key);
    if (!who.closes)
      return;
    if (count != at.sent)
      violation("connection {}: {} of the {} messages of {} came", who.serial,
                count, at.sent, key);
    for (auto& drop : at.drops)
      violation("connection {}: {} could not send {}", who.serial, key, drop);
  }

  // Behind what was redelivered it may be one that somebody before has handled.
  void judge_last_seq(const client_record& who, const std::string& key,
                      const stay& at) {
    auto last = at.seqs.empty() ? 0 : at.seqs.back();
    for (auto seq : at.again)
      last = std::max(last, seq);
    auto is_good = at.again.empty() ? at.last_seq == last : at.last_seq >= last;
    if (at.leaves > 0 && !is_good)
      violation("connection {}: last_seq {} at {} instead of {}", who.serial,
                at.last_seq, key, last);
  }

  void judge_parked(const client_record& who, const stays& found) {
    auto its = judge_fates(all_, who, found);
    for (auto& text : its.violations)
      violation("connection {}{}: {}", who.serial,
                who.redelivers ? " (redelivers)" : "", text);
    result_.excused += its.excused;
    result_.lost += its.is_lost;
    result_.in_vain += its.waited_in_vain;
    result_.parked += who.parked;
    result_.resumed += who.resumed;
    result_.slowest_close = std::max(result_.slowest_close, its.close_time);
  }

  // Each number has one owner. Those at the end may be with a killed one, or on
  // their way, if the connection was closed.
  void judge_messages(const client_record& who, const stays& found) {
    std::map<std::uint64_t, const std::string*> owners;
    auto any_killed = false;
    for (auto& [key, at] : found) {
      any_killed |= killed(at.label);
      for (auto seq : at.seqs)
        if (auto [had, first] = owners.emplace(seq, &key); !first)
          violation("connection {}: {} is with {} and with {}", who.serial, seq,
                    *had->second, key);
    }
    // A connection that has moved on closes when it hears that a former owner
    // was killed with some of its messages.
    auto may_miss = !who.closes && any_killed;
    std::uint64_t next = 1;
    for (auto& [seq, key] : owners) {
      if (seq != next && may_miss)
        result_.excused += seq - next;
      else if (seq != next)
        violation("connection {}: {} to {} are lost, {} is with {}", who.serial,
                  next, seq - 1, seq, *key);
      next = seq + 1;
    }
    if (who.closes && next != who.sent + 1)
      violation("connection {}: {} to {} are lost", who.serial, next, who.sent);
    if (!who.closes)
      result_.excused += who.sent + 1 - next;
  }

  void judge_close(const client_record& who, const stays& found) {
    if (who.closes) {
      if (who.close_code != 1000)
        violation("connection {}: its close was answered with {}", who.serial,
                  who.close_code);
      return;
    }
    if (who.close_code != 1011)
      return violation("connection {}: closed with {}", who.serial,
                       who.close_code);
    ++result_.lost;
    // The owner, or a former one that did not confirm its leave, was killed.
    const steady::time_point* cause = nullptr;
    auto any = false;
    for (auto& [key, at] : found) {
      any |= at.joined;
      if (auto kills = all_.kills.find(at.label);
          at.joined && kills != all_.kills.end())
        for (auto& kill : kills->second)
          if (kill <= who.closed_at && (!cause || *cause < kill))
            cause = &kill;
    }
    // One that was killed while it was asked first writes nothing.
    if (!any && who.first_target.ends_with("@app2"))
      return;
    if (!cause)
      return violation("connection {}: closed with 1011 for no reason",
                       who.serial);
    auto took = duration_cast<milliseconds>(who.closed_at - *cause);
    result_.slowest_close = std::max(result_.slowest_close, took);
    if (took > detection_limit)
      violation("connection {}: closed {} ms after its node was killed",
                who.serial, took.count());
  }

  // -- transfers --------------------------------------------------------------

  void judge_moves() {
    for (auto& [id, what] : all_.moves)
      judge_move(id, what);
    for (auto& [id, label] : asked_)
      if (!answers_.count(id) && !killed(label))
        violation("transfer {}: {} got no answer", id, label);
  }

  void judge_move(std::uint64_t id, const move_record& what) {
    auto answer = what.answer;
    if (what.how > manner::by_stale_handle) {
      auto found = answers_.find(id);
      answer = found == answers_.end() ? "" : found->second;
    } else {
      if (what.answers != 1)
        violation("transfer {}: {} answers", id, what.answers);
      auto took = duration_cast<milliseconds>(what.answered - what.asked);
      if (took > result_.slowest_answer) {
        result_.slowest_answer = took;
        result_.slowest_move = fmt::format("{}: {}", what.where, answer);
      }
      if (took > answer_limit)
        violation("transfer {}: answered after {} ms", id, took.count());
    }
    ++result_.answers[kind_of(answer)];
    if (answer.empty())
      return; // it did not reach its target, or that was killed
    if (has_parted(id, answer))
      return;
    auto& client = all_.clients.at(by_serial_.at(what.serial));
    if (answer == "ok" && what.expected == outcome::fails)
      violation("transfer {} of {} to {}: ok", id, what.serial, what.where);
    if (answer != "ok" && what.expected == outcome::moves && client.closes)
      violation("transfer {} of {} to {}: {}", id, what.serial, what.where,
                answer);
    if (client.closes && answer.find("timeout") != answer.npos)
      violation("transfer {} of {} to {}: {}", id, what.serial, what.where,
                answer);
  }

  // Who asked was stopped: its node had said goodbye, and heard no more.
  bool has_parted(std::uint64_t id, const std::string& answer) const {
    auto who = asked_.find(id);
    return who != asked_.end() && all_.stopped.count(who->second) > 0
           && answer == "request_receiver_down";
  }

  // Without the text that differs.
  static std::string kind_of(const std::string& answer) {
    if (answer.empty())
      return "none";
    return answer.substr(0, answer.find_first_of(":( ", 11));
  }

  std::map<std::uint64_t, std::size_t> index() const {
    std::map<std::uint64_t, std::size_t> result;
    for (std::size_t i = 0; i < all_.clients.size(); ++i)
      result[all_.clients[i].serial] = i;
    return result;
  }

  const evidence& all_;
  judgement result_;
  std::map<std::uint64_t, std::size_t> by_serial_ = index();
  std::map<std::uint64_t, stays> stays_;       // by serial
  std::map<std::uint64_t, std::string> asked_; // by targets: their labels
  std::map<std::uint64_t, std::string> answers_;
};

} // namespace

judgement judge(const evidence& all) {
  return court{all}.decide();
}

} // namespace wsrelay::cluster_storm
