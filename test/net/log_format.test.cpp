// How lines of the log look.
#include "net/log_format.hpp"

#include "net/log_output.hpp"
#include "protocol/json.hpp"

#include <doctest/doctest.h>
#include <spdlog/details/log_msg.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace wsrelay::log_format_test {

namespace {

std::string formatted(log_format format, std::string_view text,
                      spdlog::level::level_enum level = spdlog::level::info) {
  spdlog::details::log_msg message{
      spdlog::log_clock::time_point{
          std::chrono::milliseconds{1'700'000'000'042}},
      {},
      "http",
      level,
      spdlog::string_view_t{text.data(), text.size()}};
  spdlog::memory_buf_t out;
  make_log_formatter(format)->format(message, out);
  return {out.data(), out.size()};
}

// Without its time, whose zone is the machine's.
std::string object(std::string_view text) {
  auto line = formatted(log_format::json, text);
  REQUIRE(line.ends_with("\n"));
  line.pop_back();
  CHECK(check_json_object(line));
  auto level = line.find(R"("level")");
  CHECK(line.substr(0, level).find(".042") != std::string::npos);
  return "{" + line.substr(level);
}

} // namespace

TEST_CASE("the journal is told level and part, and no time") {
  CHECK(formatted(log_format::journal, "hello: a=1")
        == "<6>[http] hello: a=1\n");
  CHECK(formatted(log_format::journal, "x", spdlog::level::warn)
        == "<4>[http] x\n");
  CHECK(formatted(log_format::journal, "x", spdlog::level::err)
        == "<3>[http] x\n");
  CHECK(formatted(log_format::journal, "x", spdlog::level::debug)
        == "<7>[http] x\n");
}

TEST_CASE("text has part and level") {
  auto line = formatted(log_format::text, "hello");
  CHECK(line.find("[http] [info] hello\n") != std::string::npos);
}

TEST_CASE("text has the local time with its zone, as JSON has") {
  auto line = formatted(log_format::text, "hello");
  auto end = line.find(']');
  REQUIRE(end == 30);
  CHECK(formatted(log_format::json, "hello")
            .starts_with("{\"time\":\"" + line.substr(1, end - 1) + "\","));
}

TEST_CASE("JSON has what stands behind the message as members") {
  CHECK(object(R"(request refused: check=origin status=403 reason="a \"b\" c")")
        == R"({"level":"info","part":"http","message":"request refused",)"
           R"("check":"origin","status":403,"reason":"a \"b\" c"})");
}

TEST_CASE("JSON keeps a line whole that is not made of members") {
  for (std::string text : {"hello", "a: b", "a: b=1 and more", "a: B=1",
                           R"(a: b="open)", R"(a: b="x"y=1)"})
    CHECK(object(text)
          == R"({"level":"info","part":"http","message":)" + json_string(text)
                 + "}");
}

TEST_CASE("JSON's own members are not taken by those of a line") {
  CHECK(object("a: level=x time=1 part=y message=z")
        == R"({"level":"info","part":"http","message":"a","level_":"x",)"
           R"("time_":1,"part_":"y","message_":"z"})");
}

TEST_CASE("numbers that a reader would round are text") {
  CHECK(object("a: b=123456789012345 c=1234567890123456 d=007 e=0")
        == R"({"level":"info","part":"http","message":"a",)"
           R"("b":123456789012345,"c":"1234567890123456","d":"007","e":0})");
}

TEST_CASE("JSON stays JSON whatever a line holds") {
  object(std::string{"a: b=\x01\xff\n c=\"\\ud800\""});
  for (auto size : {max_log_line - 200, max_log_line, 10 * max_log_line}) {
    auto line = formatted(log_format::json, std::string(size, '"'));
    CHECK(line.size() <= max_log_line);
    CHECK(check_json_object(line.substr(0, line.size() - 1)));
  }
}

TEST_CASE("the time has a zone, as RFC 3339 writes it") {
  auto line = formatted(log_format::json, "x");
  auto begin = line.find(R"("time":")") + 8;
  auto time = line.substr(begin, line.find('"', begin) - begin);
  REQUIRE(time.size() == 29);
  CHECK(time.substr(10, 1) == "T");
  CHECK((time[23] == '+' || time[23] == '-'));
  CHECK(time[26] == ':');
}

TEST_CASE("the formats have names") {
  CHECK(parse_log_format("text") == log_format::text);
  CHECK(parse_log_format("json") == log_format::json);
  CHECK(parse_log_format("journal") == log_format::journal);
  CHECK(!parse_log_format("auto"));
}

TEST_CASE("a stream of systemd's journal is one by device and inode") {
  struct stat status {};
  REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
  auto name =
      std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  ::unsetenv("JOURNAL_STREAM");
  CHECK(!is_journal(STDERR_FILENO));
  for (auto& wrong : std::vector<std::string>{"", "1", "1:", name + "1",
                                              name + ":1", "x:y"}) {
    CAPTURE(wrong);
    ::setenv("JOURNAL_STREAM", wrong.c_str(), 1);
    CHECK(!is_journal(STDERR_FILENO));
  }
  ::setenv("JOURNAL_STREAM", name.c_str(), 1);
  CHECK(is_journal(STDERR_FILENO));
  CHECK(!is_journal(-1));
  ::unsetenv("JOURNAL_STREAM");
}

} // namespace wsrelay::log_format_test
