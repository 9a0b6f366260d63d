// What a test expects of its client, and how a failure tells what came instead.
#include "test/kit/fake_client.hpp"

#include "actors/pid_text.hpp"
#include "protocol/json.hpp"
#include "test/kit/json_difference.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace wsrelay::test {

namespace {

// Of what waits, the next ones tell where a test stands.
constexpr std::size_t max_shown_messages = 5;

// Where two long texts differ is hard to see.
std::string first_difference(std::string_view expected, std::string_view got) {
  constexpr std::size_t short_enough = 40;
  if (expected.size() < short_enough || got.size() < short_enough)
    return {};
  auto differs =
      std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
  auto at = static_cast<std::size_t>(differs.first - expected.begin());
  return "\n  they differ from byte " + std::to_string(at)
         + " on: " + shown_text(expected.substr(at, short_enough)) + ", "
         + shown_text(got.substr(at, short_enough));
}

// As an envelope has it.
std::string spelled(std::string_view topic) {
  auto text = json_string(topic);
  return text.substr(1, text.size() - 2);
}

std::string came(const client_message& message) {
  return "  came instead: " + printed(message);
}

} // namespace

std::string fake_client::name() const {
  auto pid = pid_text(actor_.id(), actor_.node());
  return name_.empty() ? pid : name_ + " (" + pid + ")";
}

void fake_client::run() const {
  if (auto runner = runner_.lock())
    (*runner)();
}

// How the client stands: what waits, and whether its socket is open.
std::string fake_client::state_text() const {
  std::string result;
  auto& all = received();
  for (std::size_t i = 0; i < std::min(all.size(), max_shown_messages); ++i)
    result += "\n  waits: " + printed(all[i]);
  if (all.size() > max_shown_messages)
    result +=
        "\n  and " + std::to_string(all.size() - max_shown_messages) + " more";
  if (auto& frame = close_frame())
    result += "\n  closed by the relay: " + std::to_string(frame->code) + " "
              + json_string(frame->reason);
  else if (is_open())
    result += "\n  its socket is open";
  else
    result += "\n  its socket has ended without a close frame";
  if (auto& reason = exit_reason())
    result += "\n  its actor has ended: "
              + (*reason ? to_text(*reason) : std::string{"normal"});
  return result;
}

void fake_client::complain(const std::string& expected,
                           const std::string& found, source_line where) const {
  fail(name() + ": expected " + expected + (found.empty() ? "" : "\n") + found
           + state_text(),
       where);
}

// Nothing when there is none, which has failed then.
std::optional<client_message> fake_client::next(const std::string& expected,
                                                source_line where) {
  if (received().empty())
    run();
  auto& all = port_->received();
  if (all.empty()) {
    complain(expected, "  nothing came", where);
    return std::nullopt;
  }
  auto result = std::move(all.front());
  all.erase(all.begin());
  return result;
}

void fake_client::expect_text(std::string_view data, source_line where) {
  auto wanted = text(std::string{data});
  auto expected = printed(wanted);
  auto message = next(expected, where);
  if (!message || *message == wanted)
    return;
  auto is_text = message->type == message_type::text;
  complain(expected,
           came(*message)
               + (is_text ? first_difference(data, message->data) : ""),
           where);
}

void fake_client::expect_binary(std::string_view data, source_line where) {
  auto wanted = binary(std::string{data});
  auto message = next(printed(wanted), where);
  if (message && *message != wanted)
    complain(printed(wanted), came(*message), where);
}

void fake_client::expect_json(std::string_view json, source_line where) {
  auto expected = "the JSON " + std::string{json};
  auto message = next(expected, where);
  if (!message)
    return;
  if (message->type != message_type::text)
    return complain(expected, came(*message), where);
  if (auto difference = json_difference(json, message->data))
    complain(expected, came(*message) + "\n" + *difference, where);
}

void fake_client::expect_event(std::string_view topic, std::string_view data,
                               source_line where) {
  client_event wanted{std::string{topic}, std::string{data}};
  auto expected = "the event " + printed(wanted);
  auto message = next(expected, where);
  if (!message)
    return;
  auto event = to_event(*message);
  if (!event || event->topic != spelled(topic))
    return complain(expected, came(*message), where);
  if (auto difference = json_difference(data, event->data))
    complain(expected, came(*message) + "\n" + *difference, where);
}

std::string fake_client::expect_event(std::string_view topic,
                                      source_line where) {
  auto expected = "an event " + std::string{topic};
  auto message = next(expected, where);
  if (!message)
    return {};
  auto event = to_event(*message);
  if (event && event->topic == spelled(topic))
    return event->data;
  complain(expected, came(*message), where);
  return {};
}

client_message fake_client::expect_message(source_line where) {
  return next("a message", where).value_or(client_message{});
}

void fake_client::expect_nothing(source_line where) {
  run();
  if (!received().empty())
    complain("nothing", "", where);
}

bool fake_client::is_closed_with(std::uint16_t code,
                                 std::optional<std::string_view> reason) const {
  auto& frame = close_frame();
  if (!frame)
    return code == 1006 && !is_open();
  return frame->code == code && (!reason || frame->reason == *reason);
}

void fake_client::check_close(std::uint16_t code,
                              std::optional<std::string_view> reason,
                              source_line where) {
  if (!close_frame())
    run();
  if (is_closed_with(code, reason))
    return;
  auto text = "to be closed with " + std::to_string(code);
  if (reason)
    text += " " + json_string(*reason);
  complain(text, "", where);
}

void fake_client::expect_close(std::uint16_t code, source_line where) {
  check_close(code, std::nullopt, where);
}

void fake_client::expect_close(std::uint16_t code, std::string_view reason,
                               source_line where) {
  check_close(code, reason, where);
}

void fake_client::expect_open(source_line where) {
  run();
  if (!is_open() || close_frame())
    complain("its socket to be open", "", where);
}

} // namespace wsrelay::test
