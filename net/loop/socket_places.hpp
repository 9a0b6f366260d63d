// How many sockets a service may have open, in all of its loops together.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace wsrelay {

/// Adds one to a count that is below the limit; else returns false.
inline bool add_below(std::atomic<std::size_t>& count, std::size_t limit) {
  auto before = count.load();
  while (before < limit)
    if (count.compare_exchange_weak(before, before + 1))
      return true;
  return false;
}

/// Any thread.
class socket_places {
public:
  explicit socket_places(std::size_t limit) noexcept : limit_{limit} {}

  /// Takes a place, if one is left.
  bool take() { return add_below(taken_, limit_); }

  void give_back();

  std::size_t taken() const noexcept { return taken_; }
  std::size_t limit() const noexcept { return limit_; }

  /// More than the new limit stay until they are given back.
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }

  /// Blocks until every place was given back, at most until `deadline`.
  /// Returns whether they were.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);

private:
  std::atomic<std::size_t> limit_;
  std::atomic<std::size_t> taken_{0};
  std::atomic<bool> awaited_{false};
  std::mutex mutex_;
  std::condition_variable empty_;
};

/// One place, and a share of its loop's load, from the moment a socket is dealt
/// until it is closed.
class socket_place {
public:
  socket_place() = default;

  /// Takes over a place that was taken, and counts at `load`, which outlives
  /// it.
  socket_place(std::shared_ptr<socket_places> places,
               std::atomic<std::size_t>& load)
      : places_{std::move(places)}, load_{&load} {
    ++load;
  }

  socket_place(socket_place&& other) noexcept = default;
  socket_place& operator=(socket_place&& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(load_, other.load_);
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~socket_place() { give_back(); }

  /// Returns whether it is one, and not none.
  explicit operator bool() const noexcept { return places_ != nullptr; }

  /// Returns where it is one, null = nowhere.
  const socket_places* where() const noexcept { return places_.get(); }

  /// Keeps something else for as long.
  void keep(std::shared_ptr<const void> what) { kept_ = std::move(what); }

  void give_back() {
    kept_.reset();
    if (auto places = std::exchange(places_, nullptr)) {
      --*load_;
      places->give_back();
    }
  }

private:
  std::shared_ptr<socket_places> places_;
  std::atomic<std::size_t>* load_ = nullptr;
  std::shared_ptr<const void> kept_;
};

} // namespace wsrelay
