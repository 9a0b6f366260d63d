// Who owns what a client sends: exactly one target at a time, whose window
// slows the client, and for a while those that owned it before.
#pragma once

#include "actors/ending.hpp"
#include "actors/send_window.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <algorithm>
#include <cstdint>
#include <forward_list>

namespace wsrelay {

/// The owner of a connection and the numbers of its messages. Knows handles and
/// no actor of its own: who watches and tells the targets is not decided here.
///
/// What is under way to an owner when its node is lost is lost with it, also
/// when the connection has moved on: a former owner is kept until it is known
/// to have got everything.
class ownership {
public:
  /// A target that owned the connection in its `epoch`.
  struct former_owner {
    std::uint64_t epoch;
    caf::actor target;
    bool owes; // it had not answered everything when it parted
  };

  explicit ownership(const send_window& window) noexcept : window_{window} {}

  /// Returns the owner: null while binding, and when it ended in a transfer.
  const caf::actor& owner() const noexcept { return owner_; }

  /// Returns how many owners there have been, 0 while binding.
  std::uint64_t epoch() const noexcept { return epoch_; }

  /// Returns the client's messages so far, and their bytes.
  std::uint64_t seq() const noexcept { return window_.sent().seq; }
  std::uint64_t bytes() const noexcept { return window_.sent().bytes; }

  /// Returns the last `seq` that was the owner's, 0 for none.
  std::uint64_t last_owned_seq() const noexcept {
    return seq() >= owned_from_ ? seq() : owned_again_;
  }

  /// Returns the window of the owner; its messages count there.
  send_window& window() noexcept { return window_; }
  const send_window& window() const noexcept { return window_; }

  /// An owner answered what it got up to `until`; a former one's answer counts
  /// for nothing.
  void on_answer(std::uint64_t epoch, const send_window::mark& until) noexcept;

  /// What the owner was sent up to `until` came back: it has ended, or its
  /// node.
  void on_return(std::uint64_t epoch, const send_window::mark& until) noexcept;

  /// `next` owns what comes from now on. The owner before is a former one.
  void take_over(caf::actor next);

  /// The owner ended in the way of `how`, and a transfer is under way: nobody
  /// owns what comes, or the connection ends like this.
  void lose(end_cause how) noexcept;

  /// The owner is a former one, and there is no other yet; `how` as in `lose`.
  void part(end_cause how);

  /// The owner gets a message again that another one had before.
  void on_again(std::uint64_t seq) noexcept {
    owned_again_ = std::max(owned_again_, seq);
  }

  /// Returns how the last owner ended that was lost.
  end_cause lost_how() const noexcept { return lost_how_; }

  /// Everything is told, or will be: nobody owns anything.
  void clear() noexcept;

  /// The last one first.
  const std::forward_list<former_owner>& former() const noexcept {
    return former_;
  }

  /// Forgets a former owner. Returns it, or null.
  caf::actor forget(std::uint64_t epoch);

  /// Forgets all that `who` has been. Returns whether it owed something.
  bool forget(const caf::actor_addr& who);

  /// Returns whether `who` is the owner or a former one.
  bool knows(const caf::actor& who) const noexcept;

private:
  void step_back();

  caf::actor owner_;
  std::uint64_t epoch_ = 0;
  std::uint64_t owned_from_ = 1;  // first seq of the owner
  std::uint64_t owned_again_ = 0; // last one of before that it got, 0 = none
  end_cause lost_how_ = end_cause::target_normal;
  std::forward_list<former_owner> former_; // have not answered their leave
  send_window window_;
};

} // namespace wsrelay
