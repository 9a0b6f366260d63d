// The stream's turns.
#include "test/net/http/memory_stream.hpp"

#include <algorithm>
#include <array>

namespace wsrelay::test {

memory_stream::~memory_stream() {
  record_.closed = true;
  record_.events = nullptr;
}

// The call that fails breaks the stream, as the kernel would.
void memory_stream::count() {
  if (record_.calls++ != record_.fail_at)
    return;
  record_.broken = true;
  output_.clear();
}

void memory_stream::want_input(bool wanted) {
  count();
  record_.wanted = wanted;
}

void memory_stream::send(output_piece piece) {
  count();
  if (record_.closed || record_.broken)
    return;
  output_.push(std::move(piece));
  dirty_ = true;
}

void memory_stream::end_output() {
  count();
  ending_ = dirty_ = true;
}

void memory_stream::close() {
  count();
  record_.closed = true;
  output_.clear();
}

void memory_stream::cut_off() {
  record_.cut_off = true;
  close();
}

void memory_stream::receive(std::string_view bytes) {
  record_.held += bytes;
}

void memory_stream::receive_end() {
  end_came_ = true;
}

void memory_stream::turn() {
  auto& events = *record_.events;
  if (!record_.closed && record_.wanted && !record_.held.empty()) {
    auto bytes = std::exchange(record_.held, {});
    auto used = events.on_input(bytes);
    if (record_.events != &events)
      return static_cast<void>(record_.held = bytes.substr(used));
    if (!record_.closed)
      record_.held.insert(0, bytes.substr(used));
  }
  auto ended = end_came_ || record_.broken;
  if (!record_.closed && record_.wanted && record_.held.empty() && ended)
    events.on_end();
  else if (!record_.closed && !record_.wanted && ended
           && !std::exchange(hang_up_told_, true))
    events.on_hang_up();
  if (!record_.closed && (dirty_ || record_.broken || !output_.empty()))
    take_output();
  if (record_.closed)
    events.on_released();
}

void memory_stream::send_now() {
  count();
  if (!record_.closed && !record_.broken)
    pass_on();
}

void memory_stream::take_output() {
  dirty_ = false;
  pass_on();
  if (ending_ && output_.empty())
    record_.output_ended = true;
  record_.events->on_sent();
}

void memory_stream::pass_on() {
  while (!output_.empty() && record_.room > 0) {
    std::array<iovec, 1> part;
    output_.gather(part);
    auto count = std::min(part[0].iov_len, record_.room);
    record_.output.append(static_cast<const char*>(part[0].iov_base), count);
    record_.room -= record_.room == SIZE_MAX ? 0 : count;
    output_.taken(count);
  }
}

} // namespace wsrelay::test
