// The relay command: what is accepted is valid in each field, prints and reads
// again. The first byte is the limit of the metadata.
#include "protocol/relay_command.hpp"

#include "protocol/duration.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/topic.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

// The name of an unknown field stands in it as a JSON string.
void check_failure(std::string_view what) {
  expect(is_plain_utf8(what), "a failure may be shown");
}

void check_fields(const relay_command& command,
                  const relay_command_limits& limits) {
  expect(static_cast<bool>(check_relay_target(command.target_pid)),
         "the target");
  expect(command.message_topic.empty()
             || check_message_topic(command.message_topic),
         "the topic");
  expect(!command.heartbeat_interval
             || (command.heartbeat_interval->count() > 0
                 && *command.heartbeat_interval <= max_duration),
         "the interval");
  expect(static_cast<bool>(check_json_object(command.metadata)),
         "the metadata is an object");
  expect(command.metadata.size() <= limits.max_metadata,
         "the metadata is within its limit");
}

void check_round_trips(const relay_command& command,
                       const relay_command_limits& limits) {
  auto text = to_json(command);
  auto again = parse_relay_command(text, limits);
  expect(again && to_json(*again) == text, "what is printed is read back");
  auto checked = check_relay_command(command, limits);
  expect(checked && to_json(*checked) == text, "the struct passes as well");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  relay_command_limits limits;
  limits.max_metadata = in.byte() * std::size_t{16};
  auto command = parse_relay_command(in.rest(), limits);
  if (!command) {
    check_failure(command.error().what);
    return 0;
  }
  expect(is_valid_utf8(in.rest()), "a command is UTF-8");
  check_fields(*command, limits);
  check_round_trips(*command, limits);
  return 0;
}
