// Documents become what the commands print.
#include "tools/wsrelay/admin_commands.hpp"

#include "net/admin/json_output.hpp"
#include "protocol/json.hpp"
#include "tools/wsrelay/admin_client.hpp"
#include "tools/wsrelay/columns.hpp"
#include "tools/wsrelay/report.hpp"
#include "tools/wsrelay/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace wsrelay::cli {

namespace {

using rapidjson::Value;

constexpr std::uint64_t page_size = 1000, max_rows = 1'000'000;

// Of all pages: a listener that is none goes on and on.
constexpr std::chrono::minutes longest_listing{1};

// As long as a drain by the node itself may take.
constexpr std::chrono::hours longest_drain{1};
constexpr std::chrono::milliseconds drain_beat{200};

std::string to_json(const Value& value) {
  rapidjson::StringBuffer buffer;
  json_writer out{buffer};
  value.Accept(out);
  return printable_json({buffer.GetString(), buffer.GetSize()});
}

const Value* find(const Value& row, const char* key) {
  auto found = row.IsObject() ? row.FindMember(key) : row.MemberEnd();
  return found == row.MemberEnd() ? nullptr : &found->value;
}

std::string text(const Value& row, const char* key,
                 const std::string& otherwise = "?") {
  auto* value = find(row, key);
  if (!value)
    return otherwise;
  if (value->IsString())
    return {value->GetString(), value->GetStringLength()};
  return value->IsUint64() ? std::to_string(value->GetUint64()) : otherwise;
}

milliseconds time(const Value& row, const char* key) {
  auto* value = find(row, key);
  return milliseconds{value && value->IsInt64() ? value->GetInt64() : 0};
}

std::string age(const Value& row, const char* key) {
  return find(row, key) ? age_text(time(row, key)) : "-";
}

template <class Row>
void for_each(const rapidjson::Document& from, const char* key, Row row) {
  auto* all = find(from, key);
  if (all && all->IsArray())
    for (auto& each : all->GetArray())
      row(each);
}

// A list as it prints: JSON rows as they are, or a table.
class listing {
public:
  listing(const options& opts, const columns& header)
      : json_{opts.json}, header_{header} {}

  void add(const Value& row, table_row cells) {
    if (json_)
      rows_ += (rows_.empty() ? "" : ",") + to_json(row);
    else
      table_.push_back(std::move(cells));
  }

  std::string take() const {
    return json_ ? "[" + rows_ + "]\n" : to_table(header_, table_);
  }

private:
  bool json_;
  const columns& header_;
  std::vector<table_row> table_;
  std::string rows_;
};

class admin_run {
public:
  explicit admin_run(const options& opts)
      : opts_{opts}, node_{opts.admin, opts.node.timeout} {}

  command_output run() {
    switch (opts_.what) {
      case command::ps:
        return ps();
      case command::targets:
        return targets();
      case command::peers:
        return peers();
      case command::send:
        return tell("send", message());
      case command::close:
        return tell("close",
                    fmt::format(R"({{"code":{},"reason":{}}})", opts_.code,
                                json_string(opts_.reason)));
      case command::transfer:
        return tell("transfer", fmt::format(R"({{"target":{}}})",
                                            json_string(opts_.target)));
      case command::inspect:
        return inspect();
      case command::reload:
        return reload();
      case command::log:
        return log_levels();
      case command::drain:
        return drain();
      default:
        break;
    }
    throw only_nodes("this command");
  }

private:
  static command_error only_nodes(const std::string& what) {
    return {exit_code::usage, "usage",
            what + " is asked of nodes: --node instead of --admin"};
  }

  std::string connection() const {
    return "connections/" + percent_encode(opts_.subject);
  }

  command_output done() const {
    return {opts_.json ? "{\"ok\":true}\n" : "", {}};
  }

  command_output tell(const char* what, const std::string& body) {
    node_.post(connection() + "/" + what, body);
    return done();
  }

  std::string message() const {
    if (!opts_.binary)
      return fmt::format(R"({{"type":"text","data":{}}})",
                         json_string(opts_.text));
    return fmt::format(R"({{"type":"binary","data_base64":"{}"}})",
                       to_base64(opts_.text));
  }

  command_output ps() {
    command_output result;
    listing out{opts_, connection_columns};
    auto until = std::chrono::steady_clock::now() + longest_listing;
    for (std::uint64_t first = 0;; first += page_size) {
      if (std::chrono::steady_clock::now() > until)
        throw command_error{exit_code::timeout, "timeout",
                            "the list does not end"};
      auto page = node_.get(
          fmt::format("connections?limit={}&offset={}", page_size, first));
      std::uint64_t count = 0;
      for_each(page, "connections", [&](const Value& row) {
        ++count;
        out.add(row, {text(row, "pid"), target_of(row), text(row, "address"),
                      text(row, "endpoint"), age(row, "age_ms"),
                      text(row, "messages_in"), text(row, "bytes_in"),
                      text(row, "messages_out"), text(row, "bytes_out"),
                      text(row, "queued_messages"), text(row, "queued_bytes")});
      });
      if (first == 0)
        for_each(page, "missing", [&](const Value& why) {
          result.missing.push_back({exit_code::timeout, "timeout",
                                    why.IsString() ? why.GetString() : "?"});
        });
      if (count > page_size)
        throw command_error{exit_code::refused, "refused",
                            "a page has more rows than were asked for"};
      if (count < page_size || first >= max_rows)
        break;
    }
    result.text = out.take();
    return result;
  }

  static std::string target_of(const Value& row) {
    auto name = text(row, "target_name", text(row, "target", "?"));
    return name.empty() ? "-" : name;
  }

  command_output targets() {
    listing out{opts_, target_columns};
    auto all = node_.get("targets");
    for_each(all, "targets", [&](const Value& row) {
      if (auto name = text(row, "name", ""); !name.empty())
        out.add(row, {name, text(row, "pid")});
    });
    return {out.take(), {}};
  }

  command_output peers() {
    listing out{opts_, peer_columns};
    auto all = node_.get("peers");
    for_each(all, "peers", [&](const Value& row) {
      out.add(row, {text(row, "name"), text(row, "address", "-"),
                    text(row, "node"), text(row, "version", "-"),
                    text(row, "protocol", "-"), age(row, "connected_ms"),
                    age(row, "heard_ms"), text(row, "waiting_bytes", "-")});
    });
    return {out.take(), {}};
  }

  command_output inspect() {
    auto report = node_.get(connection());
    if (opts_.json)
      return {to_json(report) + "\n", {}};
    return {to_lines(report_of(report)), {}};
  }

  static connection_report report_of(const Value& from) {
    auto number = [&](const char* key) {
      auto* value = find(from, key);
      return value && value->IsUint64() ? value->GetUint64() : 0;
    };
    connection_report result;
    result.client_pid = text(from, "pid");
    result.remote_address = text(from, "address");
    result.endpoint = text(from, "endpoint");
    result.phase = text(from, "phase");
    result.numbers = {text(from, "target", ""),  time(from, "age_ms"),
                      number("messages_in"),     number("bytes_in"),
                      number("messages_out"),    number("bytes_out"),
                      number("queued_messages"), number("queued_bytes")};
    result.opened_at = time(from, "opened_at_ms");
    result.trace = text(from, "trace", "");
    auto* compressed = find(from, "compressed");
    result.compressed = compressed && compressed->IsTrue();
    if (auto* metadata = find(from, "metadata"))
      result.metadata = to_json(*metadata);
    result.message_topic = text(from, "message_topic", "");
    result.subprotocol = text(from, "subprotocol", "");
    result.heartbeat_interval = time(from, "heartbeat_interval_ms");
    result.expires_at = time(from, "expires_at_ms");
    if (auto* groups = find(from, "groups"); groups && groups->IsArray())
      for (auto& group : groups->GetArray())
        result.groups.emplace_back(
            printable(group.IsString() ? group.GetString() : ""));
    result.cause = text(from, "cause", "");
    result.code = static_cast<std::uint16_t>(number("code"));
    result.text = text(from, "reason", "");
    result.ended_at = time(from, "ended_at_ms");
    result.events_left_out = number("events_left_out");
    if (auto* events = find(from, "events"); events && events->IsArray())
      for (auto& event : events->GetArray()) {
        auto* count = find(event, "count");
        result.events.push_back(
            {time(event, "at_ms"), time(event, "last_ms"),
             count && count->IsUint() ? count->GetUint() : 1,
             text(event, "what"), text(event, "detail", "")});
      }
    return result;
  }

  command_output reload() {
    auto report = node_.post("reload", "{}");
    if (opts_.json)
      return {to_json(report) + "\n", {}};
    std::string result;
    for (auto* key : {"changed", "kept"})
      for_each(report, key, [&](const Value& line) {
        result += printable(line.IsString() ? line.GetString() : "") + "\n";
      });
    return {result.empty() ? "nothing has changed\n" : result, {}};
  }

  command_output log_levels() {
    auto levels =
        opts_.level.empty()
            ? node_.get("log")
            : node_.post("log", fmt::format(R"({{"level":{},"part":{}}})",
                                            json_string(opts_.level),
                                            json_string(opts_.part)));
    if (opts_.json)
      return {to_json(levels) + "\n", {}};
    std::vector<table_row> table;
    for (auto& member : levels.GetObject())
      table.push_back({member.name.GetString(), member.value.IsString()
                                                    ? member.value.GetString()
                                                    : "?"});
    return {to_table(level_columns, table), {}};
  }

  // Its listener ends with the node.
  command_output drain() {
    if (!opts_.target.empty())
      throw only_nodes("drain --to");
    node_.post("drain", "{}");
    auto until = std::chrono::steady_clock::now() + longest_drain;
    for (;;) {
      try {
        node_.get("node");
      } catch (const command_error& error) {
        if (error.code == exit_code::unreachable)
          break;
      }
      if (std::chrono::steady_clock::now() > until)
        throw command_error{exit_code::timeout, "timeout",
                            "the node still drains"};
      std::this_thread::sleep_for(drain_beat);
    }
    return {opts_.json ? "{\"ok\":true}\n" : "the node has stopped\n", {}};
  }

  const options& opts_;
  admin_client node_;
};

} // namespace

command_output run_by_admin(const options& opts) {
  return admin_run{opts}.run();
}

} // namespace wsrelay::cli
