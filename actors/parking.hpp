// What a connection keeps for the next target: messages of its client that no
// target is known to have handled. No actor, sends nothing.
#pragma once

#include "actors/ending.hpp"
#include "actors/frame_port.hpp"
#include "actors/messages.hpp"
#include "actors/parking_lot.hpp"
#include "config/relay_options.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// A message of the client.
struct kept_message {
  std::uint64_t seq; // 0 = it has none yet
  message_type type;
  shared_buffer data;
  std::uint64_t epoch = 0; // of the owner that it was sent to
  std::uint8_t again = 0;  // how often it was sent again
  bool owed = false;       // that one has ended
};

/// Returns the name under which the successor of a target can be found that was
/// written like this: "" for a PID.
std::string successor_name(std::string_view target);

/// Returns the word of `wsrelay.park.endings` for how a target ended; "" for
/// what is none of them.
std::string_view park_word(end_cause cause) noexcept;

/// Of a connection whose route parks. It is parked from `begin` to `end`.
class parking {
public:
  /// `name`: whoever has it next is the successor; "" = only a control names
  /// one. Without a `lot` it is counted nowhere.
  parking(std::shared_ptr<const parking_options> options,
          std::shared_ptr<parking_lot> lot, std::string name);

  const parking_options& options() const noexcept { return *options_; }
  const std::string& name() const noexcept { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  /// Returns whether a connection waits after this end of its target.
  bool covers(end_cause cause) const noexcept;

  // what is under way; its data is kept where the route redelivers

  void on_sent(std::uint64_t epoch, std::uint64_t seq, message_type type,
               const shared_buffer& data, std::uint8_t again = 0);
  void on_answered(std::uint64_t seq) noexcept;

  /// What the owner of an epoch has got is counted with what it gets in
  /// another.
  void merge(std::uint64_t epoch, std::uint64_t into) noexcept;

  /// The owner of this epoch has handled everything.
  void on_parted(std::uint64_t epoch) noexcept;

  /// It has ended: what it has not answered is the next one's where the route
  /// redelivers, else it is lost. Returns how many these are.
  std::size_t owe(std::uint64_t epoch) noexcept;

  /// Returns how many that were, since the last `end`.
  std::size_t unanswered() const noexcept { return unanswered_; }

  /// Returns whether it has not answered something that those before did not
  /// answer either: the one before where it has crashed, more of them where it
  /// has ended in another way.
  bool failed_again(std::uint64_t epoch, end_cause cause) const noexcept;

  /// Takes what is owed, in order.
  std::vector<kept_message> take_owed();

  // while it is parked

  /// The owner has ended in the way of `how`.
  void begin(end_cause how, time_point now, const caf::actor& client);
  void end();

  /// Its time is over, or it has to go for another one: a word for the log.
  void set_fate(std::string_view word) noexcept { fate_ = word; }
  std::string_view fate() const noexcept { return fate_; }

  bool is_parked() const noexcept { return over_at_ != time_point::max(); }
  end_cause how() const noexcept { return how_; }
  std::uint64_t place() const noexcept { return place_.number(); }

  /// Returns whether more of the client may be read.
  bool has_room() const noexcept {
    return held_.size() < options_->messages && held_bytes_ < options_->bytes;
  }

  void hold(message_type type, shared_buffer data);

  /// Returns how many messages wait for a successor.
  std::size_t waiting() const noexcept;

  /// Returns how many nobody gets if it ends now: these, and what was not
  /// answered and is not sent again.
  std::size_t left() const noexcept {
    return waiting() + (options_->redeliver ? 0 : unanswered_);
  }

  /// Takes what was held, in order.
  std::vector<kept_message> take_held();

  /// Takes the place in the lot.
  parked_place take_place() { return std::move(place_); }

  /// Returns when its time is over, and when to look for a successor again.
  time_point over_at() const noexcept { return over_at_; }
  time_point search_at() const noexcept { return search_at_; }
  time_point due() const noexcept { return std::min(over_at_, search_at_); }

  /// The owner of this epoch has still to say that it has handled everything:
  /// nobody is looked for before, but at `until`.
  void await_parting(std::uint64_t epoch, time_point until) noexcept {
    search_at_ = until;
    parting_ = epoch;
  }

  /// It has, or has ended. Returns whether that was awaited.
  bool end_parting(std::uint64_t epoch) noexcept {
    return is_parked() && parting_ == epoch
           && std::exchange(parting_, no_epoch) == epoch;
  }

  /// Begins a look-up, and returns its number: an answer to another one is too
  /// late.
  std::uint64_t begin_search() noexcept;
  bool searches(std::uint64_t number) const noexcept {
    return is_parked() && number == search_;
  }

  /// It has an answer.
  void end_search() noexcept { searches_ = false; }

  /// The one that was found does not take the connection: another look-up in a
  /// while, which gets longer.
  void put_search_off(time_point now) noexcept;

  /// A control is under way, or has come to nothing: another look-up soon,
  /// unless there is one.
  void search_soon(time_point now) noexcept;

private:
  static constexpr auto no_epoch = ~std::uint64_t{0};

  std::shared_ptr<const parking_options> options_;
  std::shared_ptr<parking_lot> lot_;
  std::string name_;
  std::vector<kept_message> sent_; // unanswered
  std::vector<kept_message> held_;
  std::size_t held_bytes_ = 0;
  std::size_t unanswered_ = 0;
  parked_place place_;
  end_cause how_ = end_cause::target_normal;
  time_point over_at_ = time_point::max();
  time_point search_at_ = time_point::max();
  milliseconds pause_{0};
  std::uint64_t search_ = 0;
  bool searches_ = false;
  std::uint64_t parting_ = no_epoch; // awaited
  std::string_view fate_ = "ended";
};

} // namespace wsrelay
