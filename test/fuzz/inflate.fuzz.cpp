// A client's compressed message: what is inflated of it is what zlib makes of
// all its bytes at once, never more than the limit, and deflates and inflates
// to itself. Two bytes are the limit, one chooses how the result is deflated.
#include "net/ws/deflate.hpp"

#include "test/fuzz/input.hpp"

#include <zlib.h>

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

using inflate_outcome = message_inflater::outcome;

struct inflate_verdict {
  inflate_outcome what;
  std::string text;

  bool operator==(const inflate_verdict&) const = default;
};

struct raw_stream : z_stream {
  raw_stream() : z_stream{} {
    expect(inflateInit2(this, -15) == Z_OK, "zlib has memory");
  }
  ~raw_stream() { inflateEnd(this); }
  raw_stream(const raw_stream&) = delete;
  raw_stream& operator=(const raw_stream&) = delete;
};

// Inflates one stream at the front of `bytes` into `text`, up to `limit` bytes
// in all; true when it ended.
bool inflate_raw(std::string_view& bytes, std::string& text,
                 std::size_t limit) {
  raw_stream stream;
  inflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(text.data()),
                       static_cast<uInt>(text.size()));
  auto before = text.size();
  text.resize(limit);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
  stream.avail_out = static_cast<uInt>(limit - before);
  auto status = inflate(&stream, Z_FINISH);
  text.resize(limit - stream.avail_out);
  bytes.remove_prefix(bytes.size() - stream.avail_in);
  return status == Z_STREAM_END;
}

// All streams in `bytes`; true when the last one ends where they do.
bool inflate_all(std::string_view bytes, std::string& text, std::size_t limit) {
  while (inflate_raw(bytes, text, limit))
    if (bytes.empty())
      return true;
  return false;
}

// A message is whole when a last block of which nothing else could be the
// cause can follow it, or when it has such a block itself.
inflate_verdict judge_inflated(std::string_view compressed, std::size_t limit) {
  constexpr std::string_view tail{"\x00\x00\xff\xff", 4};
  constexpr std::string_view last{"\x01\x05\x00\xfa\xff", 5};
  constexpr std::string_view mark{"*END*"};
  if (compressed.empty())
    return {inflate_outcome::ok, ""};
  std::string text;
  if (inflate_all(compressed, text, limit + 1) && text.size() <= limit)
    return {inflate_outcome::ok, text};
  text.clear();
  auto bytes = std::string{compressed}.append(tail);
  inflate_all(bytes, text, limit + 1);
  if (text.size() > limit)
    return {inflate_outcome::too_big, ""};
  std::string marked;
  inflate_all(bytes.append(last).append(mark), marked, limit + 1 + mark.size());
  if (marked == text.append(mark))
    return {inflate_outcome::ok, text.substr(0, text.size() - mark.size())};
  return {inflate_outcome::malformed, ""};
}

inflate_verdict run_inflater(message_inflater& inflater,
                             std::string_view compressed) {
  buffer_builder out;
  auto what = inflater.inflate(compressed, out);
  return {what, std::string{out.view()}};
}

void check_deflated(const std::string& text, unsigned choice) {
  auto level = 1 + static_cast<int>(choice % 9);
  auto bits = 9 + static_cast<int>(choice / 9 % 7);
  auto takeover = choice / 63 % 2 != 0;
  message_deflater deflater{level, bits, takeover};
  message_inflater inflater{bits, takeover, text.size()};
  for (int times = 0; times < 2; ++times)
    expect(run_inflater(inflater, deflater.deflate(text).view())
               == inflate_verdict{inflate_outcome::ok, text},
           "what was deflated inflates to itself");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  std::size_t limit = in.byte();
  limit = limit << 8 | in.byte();
  auto choice = in.byte();
  auto expected = judge_inflated(in.rest(), limit);
  for (bool takeover : {false, true}) {
    message_inflater inflater{15, takeover, limit};
    auto found = run_inflater(inflater, in.rest());
    if (found.what == inflate_outcome::costly)
      return 0; // zlib has no such limit
    expect(found.text.size() <= limit, "the limit holds");
    expect(found == expected, "it is as zlib has it");
    expect(takeover || run_inflater(inflater, in.rest()) == expected,
           "without takeover it is the same again");
  }
  if (expected.what == inflate_outcome::ok)
    check_deflated(expected.text, choice);
  return 0;
}
