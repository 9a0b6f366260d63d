// The parked connections of a service: how many there may be, and who goes when
// there are more.
#pragma once

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace wsrelay {

/// Counts connections whose target has ended, and what was read from their
/// clients since. Beyond its limits the one that is there for the longest time
/// gets a `connection_unpark`. Any thread.
class parking_lot {
public:
  /// `successors` finds who takes a name next (successors.hpp); null = nobody.
  parking_lot(std::size_t max_connections, std::size_t max_bytes,
              caf::actor successors)
      : max_connections_{max_connections},
        max_bytes_{max_bytes},
        successors_{std::move(successors)} {}

  parking_lot(const parking_lot&) = delete;
  parking_lot& operator=(const parking_lot&) = delete;

  const caf::actor& successors() const noexcept { return successors_; }

  std::size_t connections() const;
  std::size_t bytes() const;

private:
  friend class parked_place;

  struct place {
    caf::actor who;
    std::size_t bytes = 0;
  };

  std::uint64_t enter(const caf::actor& who, std::size_t bytes);
  void hold(std::uint64_t number, std::size_t bytes);
  bool change(std::uint64_t number, const caf::actor& who);
  void leave(std::uint64_t number);
  using excess = std::vector<std::pair<std::uint64_t, caf::actor>>;

  excess take_excess();
  static void tell(const excess& all);

  const std::size_t max_connections_;
  const std::size_t max_bytes_;
  const caf::actor successors_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, place> places_; // the oldest first
  std::uint64_t last_ = 0;
  std::size_t bytes_ = 0; // of all
};

/// A place, given back at its end.
class parked_place {
public:
  parked_place() = default;

  /// Takes one for `who`, who holds so much already.
  parked_place(std::shared_ptr<parking_lot> lot, const caf::actor& who,
               std::size_t bytes);
  ~parked_place();

  parked_place(parked_place&& other) noexcept;
  parked_place& operator=(parked_place&& other) noexcept;

  /// Counts what is held in addition.
  void hold(std::size_t bytes);

  /// Who is told to go from now on. False: whoever had it has been told.
  bool give_to(const caf::actor& who);

  /// Returns what a `connection_unpark` names it by.
  std::uint64_t number() const noexcept { return number_; }

private:
  std::shared_ptr<parking_lot> lot_;
  std::uint64_t number_ = 0;
};

} // namespace wsrelay
