// The client's handle; what it does happens in its port.
#include "test/kit/fake_client.hpp"

#include "actors/ending.hpp"
#include "protocol/json.hpp"

#include <caf/abstract_actor.hpp>

#include <ostream>
#include <string_view>
#include <utility>

namespace wsrelay::test {

// Reads the envelope as wsrelay writes it: {"topic":"...","data":...}.
std::optional<client_event> to_event(const client_message& message) {
  constexpr std::string_view head = R"({"topic":")";
  constexpr std::string_view middle = R"(","data":)";
  std::string_view all = message.data;
  auto end = all.find(middle);
  if (message.type != message_type::text || !all.starts_with(head)
      || end == std::string_view::npos || !check_json_object(all))
    return std::nullopt;
  auto data = all.substr(end + middle.size());
  data.remove_suffix(1);
  return client_event{std::string{all.substr(head.size(), end - head.size())},
                      std::string{data}};
}

client_message text(std::string data) {
  return {message_type::text, std::move(data)};
}

client_message binary(std::string data) {
  return {message_type::binary, std::move(data)};
}

std::ostream& operator<<(std::ostream& out, const client_message& message) {
  if (message.type == message_type::text)
    return out << "text " << shown_text(message.data);
  return out << "binary " << shown_bytes(message.data);
}

std::ostream& operator<<(std::ostream& out, const client_close& frame) {
  return out << frame.code << ' ' << shown_text(frame.reason);
}

std::ostream& operator<<(std::ostream& out, const client_event& event) {
  return out << event.topic << ' ' << event.data;
}

fake_client::fake_client(caf::actor connection,
                         std::shared_ptr<fake_frame_port> port,
                         std::string name, weak_runner runner)
    : actor_{std::move(connection)},
      port_{std::move(port)},
      name_{std::move(name)},
      runner_{std::move(runner)},
      exit_reason_{std::make_shared<std::optional<caf::error>>()} {
  actor_->attach_functor(
      [slot = exit_reason_](const caf::error& reason) { *slot = reason; });
}

void fake_client::send_text(std::string data) {
  port_->send(text(std::move(data)));
}

void fake_client::send_binary(std::string data) {
  port_->send(binary(std::move(data)));
}

void fake_client::close(std::uint16_t code, std::string reason) {
  port_->send_close({code, std::move(reason)});
}

void fake_client::lose() {
  port_->fail(end_cause::connection_lost, 0);
}

void fake_client::reset() {
  port_->reset(name() + ": reset()");
}

void fake_client::fail_write(std::size_t nth) {
  port_->fail_write(nth, {},
                    name() + ": fail_write(" + std::to_string(nth) + ")");
}

void fake_client::delay_write(milliseconds delay, std::size_t nth) {
  port_->fail_write(nth, delay,
                    name() + ": delay_write(" + std::to_string(delay.count())
                        + "ms, " + std::to_string(nth) + ")");
}

void fake_client::end_output() {
  port_->end_output();
}

void fake_client::break_protocol(std::uint16_t code) {
  port_->fail(end_cause::protocol_error, code);
}

void fake_client::fall_silent() {
  port_->fail(end_cause::timeout, 0);
}

void fake_client::stall() {
  port_->stall();
}

void fake_client::read_again() {
  port_->read_again();
}

const std::vector<client_message>& fake_client::received() const {
  return port_->received();
}

std::vector<client_message> fake_client::take() {
  return std::exchange(port_->received(), {});
}

text_list fake_client::take_texts() {
  text_list result;
  for (auto& message : take())
    result.push_back(message.type == message_type::text
                         ? std::move(message.data)
                         : "binary " + message.data);
  return result;
}

std::vector<client_event> fake_client::events() const {
  std::vector<client_event> result;
  for (auto& message : received())
    if (auto event = to_event(message))
      result.push_back(std::move(*event));
  return result;
}

std::vector<client_event> fake_client::take_events() {
  auto result = events();
  port_->received().clear();
  return result;
}

const std::optional<client_close>& fake_client::close_frame() const {
  return port_->close_frame();
}

bool fake_client::is_open() const {
  return port_->is_open();
}

bool fake_client::is_paused() const {
  return port_->is_paused();
}

const std::optional<caf::error>& fake_client::exit_reason() const {
  return *exit_reason_;
}

} // namespace wsrelay::test
