// The rules of parking.
#include "test/cluster_storm/fates.hpp"

#include "test/cluster_storm/node_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace wsrelay::cluster_storm {

namespace {

using std::chrono::duration_cast;

// The client sees both ends of the time, each as late as this program is.
constexpr milliseconds park_slack{1'500};

// After the end of a target: noticed, a transfer that was under way has failed,
// and the time of parking is over.
constexpr auto close_limit =
    detection_limit + milliseconds{1'000} + park_time + park_slack;

class fate_court {
public:
  fate_court(const evidence& all, const client_record& who, const stays& found)
      : all_{all}, who_{who}, found_{found} {}

  fates decide() {
    for (auto& [key, at] : found_)
      count(key, at);
    for (auto& [number, what] : copies_)
      judge_copies(number, what);
    judge_missing();
    if (!who_.closes)
      judge_close();
    else if (who_.close_code != 1000)
      violation("its close was answered with {}", who_.close_code);
    return std::move(result_);
  }

private:
  // Of one message.
  struct copies {
    std::vector<std::string> first; // where it came without `redelivered`
    std::vector<std::string> again;
    std::vector<std::string> living; // where nobody was killed or stopped
  };

  template <class... Ts>
  void violation(fmt::format_string<Ts...> format, const Ts&... values) {
    result_.violations.push_back(
        fmt::vformat(format, fmt::make_format_args(values...)));
  }

  bool has_ended(const stay& at) const {
    return all_.kills.count(at.label) > 0;
  }

  bool was_stopped(const stay& at) const {
    return all_.stopped.count(at.label) > 0;
  }

  // -- messages ---------------------------------------------------------------

  void count(const std::string& key, const stay& at) {
    auto add = [&](std::uint64_t number, bool again) {
      auto& what = copies_[number];
      (again ? what.again : what.first).push_back(key);
      if (!has_ended(at))
        what.living.push_back(key);
    };
    for (auto number : at.seqs)
      add(number, false);
    std::set<std::uint64_t> redelivered;
    for (auto number : at.again) {
      add(number, true);
      if (!redelivered.insert(number).second)
        violation("{} is redelivered twice to {}", number, key);
    }
  }

  void judge_copies(std::uint64_t number, const copies& what) {
    if (number == 0 || number > who_.sent)
      violation("{} came, {} were sent", number, who_.sent);
    if (what.first.size() > 1)
      violation("{} is with {} and with {}, not redelivered", number,
                what.first[0], what.first[1]);
    if (what.living.size() > 1)
      violation("{} is with {} and with {}, which have not ended", number,
                what.living[0], what.living[1]);
    if (!what.again.empty() && !who_.redelivers)
      violation("{} is redelivered to {}, its route does not do that", number,
                what.again[0]);
  }

  // Before the last one that came, and behind it.
  void judge_missing() {
    auto last = copies_.empty() ? 0 : copies_.rbegin()->first;
    for (std::uint64_t number = 1; number <= who_.sent; ++number)
      if (copies_.count(number) > 0)
        continue;
      else if (may_miss(number < last))
        ++result_.excused;
      else
        violation("{} is lost, {} were sent, the last one that came is {}",
                  number, who_.sent, last);
  }

  bool may_miss(bool is_between) const {
    auto any = [this](auto has) {
      return std::any_of(found_.begin(), found_.end(),
                         [&](auto& each) { return has(each.second); });
    };
    // What its mailbox held when it ended is its affair.
    if (!who_.redelivers && any([this](const stay& at) {
          return at.joined && at.leaves == 0 && was_stopped(at);
        }))
      return true;
    if (who_.closes)
      return false;
    return !is_between || any([this](const stay& at) { return has_ended(at); });
  }

  // -- the close --------------------------------------------------------------

  void judge_close() {
    result_.is_lost = true;
    if (who_.close_code != 1011 && who_.close_code != 1001)
      return violation("closed with {}", who_.close_code);
    auto cause = last_cause(who_.close_code == 1001);
    if (cause)
      judge_time(*cause);
    else if (has_joined() || !who_.first_target.ends_with("@app2"))
      violation("closed with {} for no reason", who_.close_code);
    judge_parking();
  }

  bool has_joined() const {
    return std::any_of(found_.begin(), found_.end(),
                       [](auto& each) { return each.second.joined; });
  }

  // When somebody was last killed or stopped who had it.
  const steady::time_point* last_cause(bool only_stopped) const {
    const steady::time_point* result = nullptr;
    for (auto& [key, at] : found_) {
      auto ends = all_.kills.find(at.label);
      if (ends == all_.kills.end() || (only_stopped && !was_stopped(at)))
        continue;
      for (auto& each : ends->second)
        if (each <= who_.closed_at && (!result || *result < each))
          result = &each;
    }
    return result;
  }

  void judge_time(steady::time_point cause) {
    result_.close_time = duration_cast<milliseconds>(who_.closed_at - cause);
    if (result_.close_time > close_limit)
      violation("closed with {}, {} ms after its node ended", who_.close_code,
                result_.close_time.count());
  }

  // Where messages are redelivered nothing but the end of its time, or of a
  // first target that never had it, closes a connection.
  void judge_parking() {
    if (who_.is_parked()) {
      result_.waited_in_vain = true;
      auto time = duration_cast<milliseconds>(who_.closed_at - who_.parked_at);
      auto too_soon = who_.redelivers && time < park_time - park_slack / 3;
      if (too_soon || time > park_time + park_slack)
        violation("closed with {}, parked for {} ms of {}", who_.close_code,
                  time.count(), park_time.count());
    } else if (who_.redelivers && !copies_.empty()) {
      violation("closed with {}, and was not parked", who_.close_code);
    }
  }

  const evidence& all_;
  const client_record& who_;
  const stays& found_;
  std::map<std::uint64_t, copies> copies_; // by number
  fates result_;
};

} // namespace

fates judge_fates(const evidence& all, const client_record& who,
                  const stays& found) {
  return fate_court{all, who, found}.decide();
}

} // namespace wsrelay::cluster_storm
