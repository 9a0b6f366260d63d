// What clients do once they are connected.
#include "test/storm/client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>

namespace wsrelay::storm {

namespace {

using namespace std::chrono_literals;

// Frames that break RFC 6455, or the size limit of the storm's router.
const std::array<std::string_view, 7> bad_frames{
    std::string_view{"\x81\x03"
                     "abc"},                         // not masked
    std::string_view{"\xc1\x80\0\0\0\0", 6},         // reserved bit
    std::string_view{"\x83\x80\0\0\0\0", 6},         // reserved opcode
    std::string_view{"\x81\x82\0\0\0\0\xff\xfe", 8}, // no UTF-8
    std::string_view{"\x89\xfe\x00\x7e\0\0\0\0", 8}, // long ping
    std::string_view{"\x80\x81\0\0\0\0x", 7},        // continues nothing
    std::string_view{"\x82\xff\0\0\0\0\x10\0\0\0\0\0\0\0", 14}, // too big
};

} // namespace

void client::act(steady::time_point now) {
  if (phase_ == phase::upgrading && random() % 200 == 0)
    return reset_connection();
  if (phase_ != phase::open || calm_ || now < silent_until_
      || out_.size() > 256 * 1024)
    return;
  auto choice = random() % 1000;
  if (choice < 700)
    send_message(random() % 200);
  else if (choice < 740)
    send_message(random() % 20'000);
  else if (choice < 745)
    send_message(random() % 150'000);
  else if (choice < 820)
    send_fragments();
  else if (choice < 900)
    put(opcode::ping, "are you there");
  else if (choice < 950)
    stop_reading(now);
  else if (choice < 970)
    send_close();
  else if (choice < 985)
    reset_connection();
  else if (choice < 992)
    send_garbage();
  else
    drop();
}

// One in four is silent as well, and does not answer pings.
void client::stop_reading(steady::time_point now) {
  paused_until_ = now + std::chrono::milliseconds{random() % 800};
  if (random() % 4 == 0)
    silent_until_ = paused_until_ = now + 1500ms;
}

void client::calm() {
  calm_ = true;
  paused_until_ = {};
}

void client::send_message(std::uint64_t size) {
  auto text = fmt::format("{}:{}:", serial_, ++sent_);
  text.append(size, '-');
  put(random() % 2 == 0 ? opcode::text : opcode::binary, text);
  ++setting_.counts.sent;
}

// With a ping in between, which RFC 6455 section 5.4 allows.
void client::send_fragments() {
  auto text = fmt::format("{}:{}:", serial_, ++sent_);
  text.append(random() % 5'000, '-');
  auto cut = random() % text.size();
  std::string_view whole{text};
  put(opcode::text, whole.substr(0, cut), false);
  if (random() % 2 == 0)
    put(opcode::ping, "between");
  put(opcode::continuation, {}, false);
  put(opcode::continuation, whole.substr(cut));
  ++setting_.counts.sent;
}

void client::send_close() {
  std::array<std::string_view, 3> bodies{"", "\x03\xe8", "\x0f\xa1why"};
  put(opcode::close, bodies[random() % bodies.size()]);
  if (setting_.low_limits)
    setting_.seen.closes(serial_, sent_);
  phase_ = phase::ending;
  must_answer_ = true;
  end_within(40'000ms);
}

void client::send_garbage() {
  if (random() % 3 == 0) {
    out_ += '\x70'; // reserved bits, else it could be a frame by chance
    for (int i = 0; i < 64; ++i)
      out_ += static_cast<char>(random());
  } else {
    out_ += bad_frames[random() % bad_frames.size()];
  }
  phase_ = phase::ending;
  end_within(std::chrono::milliseconds{200 + random() % 1'000});
}

void client::put(opcode op, std::string_view data, bool fin) {
  char header[max_masked_header];
  auto key = keys_.next();
  auto size = bench::put_header(header, op, data.size(), key);
  if (!fin)
    header[0] = static_cast<char>(header[0] & 0x7f);
  out_.append(header, size);
  auto at = out_.size();
  out_.resize(at + data.size());
  if (!data.empty())
    bench::mask_copy(&out_[at], data, key);
}

} // namespace wsrelay::storm
