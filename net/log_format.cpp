// Formatters of spdlog.
#include "net/log_format.hpp"

#include "net/admin/json_output.hpp"
#include "net/log_output.hpp"
#include "protocol/json.hpp"
#include "protocol/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

// sd-daemon(3).
constexpr int notice_of_journal(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return 7;
    case spdlog::level::info:
      return 6;
    case spdlog::level::warn:
      return 4;
    default:
      return 3;
  }
}

std::string_view view_of(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

class journal_formatter final : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    append(out,
           fmt::format("<{}>[{}] {}\n", notice_of_journal(message.level),
                       view_of(message.logger_name), view_of(message.payload)));
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<journal_formatter>();
  }
};

// -- JSON ---------------------------------------------------------------------

using member = std::pair<std::string_view, std::string>; // the value as JSON

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
}

bool is_number(std::string_view text) {
  constexpr std::size_t exact = 15; // digits that any reader keeps
  return text.size() <= exact && parse_decimal(text)
         && (text == "0" || !text.starts_with('0'));
}

// Takes a value from the front: up to a space, or a JSON string.
std::string_view take_value(std::string_view& rest) {
  std::size_t end = rest.find(' ');
  if (rest.starts_with('"'))
    for (end = 1; end < rest.size() && rest[end] != '"'; ++end)
      end += rest[end] == '\\';
  if (rest.starts_with('"'))
    ++end;
  auto value = rest.substr(0, end);
  rest.remove_prefix(value.size());
  return value;
}

// The members behind "message: ", or nothing when there is anything else.
std::vector<member> members_of(std::string_view rest) {
  std::vector<member> result;
  while (!rest.empty()) {
    if (rest.front() == ' ')
      rest.remove_prefix(1);
    auto mark = rest.find('=');
    if (mark == rest.npos || !is_key(rest.substr(0, mark)))
      return {};
    auto key = rest.substr(0, mark);
    rest.remove_prefix(mark + 1);
    auto value = take_value(rest);
    if ((value.starts_with('"') && !check_json(value))
        || (!rest.empty() && rest.front() != ' '))
      return {};
    result.emplace_back(key, value.starts_with('"') || is_number(value)
                                 ? std::string{value}
                                 : json_string(value));
  }
  return result;
}

bool is_taken(std::string_view key) {
  return key == "time" || key == "level" || key == "part" || key == "message";
}

class json_formatter final : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& out) override {
    auto text = view_of(message.payload);
    auto line = document(message, text);
    while (line.size() >= max_log_line && !text.empty()) {
      text = text.substr(0, text.size() / 2);
      line = document(message, text);
    }
    append(out, line);
    append(out, "\n");
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_formatter>();
  }

private:
  static std::string document(const spdlog::details::log_msg& message,
                              std::string_view text) {
    auto seconds = std::chrono::floor<std::chrono::seconds>(message.time);
    auto fraction =
        std::chrono::floor<std::chrono::milliseconds>(message.time - seconds);
    auto now = fmt::localtime(std::chrono::system_clock::to_time_t(seconds));
    auto zone = fmt::format("{:%z}", now); // "+0100"
    zone.insert(3, ":");
    auto level = view_of(spdlog::level::to_string_view(message.level));
    auto mark = text.find(": ");
    auto members = mark == text.npos ? std::vector<member>{}
                                     : members_of(text.substr(mark + 2));
    auto result = fmt::format(
        R"({{"time":"{:%FT%T}.{:03}{}","level":"{}","part":{},"message":{})",
        now, fraction.count(), zone, level,
        json_string(view_of(message.logger_name)),
        json_string(members.empty() ? text : text.substr(0, mark)));
    for (auto& [key, value] : members)
      result +=
          fmt::format(R"(,"{}{}":{})", key, is_taken(key) ? "_" : "", value);
    return printable_json(result + "}");
  }
};

} // namespace

std::optional<log_format> parse_log_format(std::string_view name) noexcept {
  if (name == "text")
    return log_format::text;
  if (name == "json")
    return log_format::json;
  return name == "journal" ? std::optional{log_format::journal} : std::nullopt;
}

bool is_journal(int fd) noexcept {
  auto* told = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (!told || ::fstat(fd, &status) != 0)
    return false;
  char* end = nullptr;
  auto device = std::strtoull(told, &end, 10);
  if (*end != ':')
    return false;
  auto inode = std::strtoull(end + 1, &end, 10);
  return *end == '\0' && device == status.st_dev && inode == status.st_ino;
}

std::unique_ptr<spdlog::formatter> make_log_formatter(log_format format) {
  switch (format) {
    case log_format::json:
      return std::make_unique<json_formatter>();
    case log_format::journal:
      return std::make_unique<journal_formatter>();
    case log_format::text:
      break;
  }
  // As spdlog's own, but with the zone (RFC 3339): nodes of other zones.
  return std::make_unique<spdlog::pattern_formatter>(
      "[%Y-%m-%dT%H:%M:%S.%e%z] [%n] [%^%l%$] %v");
}

} // namespace wsrelay
