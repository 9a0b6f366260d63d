// A bounded queue of lines and the thread that empties it.
#include "net/log_output.hpp"

#include "actors/log.hpp"
#include "net/log_descriptor.hpp"
#include "net/log_format.hpp"
#include "protocol/code_point.hpp"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/details/os.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <unistd.h>

namespace wsrelay {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_name = 64;

// What is copied of a spdlog message. The strings keep their memory from one
// line to the next.
struct log_line {
  spdlog::level::level_enum level = spdlog::level::off;
  spdlog::log_clock::time_point time;
  std::size_t thread = 0;
  std::string name;
  std::string text;

  void copy(const spdlog::details::log_msg& from) {
    level = from.level;
    time = from.time;
    thread = from.thread_id;
    name.assign(from.logger_name.data(),
                std::min(from.logger_name.size(), max_name));
    text.assign(from.payload.data(),
                std::min(from.payload.size(), max_log_line));
  }
};

// The lines that wait: a ring whose memory is used again.
class line_ring {
public:
  explicit line_ring(std::size_t max_lines) : max_lines_{max_lines} {}

  bool empty() const noexcept { return size_ == 0; }

  // Returns whether the oldest made room.
  bool push(const spdlog::details::log_msg& from) {
    if (size_ == max_lines_) {
      lines_[begin_].copy(from);
      begin_ = (begin_ + 1) % max_lines_;
      return true;
    }
    auto end = (begin_ + size_) % max_lines_;
    if (end == lines_.size()) // grows once through
      lines_.emplace_back();
    lines_[end].copy(from);
    ++size_;
    return false;
  }

  void pop(log_line& into) {
    std::swap(into, lines_[begin_]);
    begin_ = --size_ == 0 ? 0 : (begin_ + 1) % max_lines_;
  }

private:
  std::size_t max_lines_;
  std::deque<log_line> lines_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

// The text of a line.
class line_format {
public:
  explicit line_format(bool with_colours) : with_colours_{with_colours} {}

  void use(std::unique_ptr<spdlog::formatter> formatter) {
    formatter_ = std::move(formatter);
  }

  const std::string& operator()(const log_line& line) {
    spdlog::details::log_msg message{
        line.time, {}, line.name, line.level, line.text};
    message.thread_id = line.thread;
    formatted_.clear();
    formatter_->format(message, formatted_);
    text_.clear();
    auto begin = with_colours_ ? message.color_range_start : 0;
    auto end = with_colours_ ? message.color_range_end : 0;
    add(0, begin);
    if (begin < end) {
      text_ += colour(line.level);
      add(begin, end);
      text_ += "\033[m";
    }
    add(std::max(begin, end), formatted_.size());
    finish();
    return text_;
  }

private:
  // As spdlog's sinks for terminals.
  static std::string_view colour(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::debug:
        return "\033[36m";
      case spdlog::level::info:
        return "\033[32m";
      case spdlog::level::warn:
        return "\033[33m\033[1m";
      case spdlog::level::err:
        return "\033[31m\033[1m";
      case spdlog::level::critical:
        return "\033[1m\033[41m";
      default:
        return "\033[37m";
    }
  }

  void add(std::size_t begin, std::size_t end) {
    while (end == formatted_.size() && end > begin
           && formatted_[end - 1] == '\n')
      --end;
    for_each_code_point(
        {formatted_.data() + begin, end - begin},
        [this](code_point what, std::string_view bytes) { add(what, bytes); });
  }

  // What a terminal obeys, or what makes text look like other text, is told.
  void add(code_point what, std::string_view bytes) {
    if (what.size > 0 && !is_control_code(what.code)
        && !is_deceiving(what.code))
      text_ += bytes;
    else
      for (unsigned char byte : bytes)
        fmt::format_to(std::back_inserter(text_), "\\x{:02x}", byte);
  }

  void finish() {
    constexpr std::string_view cut = " ...";
    if (text_.size() > max_log_line - 1) {
      text_.resize(max_log_line - 1 - cut.size());
      text_ += cut;
    }
    text_ += '\n';
  }

  bool with_colours_;
  std::unique_ptr<spdlog::formatter> formatter_ =
      make_log_formatter(log_format::text);
  spdlog::memory_buf_t formatted_;
  std::string text_;
};

// What the sink and its thread share: it outlives the sink when the descriptor
// holds the thread for good.
class writer {
public:
  writer(int fd, std::size_t max_lines)
      : output_{fd},
        format_{isatty(fd) && spdlog::details::os::is_color_terminal()},
        waiting_{std::max<std::size_t>(max_lines, 1)} {}

  void push(const spdlog::details::log_msg& line) {
    std::lock_guard guard{mutex_};
    if (waiting_.push(line)) {
      ++lost_;
      count_lost_log_lines(1);
    }
    changed_.notify_one();
  }

  void use(std::unique_ptr<spdlog::formatter> formatter) {
    std::lock_guard guard{format_mutex_};
    format_.use(std::move(formatter));
  }

  // Returns whether the thread's work is done.
  bool stop(std::chrono::milliseconds patience) {
    std::unique_lock guard{mutex_};
    stopping_ = true;
    output_.give_up_at(clock::now() + patience);
    changed_.notify_one();
    return ended_.wait_for(guard, patience + output_.step,
                           [this] { return has_ended_; });
  }

  void run() {
    while (wait_for_line() && output_.wait_until_writable())
      write_next();
    tell_loss();
    std::lock_guard guard{mutex_};
    has_ended_ = true;
    ended_.notify_all();
  }

private:
  bool wait_for_line() {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
    return !waiting_.empty();
  }

  // Only now, when the descriptor takes a line, is the oldest chosen.
  void write_next() {
    {
      std::lock_guard guard{mutex_};
      waiting_.pop(line_);
    }
    if (!tell_loss() || !write(line_)) {
      add_lost(1);
      count_lost_log_lines(1);
    }
  }

  bool tell_loss() {
    std::uint64_t count = 0;
    {
      std::lock_guard guard{mutex_};
      count = std::exchange(lost_, 0);
    }
    if (count == 0)
      return true;
    log_line notice;
    notice.level = spdlog::level::warn;
    notice.time = spdlog::details::os::now();
    notice.name = "node";
    notice.text =
        fmt::format("log lines lost: count={} hint=\"who reads the log is "
                    "too slow, or its disk was full\"",
                    count);
    if (write(notice))
      return true;
    add_lost(count);
    return false;
  }

  void add_lost(std::uint64_t count) {
    std::lock_guard guard{mutex_};
    lost_ += count;
  }

  bool write(const log_line& line) {
    std::lock_guard guard{format_mutex_};
    return output_.write(format_(line));
  }

  log_descriptor output_;
  std::mutex format_mutex_; // nobody who logs waits for it
  line_format format_;
  log_line line_; // the thread's own
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;
  line_ring waiting_;
  std::uint64_t lost_ = 0;
  bool stopping_ = false;
  bool has_ended_ = false;
};

// A thread that takes no signal: they are for those who wait for them. That
// includes SIGPIPE, which a write raises on the thread that wrote.
std::thread start(std::shared_ptr<writer> what) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread result{[what = std::move(what)] { what->run(); }};
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return result;
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

class log_output final : public spdlog::sinks::sink {
public:
  log_output(int fd, log_output_options options)
      : patience_{options.patience},
        writer_{std::make_shared<writer>(fd, options.max_lines)},
        thread_{start(writer_)} {}

  ~log_output() override {
    if (writer_->stop(patience_))
      thread_.join();
    else
      thread_.detach();
  }

  void log(const spdlog::details::log_msg& line) override {
    writer_->push(line);
  }

  void flush() override {} // the thread does, always

  void set_pattern(const std::string& pattern) override {
    set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern));
  }

  void
  set_formatter(std::unique_ptr<spdlog::formatter> sink_formatter) override {
    writer_->use(std::move(sink_formatter));
  }

private:
  std::chrono::milliseconds patience_;
  std::shared_ptr<writer> writer_;
  std::thread thread_;
};

} // namespace

spdlog::sink_ptr make_log_output(int fd, log_output_options options) {
  return std::make_shared<log_output>(fd, options);
}

void log_to(int fd, spdlog::level::level_enum level) {
  set_log_sink(make_log_output(fd), level);
}

} // namespace wsrelay
