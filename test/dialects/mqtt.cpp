// MQTT 3.1.1: the packets that a client needs to publish and subscribe.
#include "test/dialects/dialects.hpp"

#include "actors/answer.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace wsrelay::dialects {

namespace {

enum packet_type {
  connect = 1,
  publish = 3,
  subscribe = 8,
  ping_request = 12,
  disconnect = 14
};

// What has come of a client and is no whole packet: they are not aligned with
// messages (MQTT 3.1.1 section 6).
struct mqtt_state {
  std::map<caf::actor_id, std::string> input;
};

// Returns the first packet of `input`, its type and length included; "" when
// more of it is to come. Each byte of the length but the last has its first
// bit set.
std::string take_packet(std::string& input) {
  std::size_t length = 0;
  for (std::size_t at = 1; at < std::min<std::size_t>(input.size(), 5); ++at) {
    auto byte = static_cast<unsigned char>(input[at]);
    length |= std::size_t{byte & 0x7fu} << (7 * (at - 1));
    if ((byte & 0x80) != 0)
      continue;
    auto size = at + 1 + length;
    if (input.size() < size)
      return {};
    auto packet = input.substr(0, size);
    input.erase(0, size);
    return packet;
  }
  return {};
}

// Of a packet whose length is one byte.
std::string_view body_of(std::string_view packet) {
  return packet.substr(std::min<std::size_t>(2, packet.size()));
}

void answer_packet(caf::event_based_actor* self, const caf::actor& client,
                   const std::string& packet) {
  auto reply = [&](std::string_view bytes) {
    self->send(client, ws_send{message_type::binary, bytes});
  };
  using namespace std::literals;
  switch (static_cast<unsigned char>(packet[0]) >> 4) {
    case connect:
      return reply("\x20\x02\x00\x00"sv);
    case publish:
      return reply(packet);
    case subscribe:
      return reply("\x90\x03"s.append(body_of(packet).substr(0, 2)) + '\0');
    case ping_request:
      return reply("\xd0\x00"sv);
    case disconnect:
      return self->send(client, ws_close{1000, "bye"});
    default:
      return self->send(client, ws_close{1003, "unknown packet"});
  }
}

} // namespace

caf::behavior mqtt(caf::event_based_actor* self) {
  self->set_default_handler(drop_unexpected);
  auto clients = std::make_shared<mqtt_state>();
  return {
      [](const ws_join&) {},
      [self, clients](const ws_message& message) {
        auto& input = clients->input[message.client.id()];
        input += message.data.view();
        for (auto packet = take_packet(input); !packet.empty();
             packet = take_packet(input))
          answer_packet(self, message.client, packet);
      },
      [clients](const ws_leave& message) {
        clients->input.erase(message.client.id());
      },
  };
}

} // namespace wsrelay::dialects
