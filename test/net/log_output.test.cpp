#include "net/log_output.hpp"

#include "actors/log.hpp"
#include "net/log_descriptor.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/sink.h>

#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace wsrelay::log_output_test {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view lost_hint =
    R"( hint="who reads the log is too slow, or its disk was full")";

// A pipe whose ends can be closed apart.
struct pipe_pair {
  pipe_pair() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }

  ~pipe_pair() {
    close_reader();
    close_writer();
  }

  int writer() const { return ends[1]; }
  void close_reader() { close(ends[0]); }
  void close_writer() { close(ends[1]); }

  // Takes all its room, in pieces that are not lines.
  void fill() {
    auto flags = ::fcntl(writer(), F_GETFL);
    ::fcntl(writer(), F_SETFL, flags | O_NONBLOCK);
    std::string bytes(4096, '#');
    while (::write(writer(), bytes.data(), bytes.size()) > 0) {
    }
    ::fcntl(writer(), F_SETFL, flags);
  }

  // To the end; what filled the pipe is left out.
  std::string read_all() {
    close_writer();
    std::string result;
    std::array<char, 4096> bytes;
    for (;;) {
      auto count = ::read(ends[0], bytes.data(), bytes.size());
      if (count <= 0)
        break;
      result.append(bytes.data(), static_cast<std::size_t>(count));
    }
    std::erase(result, '#');
    return result;
  }

  static void close(int& fd) {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }

  std::array<int, 2> ends;
};

spdlog::sink_ptr make_plain(int fd, log_output_options options = {}) {
  auto result = make_log_output(fd, options);
  result->set_pattern("%n %l %v");
  return result;
}

void log_to(const spdlog::sink_ptr& sink, std::string_view text,
            std::string_view name = "test") {
  sink->log({spdlog::string_view_t{name.data(), name.size()},
             spdlog::level::info,
             spdlog::string_view_t{text.data(), text.size()}});
}

// Calls a function before it formats the n-th time.
struct repairing_formatter final : spdlog::formatter {
  repairing_formatter(int n, std::function<void()> repair)
      : n{n}, repair{std::move(repair)} {}

  void format(const spdlog::details::log_msg& line,
              spdlog::memory_buf_t& into) override {
    if (--n == 0)
      repair();
    into.append(line.payload.data(), line.payload.data() + line.payload.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<repairing_formatter>(n, repair);
  }

  int n;
  std::function<void()> repair;
};

std::string numbered(int first, int last) {
  std::string result;
  for (int i = first; i <= last; ++i)
    result += fmt::format("test info {}\n", i);
  return result;
}

} // namespace

TEST_CASE("a log output writes what it got before its end, in order") {
  pipe_pair out;
  auto sink = make_plain(out.writer());
  for (int i = 1; i <= 100; ++i)
    log_to(sink, std::to_string(i));
  sink.reset();
  CHECK(out.read_all() == numbered(1, 100));
}

TEST_CASE("a log output writes without being told to end") {
  pipe_pair out;
  auto sink = make_plain(out.writer());
  log_to(sink, "hello");
  std::array<char, 64> bytes;
  auto count = ::read(out.ends[0], bytes.data(), bytes.size());
  CHECK(std::string(bytes.data(), count > 0 ? count : 0)
        == "test info hello\n");
}

TEST_CASE("a line has time with its zone, name and level") {
  pipe_pair out;
  auto sink = make_log_output(out.writer());
  log_to(sink, "hello", "wsrelay");
  sink.reset();
  auto text = out.read_all();
  CHECK(text.substr(0, 2) == "[2");
  CHECK(text.substr(31) == " [wsrelay] [info] hello\n"); // no colours
}

TEST_CASE("whoever logs never waits for a reader; the newest lines are kept") {
  for (int over : {0, 1, 7}) {
    CAPTURE(over);
    pipe_pair out;
    out.fill();
    auto sink = make_plain(out.writer(), {.max_lines = 5, .patience = 20s});
    for (int i = 1; i <= 5 + over; ++i)
      log_to(sink, std::to_string(i));
    std::array<char, 65536> bytes; // room again
    REQUIRE(::read(out.ends[0], bytes.data(), bytes.size()) > 4096);
    sink.reset();
    auto told = over == 0 ? std::string{}
                          : fmt::format("node warning log lines lost: "
                                        "count={}{}\n",
                                        over, lost_hint);
    CHECK(out.read_all() == told + numbered(over + 1, over + 5));
  }
}

TEST_CASE("a reader that never reads does not hold the end of the output") {
  pipe_pair out;
  out.fill();
  auto sink = make_plain(out.writer(), {.patience = 0ms});
  log_to(sink, "never read");
  sink.reset();
  CHECK(out.read_all().empty());
}

TEST_CASE("lines to a reader that is gone are lost, and no signal comes") {
  pipe_pair out;
  out.close_reader();
  auto sink = make_plain(out.writer(), {.patience = 20s});
  for (int i = 0; i < 100; ++i)
    log_to(sink, "lost");
  sink.reset();
}

TEST_CASE("once writing works again a line tells how many are lost") {
  pipe_pair out;
  auto fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  auto sink = make_plain(fd, {.patience = 20s});
  sink->set_formatter(std::make_unique<repairing_formatter>(
      12, [&] { ::dup2(out.writer(), fd); }));
  for (int i = 1; i <= 13; ++i)
    log_to(sink, std::to_string(i));
  sink.reset();
  ::close(fd);
  CHECK(out.read_all()
        == "log lines lost: count=11" + std::string{lost_hint} + "\n12\n13\n");
}

TEST_CASE("lines that a full disk does not take are lost") {
  auto fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  log_descriptor full{fd};
  CHECK(full.wait_until_writable());
  CHECK_FALSE(full.write("x"));
  auto sink = make_plain(fd, {.patience = 20s});
  log_to(sink, "lost");
  sink.reset();
  ::close(fd);
}

TEST_CASE("no descriptor at all is no reason to wait") {
  log_descriptor none{1 << 20};
  CHECK(none.wait_until_writable());
  CHECK_FALSE(none.write("x"));
}

TEST_CASE("a descriptor that somebody made non-blocking takes all in parts") {
  pipe_pair out;
  ::fcntl(out.writer(), F_SETFL, O_WRONLY | O_NONBLOCK);
  log_descriptor descriptor{out.writer()};
  CHECK(descriptor.write("one\n"));
  out.fill();
  ::fcntl(out.writer(), F_SETFL, O_WRONLY | O_NONBLOCK);
  descriptor.give_up_at(log_descriptor::time_point::min());
  CHECK_FALSE(descriptor.write("two\n"));
  CHECK(out.read_all() == "one\n");
}

TEST_CASE("a line is one line, whatever stands in it") {
  pipe_pair out;
  auto sink = make_plain(out.writer());
  log_to(sink, std::string_view{"a\nb\r\x1b[2J\0\x7f\xc3\xa9", 12});
  sink.reset();
  CHECK(out.read_all() == "test info a\\x0ab\\x0d\\x1b[2J\\x00\\x7f\xc3\xa9\n");
}

TEST_CASE(
    "what a terminal obeys or a reader takes for something else is told") {
  pipe_pair out;
  auto sink = make_plain(out.writer());
  // CSI of C1, a line separator, a mark that turns text around, no UTF-8.
  log_to(sink, "\xc2\x9b"
               "2J \xe2\x80\xa8 \xe2\x80\xae \xff \xe2\x82\xac");
  sink.reset();
  CHECK(out.read_all()
        == "test info \\xc2\\x9b"
           "2J \\xe2\\x80\\xa8 \\xe2\\x80\\xae \\xff \xe2\x82\xac\n");
}

TEST_CASE("a line that is too long is cut, one that just fits is not") {
  constexpr std::size_t around = sizeof "test info ";
  for (std::size_t size : {max_log_line - around - 1, max_log_line - around,
                           max_log_line - around + 1, 10 * max_log_line}) {
    CAPTURE(size);
    pipe_pair out;
    auto sink = make_plain(out.writer());
    log_to(sink, std::string(size, 'x'));
    sink.reset();
    auto text = out.read_all();
    auto fits = size + around <= max_log_line;
    CHECK(text.size() == (fits ? size + around : max_log_line));
    CHECK((text.find(" ...\n") == std::string::npos) == fits);
    CHECK(text.back() == '\n');
  }
}

TEST_CASE("the thread of a log output takes no signal") {
  sigset_t user;
  sigset_t before;
  sigemptyset(&user);
  sigaddset(&user, SIGUSR1);
  // Blocked here: the signal could only go to the output's thread, and its
  // default ends the process.
  auto sink = make_plain(STDERR_FILENO);
  pthread_sigmask(SIG_BLOCK, &user, &before);
  ::kill(::getpid(), SIGUSR1);
  int number = 0;
  CHECK(sigwait(&user, &number) == 0);
  CHECK(number == SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a log output is a sink of the logger") {
  pipe_pair out;
  set_log_sink(make_log_output(out.writer()), spdlog::level::warn);
  log().info("not wanted");
  log().warn("disk is {} % full", 99);
  set_log_sink(make_log_output(STDERR_FILENO), spdlog::level::off);
  auto text = out.read_all();
  CHECK(text.find("[node] [warning] disk is 99 % full\n") != std::string::npos);
  CHECK(text.find("not wanted") == std::string::npos);
}

TEST_CASE("a program logs with one call, and the next one takes its place") {
  pipe_pair first;
  pipe_pair second;
  wsrelay::log_to(first.writer());
  log().debug("not wanted");
  log(log_part::http).info("one");
  wsrelay::log_to(second.writer(), spdlog::level::debug);
  log().debug("two");
  wsrelay::log_to(STDERR_FILENO, spdlog::level::off);
  auto text = first.read_all();
  CHECK(text.find("[http] [info] one\n") != std::string::npos);
  CHECK(text.find("not wanted") == std::string::npos);
  CHECK(text.find("two") == std::string::npos);
  CHECK(second.read_all().find("two\n") != std::string::npos);
}

} // namespace wsrelay::log_output_test
