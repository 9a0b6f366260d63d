// The reader of client bytes: the pieces in which they come change nothing, and
// no event holds what the reader promises to refuse.
#include "protocol/message_reader.hpp"

#include "protocol/utf8.hpp"
#include "test/fuzz/client_stream.hpp"

using namespace wsrelay;

namespace {

void check_event(std::string_view event, std::size_t max_message) {
  using fuzz::expect;
  auto blank = event.find(' ');
  auto kind = event.substr(0, blank);
  auto payload = event.substr(std::min(blank, event.size() - 1) + 1);
  if (kind == "text" || kind == "binary")
    expect(payload.size() <= max_message, "a message is within the limit");
  else
    expect(payload.size() <= 5 + max_control_payload,
           "a control frame is within its limit");
  if (kind == "text")
    expect(is_valid_utf8(payload), "a text is valid UTF-8");
  if (kind == "close")
    expect(is_valid_utf8(payload), "a close reason is valid UTF-8");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto stream = fuzz::make_client_stream({data, size});
  auto whole = test::events_of(stream.bytes, stream.max_message);
  auto pieces = test::events_of(stream.bytes, stream.max_message, stream.cuts);
  fuzz::expect(whole == pieces, "the pieces change nothing");
  for (const auto& event : whole)
    check_event(event, stream.max_message);
  return 0;
}
