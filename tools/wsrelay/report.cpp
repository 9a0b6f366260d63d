// Members and events as lines.
#include "tools/wsrelay/report.hpp"

#include "tools/wsrelay/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace wsrelay::cli {

namespace {

std::string time_text(milliseconds unix_time) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(unix_time);
  return fmt::format("{:%F %T}.{:03} UTC",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (unix_time - seconds).count());
}

class report_lines {
public:
  void add(std::string_view name, const std::string& value) {
    if (!value.empty())
      fmt::format_to(std::back_inserter(text_), "{:<14}{}\n", name, value);
  }

  // Of somebody else.
  void add_foreign(std::string_view name, std::string_view value) {
    add(name, printable(value));
  }

  std::string take() { return std::move(text_); }

private:
  std::string text_;
};

void add_events(const connection_report& report, std::string& out) {
  if (report.events_left_out > 0)
    out += fmt::format("  ({} before)\n", report.events_left_out);
  for (auto& event : report.events)
    out += fmt::format(
        "  +{:<10}{}{}{}{}\n", fmt::format("{}ms", event.at.count()),
        printable(event.what), event.detail.empty() ? "" : " ",
        printable(event.detail),
        event.count > 1 ? fmt::format(" x{}, the last at +{}ms", event.count,
                                      event.last.count())
                        : std::string{});
}

} // namespace

std::string to_lines(const connection_report& report) {
  auto& numbers = report.numbers;
  report_lines out;
  out.add_foreign("pid", report.client_pid.view());
  out.add_foreign("phase", report.phase);
  if (report.ended_at.count() > 0) {
    out.add_foreign("cause", report.cause);
    out.add_foreign("close", fmt::format("{} {}", report.code, report.text));
    out.add("ended", time_text(report.ended_at));
  }
  out.add_foreign("target", numbers.target_pid);
  out.add_foreign("address", report.remote_address);
  out.add_foreign("endpoint", report.endpoint);
  out.add("opened", time_text(report.opened_at));
  out.add("age", age_text(numbers.age));
  out.add("in", fmt::format("{} messages, {} bytes", numbers.messages_in,
                            numbers.bytes_in));
  out.add("out", fmt::format("{} messages, {} bytes", numbers.messages_out,
                             numbers.bytes_out));
  out.add("queued", fmt::format("{} messages, {} bytes",
                                numbers.queued_messages, numbers.queued_bytes));
  out.add_foreign("trace", report.trace);
  out.add("compressed", report.compressed ? "yes" : "no");
  out.add_foreign("subprotocol", report.subprotocol.view());
  out.add_foreign("topic", report.message_topic.view());
  if (report.heartbeat_interval.count() > 0)
    out.add("heartbeat", age_text(report.heartbeat_interval));
  if (report.expires_at.count() > 0)
    out.add("expires", time_text(report.expires_at));
  if (!report.groups.empty()) // no name needs an escape
    out.add("groups", fmt::format("{}", fmt::join(report.groups, " ")));
  out.add_foreign("metadata", report.metadata.view());
  auto text = out.take() + "events\n";
  add_events(report, text);
  return text;
}

} // namespace wsrelay::cli
