// How many sockets a service may have open, in all of its loops together.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace wsrelay {

/// Any thread.
class socket_places {
public:
  explicit socket_places(std::size_t limit) noexcept : limit_{limit} {}

  /// Adds to what is called, on any thread, when a place is given back after
  /// one was asked for in vain. Before the first `take`.
  void on_free(std::function<void()> waker) {
    wakers_.push_back(std::move(waker));
  }

  /// Takes a place, if one is left.
  bool take();

  void give_back();

  std::size_t taken() const noexcept { return taken_; }
  std::size_t limit() const noexcept { return limit_; }

  /// Blocks until every place was given back, at most until `deadline`.
  /// Returns whether they were.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);

private:
  bool try_take();

  std::size_t limit_;
  std::vector<std::function<void()>> wakers_;
  std::atomic<std::size_t> taken_{0};
  std::atomic<bool> wanted_{false}; // one was asked for in vain
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
    return *this;
  }
  ~socket_place() { give_back(); }

  void give_back() {
    if (auto places = std::exchange(places_, nullptr)) {
      --*load_;
      places->give_back();
    }
  }

private:
  std::shared_ptr<socket_places> places_;
  std::atomic<std::size_t>* load_ = nullptr;
};

} // namespace wsrelay
