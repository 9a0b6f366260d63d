// Server-Sent Events (HTML Standard, section 9.2) as the body of an answer.
#pragma once

#include "net/http/answer.hpp"
#include "net/loop/loop_context.hpp"
#include "net/loop/loop_door.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace wsrelay {

/// What waits for one reader. Bounded: what comes while it is full is counted,
/// and told as an event "missed". Any thread.
class event_queue {
public:
  static constexpr std::size_t max_events = 1024;
  static constexpr std::size_t max_bytes = 256 * 1024;

  /// `wake` has the reader look; any thread, and it must not block.
  explicit event_queue(std::function<void()> wake) : wake_{std::move(wake)} {}

  /// Adds an event; `data` is one line.
  void push(std::string_view name, std::string_view data);

  /// Nothing follows.
  void end();

  /// Returns what waits as text, "" for nothing, and whether that is the end.
  struct batch {
    std::string text;
    bool ended;
  };
  batch take();

private:
  std::string missed_text() const;

  std::function<void()> wake_;
  std::mutex mutex_;
  std::string waiting_;
  std::size_t events_ = 0;
  std::uint64_t missed_ = 0;
  bool ended_ = false;
};

/// The body: events as they come, and a comment every 15 seconds, so that
/// proxies keep the connection and its end is seen. Loop thread, as its parts.
class event_source final : public body_source, private loop_timer {
public:
  static constexpr milliseconds keep_alive{15'000};

  /// Returns a source for the loop behind `door`, which is `home`.
  static std::unique_ptr<event_source> make(loop_context& home,
                                            std::shared_ptr<loop_door> door);

  ~event_source() override;

  const std::shared_ptr<event_queue>& queue() const noexcept { return queue_; }

  /// Is called when the reader is gone.
  void at_end(std::function<void()> call) { at_end_ = std::move(call); }

  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  milliseconds patience() const override { return 2 * keep_alive; }
  void read(on_piece done) override;

private:
  struct knocker;

  explicit event_source(loop_context& home) : home_{home} {}

  void on_timer() override;
  void look();
  void give(std::string text);

  loop_context& home_;
  std::shared_ptr<event_queue> queue_;
  std::shared_ptr<knocker> knocker_; // what the queue knows of this
  std::function<void()> at_end_;
  on_piece waiting_; // null while nobody reads
};

} // namespace wsrelay
