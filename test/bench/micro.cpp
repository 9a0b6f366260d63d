// Micro benchmarks of the hot pure functions, with Google Benchmark: what each
// message, or each handshake, passes through. Run `build/release/test/micro`.
#include "config/route_table.hpp"
#include "net/ws/handshake.hpp"
#include "protocol/frame.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/shared_buffer.hpp"
#include "protocol/topic.hpp"
#include "protocol/upgrade.hpp"
#include "protocol/utf8.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace wsrelay;

namespace {

// A client's frame: final, masked, with a key that is not all the same.
std::string masked_frame(opcode op, std::size_t size) {
  std::string frame(max_masked_header, '\0');
  frame[0] = first_byte(op);
  put_plain_length(frame.data() + 1, size);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  frame.resize(plain_header_size(size));
  frame += "key!";
  for (std::size_t i = 0; i < size; ++i)
    frame += static_cast<char>('x' ^ "key!"[i % 4]);
  return frame;
}

void count_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(each)
                          * static_cast<std::int64_t>(state.iterations()));
}

void unmask(benchmark::State& state) {
  std::string in(static_cast<std::size_t>(state.range(0)), 'x');
  std::string out(in.size(), '\0');
  for (auto _ : state) {
    unmask_copy(out.data(), in, {'k', 'e', 'y', '!'}, 1);
    benchmark::DoNotOptimize(out.data());
  }
  count_bytes(state, in.size());
}
BENCHMARK(unmask)->Arg(16)->Arg(125)->Arg(1024)->Arg(16384);

// Sixteen messages of one read, as under load.
void read_messages(benchmark::State& state, opcode op) {
  std::string input;
  for (int i = 0; i < 16; ++i)
    input += masked_frame(op, static_cast<std::size_t>(state.range(0)));
  message_reader reader{1 << 20};
  for (auto _ : state) {
    std::string_view rest{input};
    while (!rest.empty() && reader.next(rest) == message_reader::event::message)
      benchmark::DoNotOptimize(reader.take());
  }
  state.SetItemsProcessed(16 * static_cast<std::int64_t>(state.iterations()));
  count_bytes(state, input.size());
}
BENCHMARK_CAPTURE(read_messages, binary, opcode::binary)
    ->Arg(16)
    ->Arg(125)
    ->Arg(1024)
    ->Arg(16384);
BENCHMARK_CAPTURE(read_messages, text, opcode::text)->Arg(125)->Arg(16384);

void frame_for_the_first(benchmark::State& state) {
  std::string payload(125, 'x');
  for (auto _ : state) {
    shared_buffer buffer{payload};
    benchmark::DoNotOptimize(buffer.framed(opcode::text));
  }
}
BENCHMARK(frame_for_the_first);

// What a broadcast does for every other receiver.
void frame_for_the_next(benchmark::State& state) {
  shared_buffer buffer{std::string(125, 'x')};
  for (auto _ : state) {
    shared_buffer copy{buffer};
    benchmark::DoNotOptimize(copy.is_utf8());
    benchmark::DoNotOptimize(copy.framed(opcode::text));
  }
}
BENCHMARK(frame_for_the_next);

void check_utf8(benchmark::State& state, const char* sample) {
  std::string text;
  while (text.size() < 1024)
    text += sample;
  for (auto _ : state)
    benchmark::DoNotOptimize(is_valid_utf8(text));
  count_bytes(state, text.size());
}
BENCHMARK_CAPTURE(check_utf8, ascii, "plain text, ");
BENCHMARK_CAPTURE(check_utf8, german,
                  "gr\xc3\xb6\xc3\x9f"
                  "er, ");
BENCHMARK_CAPTURE(check_utf8, chinese, "\xe4\xb8\xad\xe6\x96\x87");

void event_envelope(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        make_envelope("chat.message", R"({"name":"ann","text":"hello"})"));
}
BENCHMARK(event_envelope);

void relay_command_of_a_handler(benchmark::State& state) {
  std::string_view json = R"({"target_pid":"chat","metadata":{"user":"ann"},)"
                          R"("heartbeat_interval":"30s"})";
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_relay_command(json, {}));
}
BENCHMARK(relay_command_of_a_handler);

void upgrade_request(benchmark::State& state) {
  http_fields fields{{"Host", "localhost:8080"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (auto _ : state)
    benchmark::DoNotOptimize(check_upgrade("GET", fields));
}
BENCHMARK(upgrade_request);

// The same for ten routes and for ten thousand.
void find_route(benchmark::State& state) {
  relay_config config;
  auto& router = config.routers.emplace_back();
  router.name = "api";
  router.server = "gateway";
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    auto& endpoint = config.endpoints.emplace_back();
    endpoint.router = router.name;
    endpoint.path =
        *path_pattern::parse("/api/service" + std::to_string(i) + "/{room}");
  }
  route_table table{config, "gateway"};
  auto path = "/api/service" + std::to_string(state.range(0) / 2) + "/lobby";
  for (auto _ : state)
    benchmark::DoNotOptimize(table.find("GET", path));
}
BENCHMARK(find_route)->Arg(10)->Arg(10'000);

void switching_protocols(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        make_switching_protocols("dGhlIHNhbXBsZSBub25jZQ==", {}));
}
BENCHMARK(switching_protocols);

} // namespace

BENCHMARK_MAIN();
