// Topics and envelopes: a line of topic, then the data.
#include "protocol/topic.hpp"

#include "protocol/json.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

void check_names(std::string_view topic) {
  auto plain = !topic.empty() && topic.size() <= max_topic_length
               && is_plain_utf8(topic);
  auto reserved = topic.substr(0, 3) == "ws.";
  expect(is_reserved(topic) == reserved, "which topics are reserved");
  expect(static_cast<bool>(check_topic(topic)) == (plain && !reserved),
         "which topics may be sent");
  expect(static_cast<bool>(check_message_topic(topic))
             == (plain && (!reserved || topic == default_message_topic)),
         "which topics a message may have");
}

void check_envelope(std::string_view topic, std::string_view data) {
  auto envelope = make_envelope(topic, data);
  expect(static_cast<bool>(envelope)
             == (check_topic(topic) && check_json(data)),
         "an envelope needs a topic and JSON");
  if (!envelope) {
    expect(is_plain_utf8(envelope.error().what), "a failure may be shown");
    return;
  }
  auto name = json_string(topic);
  expect(*envelope
             == "{\"topic\":" + name + ",\"data\":" + std::string{data} + "}",
         "an envelope holds both as they are");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto topic = in.line();
  check_names(topic);
  check_names(in.rest());
  check_envelope(topic, in.rest());
  return 0;
}
