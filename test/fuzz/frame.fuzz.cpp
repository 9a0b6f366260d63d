// Frame headers and the mask, against what RFC 6455 sections 5.2 and 5.3 say
// byte by byte.
#include "protocol/frame.hpp"

#include "test/fuzz/input.hpp"

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

std::uint64_t number(std::string_view bytes) {
  std::uint64_t out = 0;
  for (auto byte : bytes)
    out = out * 256 + static_cast<std::uint8_t>(byte);
  return out;
}

// The header's end of a text that is long enough to hold it.
std::size_t header_end(std::string_view bytes) {
  auto second = static_cast<std::uint8_t>(bytes[1]);
  auto form = second % 128;
  return 2u
         + (form == 126   ? 2u
            : form == 127 ? 8u
                          : 0u)
         + (second >= 128 ? 4u : 0u);
}

void check_header(std::string_view bytes) {
  auto header = read_frame_header(bytes);
  auto whole = bytes.size() >= 2 && bytes.size() >= header_end(bytes);
  expect(header.size == (whole ? header_end(bytes) : 0), "the header's size");
  if (!whole)
    return;
  auto key_size = header.masked ? 4u : 0u;
  auto key = bytes.substr(header.size - key_size, key_size);
  expect(key.empty() || key == std::string_view{header.key.data(), 4},
         "the key stands at the end");
  auto length = bytes.substr(2, header.size - 2 - key_size);
  auto form = static_cast<std::uint8_t>(bytes[1]) % 128u;
  expect(header.length == (length.empty() ? form : number(length)),
         "the length is read");
  std::string written(plain_header_size(header.length), ' ');
  written[0] = bytes[0];
  put_plain_length(written.data() + 1, header.length);
  auto again = read_frame_header(written);
  expect(again.length == header.length && again.minimal && !again.masked,
         "a written length is read back");
  expect(header.minimal == (written.size() == header.size - key_size),
         "the shortest form is told from others");
}

void check_mask(std::string_view payload, mask_key key, std::uint64_t offset) {
  std::string out(payload.size(), ' ');
  unmask_copy(out.data(), payload, key, offset);
  for (std::size_t i = 0; i < out.size(); ++i)
    expect(out[i] == static_cast<char>(payload[i] ^ key[(offset + i) % 4]),
           "each byte is masked with its byte of the key");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  check_header(in.rest());
  auto offset = in.byte();
  mask_key key;
  for (auto& byte : key)
    byte = static_cast<char>(in.byte());
  check_mask(in.rest(), key, offset);
  return 0;
}
