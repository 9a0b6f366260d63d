// One pass over the text fills the fields; checks are the same without a text.
#include "protocol/relay_command.hpp"

#include "protocol/duration.hpp"
#include "protocol/group.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"
#include "protocol/topic.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <utility>

namespace wsrelay {

namespace {

enum class field {
  target_pid,
  message_topic,
  heartbeat_interval,
  metadata,
  subprotocol,
  expires_at,
  limit_key,
  limit_max,
  report_overflow,
  state,
  groups
};

// In the order of `field`.
constexpr std::array<std::string_view, 11> field_names{
    "target_pid", "message_topic", "heartbeat_interval",
    "metadata",   "subprotocol",   "expires_at",
    "limit_key",  "limit_max",     "report_overflow",
    "state",      "groups"};

constexpr bool is_number(field which) {
  return which == field::expires_at || which == field::limit_max;
}

std::string_view name_of(field which) {
  return field_names[static_cast<std::size_t>(which)];
}

failure in_field(field which, std::string_view what) {
  return {fmt::format("{}: {}", name_of(which), what)};
}

// The metadata counts its levels from its own brace, one level down.
constexpr std::size_t max_command_depth = max_json_depth + 1;

constexpr unsigned parse_flags = rapidjson::kParseIterativeFlag
                                 | rapidjson::kParseValidateEncodingFlag
                                 | rapidjson::kParseNumbersAsStringsFlag;

constexpr std::string_view limit_range = "not a number from 1 to 10000";

constexpr std::uint64_t max_unix_seconds = max_expires_at.count() / 1000;

// Digits, and behind a dot more of them, of which three count.
std::optional<std::chrono::milliseconds>
parse_unix_time(std::string_view text) {
  auto dot = std::min(text.find('.'), text.size());
  auto seconds = parse_decimal(text.substr(0, dot));
  std::string fraction{text.substr(std::min(dot + 1, text.size()))};
  if (fraction.find_first_not_of("0123456789") != fraction.npos)
    return std::nullopt; // an exponent
  fraction.resize(3, '0');
  if (!seconds || *seconds > max_unix_seconds)
    return std::nullopt;
  return std::chrono::milliseconds{*seconds * 1000 + *parse_decimal(fraction)};
}

// Takes the events of the reader. Of the metadata it keeps where it stands in
// the text; what is inside is checked later.
class command_handler
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, command_handler> {
public:
  command_handler(std::string_view json, const rapidjson::MemoryStream& in)
      : json_{json}, in_{in} {}

  // Every value that has no function of its own.
  bool Default() {
    return (depth_ > 1 && current_ != field::groups) || refuse_type();
  }

  bool Bool(bool value) {
    if (depth_ != 1 || current_ != field::report_overflow)
      return Default();
    command_.report_overflow = value;
    return true;
  }

  // The base class would make it a string.
  bool RawNumber(const char* digits, rapidjson::SizeType size, bool) {
    if (depth_ != 1 || !is_number(current_))
      return Default();
    return current_ == field::expires_at ? assign_expiry({digits, size})
                                         : assign_limit({digits, size});
  }

  bool Key(const char* name, rapidjson::SizeType size, bool) {
    return depth_ > 1 || select({name, size});
  }

  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 2 && current_ == field::groups)
      return add_group({text, size});
    return depth_ > 1 || assign({text, size});
  }

  bool StartObject() {
    if (depth_ > 0 && current_ != field::metadata)
      return refuse_type();
    if (depth_ == 1)
      metadata_begin_ = in_.Tell();
    return enter();
  }

  bool EndObject(rapidjson::SizeType) {
    // The closing brace is not taken yet.
    if (--depth_ == 1)
      command_.metadata =
          json_.substr(metadata_begin_, in_.Tell() + 1 - metadata_begin_);
    return true;
  }

  bool StartArray() {
    auto fits = current_ == field::groups ? depth_ == 1 : depth_ > 1;
    return fits ? enter() : refuse_type();
  }

  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return true;
  }

  const std::string& error() const noexcept { return error_; }
  bool has(field which) const { return seen_[static_cast<std::size_t>(which)]; }

  relay_command& command() noexcept { return command_; }

private:
  bool refuse(failure why) {
    error_ = std::move(why.what);
    return false;
  }

  bool refuse_type() {
    if (depth_ == 0)
      return refuse({"not a JSON object"});
    auto wanted = current_ == field::metadata          ? "an object"
                  : is_number(current_)                ? "a number"
                  : current_ == field::report_overflow ? "true or false"
                  : current_ == field::groups          ? "a list of names"
                                                       : "a string";
    return refuse(in_field(current_, fmt::format("not {}", wanted)));
  }

  bool enter() {
    if (++depth_ <= max_command_depth)
      return true;
    return refuse(
        in_field(current_, fmt::format("nested more than {} levels deep",
                                       max_json_depth)));
  }

  // It goes into logs, and JSON leaves DEL and C1 controls as they are.
  static std::string unknown_field(const std::string& quoted) {
    return is_plain_utf8(quoted) ? fmt::format("unknown field {}", quoted)
                                 : "unknown field, with control characters";
  }

  bool select(std::string_view name) {
    auto found = std::find(field_names.begin(), field_names.end(), name);
    if (found == field_names.end())
      return refuse({unknown_field(json_string(name))});
    auto index = static_cast<std::size_t>(found - field_names.begin());
    current_ = static_cast<field>(index);
    if (std::exchange(seen_[index], true))
      return refuse(in_field(current_, "stands twice"));
    return true;
  }

  bool assign(std::string_view text) {
    if (depth_ == 0 || current_ == field::metadata || is_number(current_)
        || current_ == field::report_overflow || current_ == field::groups)
      return refuse_type();
    if (current_ == field::heartbeat_interval)
      return assign_heartbeat(text);
    text_of(current_) = text;
    return true;
  }

  bool add_group(std::string_view name) {
    if (command_.groups.size() <= max_groups) // the rest is too many anyway
      command_.groups.emplace_back(name);
    return true;
  }

  std::string& text_of(field which) {
    return which == field::subprotocol  ? command_.subprotocol
           : which == field::limit_key  ? command_.limit_key
           : which == field::state      ? command_.state
           : which == field::target_pid ? command_.target_pid
                                        : command_.message_topic;
  }

  bool assign_expiry(std::string_view digits) {
    auto time = parse_unix_time(digits);
    if (!time)
      return refuse(in_field(current_, "not a time in seconds since 1970"));
    command_.expires_at = *time;
    return true;
  }

  // 0 would be taken for none.
  bool assign_limit(std::string_view digits) {
    auto count = parse_decimal(digits);
    if (!count || *count == 0 || *count > max_limit_max)
      return refuse(in_field(current_, limit_range));
    command_.limit_max = static_cast<std::uint32_t>(*count);
    return true;
  }

  bool assign_heartbeat(std::string_view text) {
    auto interval = parse_duration(text);
    if (!interval)
      return refuse(in_field(current_, interval.error().what));
    command_.heartbeat_interval = *interval;
    return true;
  }

  std::string_view json_;
  const rapidjson::MemoryStream& in_;
  std::size_t depth_ = 0;
  std::size_t metadata_begin_ = 0;
  field current_ = field::target_pid;
  std::array<bool, field_names.size()> seen_{};
  relay_command command_;
  std::string error_;
};

checked check_target(const std::string& text, bool has_target) {
  if (text.empty() && has_target)
    return passed();
  if (auto valid = check_relay_target(text); !valid)
    return in_field(field::target_pid, valid.error().what);
  return passed();
}

checked check_message(const relay_command& command) {
  auto& topic = command.message_topic;
  if (topic.empty())
    return passed();
  if (auto valid = check_message_topic(topic); !valid)
    return in_field(field::message_topic, valid.error().what);
  return passed();
}

checked check_heartbeat(const relay_command& command) {
  using std::chrono::milliseconds;
  auto interval = command.heartbeat_interval.value_or(milliseconds{1});
  if (interval <= milliseconds::zero() || interval > max_duration)
    return in_field(field::heartbeat_interval, "out of range");
  return passed();
}

checked check_subprotocol(const relay_command& command) {
  if (command.subprotocol.empty() || is_token(command.subprotocol))
    return passed();
  return in_field(field::subprotocol, "not a token");
}

checked check_expiry(const relay_command& command) {
  using std::chrono::milliseconds;
  auto time = command.expires_at.value_or(milliseconds{1});
  if (time <= milliseconds::zero() || time > max_expires_at)
    return in_field(field::expires_at, "out of range");
  return passed();
}

checked check_limit(const relay_command& command) {
  auto& key = command.limit_key;
  if (key.size() > max_limit_key)
    return in_field(field::limit_key,
                    fmt::format("more than {} bytes", max_limit_key));
  if (!is_plain_utf8(key))
    return in_field(field::limit_key, "not UTF-8 without control characters");
  if (command.limit_max > max_limit_max)
    return in_field(field::limit_max, limit_range);
  if (command.limit_max > 0 && key.empty())
    return in_field(field::limit_max, "without a limit_key");
  return passed();
}

checked check_state(const relay_command& command) {
  if (command.state.size() > max_relay_state)
    return in_field(field::state,
                    fmt::format("more than {} bytes", max_relay_state));
  if (!is_valid_utf8(command.state))
    return in_field(field::state, "not UTF-8");
  return passed();
}

checked check_group_list(const relay_command& command) {
  if (auto valid = check_groups(command.groups); !valid)
    return in_field(field::groups, valid.error().what);
  return passed();
}

result<std::string> check_metadata(const std::string& json,
                                   const relay_command_limits& limits) {
  auto compacted = compact_json_object(json);
  if (!compacted)
    return in_field(field::metadata, compacted.error().what);
  if (compacted->size() > limits.max_metadata)
    return in_field(field::metadata,
                    fmt::format("more than {} bytes", limits.max_metadata));
  return compacted;
}

} // namespace

result<relay_command> parse_relay_command(std::string_view json,
                                          const relay_command_limits& limits) {
  rapidjson::MemoryStream in(json.data(), json.size());
  command_handler handler(json, in);
  rapidjson::Reader reader;
  auto outcome = reader.Parse<parse_flags>(in, handler);
  if (!handler.error().empty())
    return failure{handler.error()};
  // The reader takes a NUL for the end of the text.
  if (outcome.IsError() || in.Tell() != json.size())
    return failure{fmt::format("not valid JSON at byte {}", in.Tell())};
  if (!handler.has(field::target_pid))
    return in_field(field::target_pid, "missing");
  return check_relay_command(std::move(handler.command()), limits);
}

result<relay_command> check_relay_command(relay_command command,
                                          const relay_command_limits& limits,
                                          bool has_target) {
  if (auto valid = check_target(command.target_pid, has_target); !valid)
    return valid.error();
  for (auto* check : {check_message, check_heartbeat, check_subprotocol,
                      check_expiry, check_limit, check_state, check_group_list})
    if (auto valid = check(command); !valid)
      return valid.error();
  auto metadata = check_metadata(command.metadata, limits);
  if (!metadata)
    return metadata.error();
  command.metadata = std::move(*metadata);
  return command;
}

std::string to_json(const relay_command& command) {
  std::string out;
  auto add = [&out](field which, std::string_view json) {
    out += fmt::format(R"({}"{}":{})", out.empty() ? '{' : ',', name_of(which),
                       json);
  };
  if (!command.target_pid.empty())
    add(field::target_pid, json_string(command.target_pid));
  if (!command.message_topic.empty())
    add(field::message_topic, json_string(command.message_topic));
  if (command.heartbeat_interval)
    add(field::heartbeat_interval,
        json_string(to_text(*command.heartbeat_interval)));
  if (command.metadata != "{}")
    add(field::metadata, command.metadata);
  if (!command.subprotocol.empty())
    add(field::subprotocol, json_string(command.subprotocol));
  if (auto time = command.expires_at)
    add(field::expires_at,
        fmt::format("{}.{:03}", time->count() / 1000, time->count() % 1000));
  if (!command.limit_key.empty())
    add(field::limit_key, json_string(command.limit_key));
  if (command.limit_max > 0)
    add(field::limit_max, std::to_string(command.limit_max));
  if (command.report_overflow)
    add(field::report_overflow, "true");
  if (!command.state.empty())
    add(field::state, json_string(command.state));
  if (!command.groups.empty()) // no name needs an escape
    add(field::groups,
        fmt::format(R"(["{}"])", fmt::join(command.groups, R"(",")")));
  return out.empty() ? "{}" : out + '}';
}

} // namespace wsrelay
