// Compressed messages against Boost.Beast 1.81's server: frames with RSV1,
// right and wrong, whose messages were deflated from what the input says.
#include "net/ws/frame_input.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/beast_server.hpp"
#include "test/fuzz/client_stream.hpp"

using namespace wsrelay;

namespace {

using fuzz::events;

// Nothing here waits for a time.
struct still_loop final : loop_context {
  void set_timer(loop_timer&, time_point) override {}
  time_point now() const noexcept override { return {}; }
  void post(std::function<void()>) override {}
};

struct deflated_stream {
  std::size_t max_message = 0;
  std::string bytes;
};

std::string deflated(const std::string& text) {
  static message_deflater deflater{6, 15, false};
  return std::string{deflater.deflate(text).view()};
}

bool begins_message(const test::client_frame& frame) {
  return frame.op == opcode::text || frame.op == opcode::binary;
}

// What a first frame with RSV1 holds is the whole message, deflated; the frames
// that continue it are empty.
deflated_stream make_deflated_stream(fuzz::input in) {
  constexpr std::size_t limits[] = {1,   5,      125,    126,
                                    200, 65'535, 65'536, 1 << 20};
  deflated_stream out;
  out.max_message = limits[in.byte() & 7];
  bool inside = false;
  bool ends = true; // the message
  while (!in.empty() && out.bytes.size() < 1 << 16) {
    auto frame = fuzz::take_frame(in);
    frame.length = {}; // what Beast sees differently is the other target's
    frame.length_size = {};
    if (frame.op == opcode::close)
      continue;
    if (begins_message(frame)) {
      inside = (frame.reserved & 4) != 0;
      if (inside)
        frame.payload = deflated(frame.payload);
    } else if (inside && frame.op == opcode::continuation) {
      frame.payload.clear();
    }
    if (frame.payload.size() > max_control_payload && is_control(frame.op))
      frame.payload.resize(max_control_payload);
    out.bytes += to_bytes(frame);
    if (!is_control(frame.op))
      ends = frame.fin;
  }
  if (!ends)
    out.bytes += to_bytes(test::client_frame{.op = opcode::continuation});
  return out;
}

std::string event_text(frame_input::event what, frame_input& reader) {
  using event = frame_input::event;
  if (what == event::failed)
    return "failed " + std::to_string(static_cast<unsigned>(reader.error()));
  auto is_text = reader.is_text();
  auto taken = reader.take();
  std::string payload{taken.view()};
  if (what == event::message)
    return (is_text ? "text " : "binary ") + payload;
  return (what == event::ping ? "ping " : "pong ") + payload;
}

events input_events(const deflated_stream& stream) {
  relay_options options;
  options.max_message_size = stream.max_message;
  still_loop home;
  message_codec codec{{}, options, std::make_shared<deflate_pool>(home)};
  frame_input reader{stream.max_message, &codec};
  events out;
  for (std::string_view rest{stream.bytes}; !rest.empty();) {
    auto what = reader.next(rest, true);
    if (what == frame_input::event::none)
      continue;
    out.push_back(event_text(what, reader));
    if (what == frame_input::event::failed)
      break;
  }
  return out;
}

void print_events(const char* who, const events& what) {
  std::fprintf(stderr, "%s: %s\n", who, test::joined(what).c_str());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto stream = make_deflated_stream({data, size});
  auto ours = input_events(stream);
  auto beasts =
      fuzz::beast_server{stream.max_message, stream.bytes, true}.read_all();
  auto fails = [](const events& all) {
    return !all.empty() && all.back().starts_with("failed");
  };
  // Which rule of several a frame breaks first is not said. A text that is not
  // UTF-8 Beast sees before its last frame.
  if (fails(ours) && fails(beasts)) {
    auto early = beasts.back() == ours.back() && ours.back() == "failed 1007";
    beasts.pop_back();
    ours.pop_back();
    if (early && beasts.size() < ours.size())
      ours.resize(beasts.size());
  }
  // Beast looks at a ping between fragments only when it has more of them.
  while (!fails(ours) && !fails(beasts) && ours.size() > beasts.size()
         && ours.back().starts_with("p"))
    ours.pop_back();
  if (ours == beasts)
    return 0;
  // Beast forgets to look whether a text ends inside of a character when its
  // last fragment is empty.
  auto [a, b] =
      std::mismatch(ours.begin(), ours.end(), beasts.begin(), beasts.end());
  if (b != beasts.end() && b->starts_with("text ") && !is_valid_utf8(*b))
    return 0;
  print_events("frame_input", ours);
  print_events("Beast", beasts);
  fuzz::expect(false, "the two agree");
  return 0;
}
