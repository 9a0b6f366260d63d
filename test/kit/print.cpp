// Each in one line, the fields that tell values apart.
#include "test/kit/print.hpp"

#include "protocol/json.hpp"

#include <caf/message.hpp>

#include <cxxabi.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace wsrelay::test {

namespace {

constexpr std::size_t max_shown_text = 200;
constexpr std::size_t max_shown_bytes = 32;

std::string size_text(std::size_t size) {
  return "(" + std::to_string(size) + (size == 1 ? " byte)" : " bytes)");
}

} // namespace

std::string shown_text(std::string_view text) {
  if (text.size() <= max_shown_text)
    return json_string(text);
  return json_string(text.substr(0, max_shown_text)) + "... "
         + size_text(text.size());
}

std::string shown_bytes(std::string_view bytes) {
  std::string result;
  for (auto c : bytes.substr(0, max_shown_bytes)) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x ",
                  static_cast<unsigned char>(c));
    result += digits;
  }
  if (bytes.size() > max_shown_bytes)
    result += "... ";
  return result + size_text(bytes.size());
}

std::string type_name(const std::type_info& type) {
  std::unique_ptr<char, decltype(&std::free)> text{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr), &std::free};
  return text ? text.get() : type.name();
}

std::ostream& operator<<(std::ostream& out, const text_list& lines) {
  if (lines.empty())
    return out << "nothing";
  for (auto& line : lines)
    out << "\n  " << shown_text(line);
  return out;
}

} // namespace wsrelay::test

namespace wsrelay {

namespace {

std::string shown_data(message_type type, const shared_buffer& data) {
  return type == message_type::text ? test::shown_text(data.view())
                                    : test::shown_bytes(data.view());
}

} // namespace

std::ostream& operator<<(std::ostream& out, message_type type) {
  if (!is_known(type))
    return out << "message_type " << static_cast<int>(type);
  return out << (type == message_type::text ? "text" : "binary");
}

std::ostream& operator<<(std::ostream& out, leave_reason reason) {
  if (!is_known(reason))
    return out << "leave_reason " << static_cast<int>(reason);
  return out << to_text(reason);
}

std::ostream& operator<<(std::ostream& out, end_cause cause) {
  return out << to_text(cause);
}

std::ostream& operator<<(std::ostream& out, errc code) {
  return out << to_text(code);
}

std::ostream& operator<<(std::ostream& out, const shared_buffer& data) {
  return out << (data.is_utf8() ? test::shown_text(data.view())
                                : test::shown_bytes(data.view()));
}

std::ostream& operator<<(std::ostream& out, const close_info& info) {
  return out << info.reason << ' ' << info.code << ' '
             << test::shown_text(info.text);
}

std::ostream& operator<<(std::ostream& out, const ws_join& message) {
  return out << "ws_join " << message.client_pid.view() << ' '
             << message.metadata.view();
}

std::ostream& operator<<(std::ostream& out, const ws_message& message) {
  return out << "ws_message " << message.client_pid.view() << ' '
             << message.topic.view() << " seq=" << message.seq << ' '
             << message.type << ' ' << shown_data(message.type, message.data)
             << (message.redelivered ? " again" : "");
}

std::ostream& operator<<(std::ostream& out, const ws_heartbeat& message) {
  return out << "ws_heartbeat " << message.client_pid.view() << ' '
             << message.uptime.count()
             << "ms messages=" << message.message_count;
}

std::ostream& operator<<(std::ostream& out, const ws_leave& message) {
  return out << "ws_leave " << message.client_pid.view() << ' '
             << message.reason << ' ' << message.code << ' '
             << test::shown_text(message.text) << " last=" << message.last_seq;
}

std::ostream& operator<<(std::ostream& out, const ws_overflow& message) {
  return out << "ws_overflow " << message.client_pid.view()
             << " dropped=" << message.dropped << " queued=" << message.queued;
}

std::ostream& operator<<(std::ostream& out, const ws_drained& message) {
  return out << "ws_drained " << message.client_pid.view()
             << " dropped=" << message.dropped;
}

std::ostream& operator<<(std::ostream& out, const ws_refused& message) {
  return out << "ws_refused " << message.reason << ' '
             << message.metadata.view();
}

std::ostream& operator<<(std::ostream& out, const ws_send& message) {
  return out << "ws_send " << message.type << ' '
             << shown_data(message.type, message.data);
}

std::ostream& operator<<(std::ostream& out, const ws_close& message) {
  return out << "ws_close " << message.code << ' '
             << test::shown_text(message.reason);
}

std::ostream& operator<<(std::ostream& out, const ws_control& message) {
  out << "ws_control";
  if (message.target)
    out << " target=" << message.target;
  if (!message.target_pid.empty())
    out << " target_pid=" << message.target_pid;
  if (message.message_topic)
    out << " message_topic=" << *message.message_topic;
  if (message.heartbeat_interval)
    out << " heartbeat_interval=" << message.heartbeat_interval->count()
        << "ms";
  if (message.metadata)
    out << " metadata=" << message.metadata->view();
  return out;
}

std::ostream& operator<<(std::ostream& out, const ws_event& message) {
  return out << "ws_event " << message.topic << ' ' << message.data.view();
}

std::ostream& operator<<(std::ostream& out, const http_request& request) {
  return out << "http_request " << request.method << ' '
             << (request.target.empty() ? request.path : request.target);
}

std::ostream& operator<<(std::ostream& out, const relay_to& command) {
  return out << "relay_to " << command.target << ' '
             << (command.metadata.empty() ? "{}" : command.metadata.view());
}

std::ostream& operator<<(std::ostream& out, const http_response& response) {
  out << "http_response " << response.status;
  if (response.relay)
    out << ' ' << *response.relay;
  if (!response.body.empty())
    out << ' ' << response.body;
  return out;
}

} // namespace wsrelay

namespace caf {

std::ostream& operator<<(std::ostream& out, const error& value) {
  return out << (value ? wsrelay::to_text(value) : std::string{"none"});
}

std::ostream& operator<<(std::ostream& out, sec code) {
  return out << to_string(code);
}

std::ostream& operator<<(std::ostream& out, exit_reason reason) {
  return out << to_string(reason);
}

std::ostream& operator<<(std::ostream& out, const actor& who) {
  return out << (who ? to_string(who) : std::string{"no actor"});
}

std::ostream& operator<<(std::ostream& out, const message& value) {
  return out << to_string(value);
}

std::ostream& operator<<(std::ostream& out, const std::optional<error>& value) {
  if (value)
    return out << *value;
  return out << "nothing";
}

} // namespace caf
