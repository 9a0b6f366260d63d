// The signature of a trusted header: what is accepted prints and reads again,
// and what is signed names every part.
#include "protocol/signature.hpp"

#include "test/fuzz/input.hpp"

#include <string>

using namespace wsrelay;
using fuzz::expect;

namespace {

std::string print(const relay_signature& value) {
  return "v1;hmac=" + value.hmac + ";nonce=" + value.nonce
         + ";expires=" + std::to_string(value.expires);
}

void check_parts(const relay_signature& value, std::string_view text) {
  expect(value.expires >= 0, "the expiry is a time");
  expect(value.nonce.size() >= 16 && value.nonce.size() <= 64,
         "the length of the nonce");
  expect(value.hmac.size() == 64, "the length of the digest");
  expect(text.find(";nonce=" + value.nonce) != text.npos
             && text.find(";hmac=" + value.hmac) != text.npos,
         "nonce and digest stand in the text");
  expect(text.find_first_of("\r\n ") == text.npos, "no space in a signature");
}

void check_signed(const relay_signature& value, std::string_view command) {
  auto text = signed_text(value, {"GET", "h", "/a", command});
  expect(text
             == "v1\n" + std::to_string(value.expires) + "\n" + value.nonce
                    + "\nGET\nh\n/a\n" + std::string{command},
         "what is signed");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto text = in.line();
  auto other = in.rest();
  expect(equal_digests(text, other) == (text == other), "digests are compared");
  auto value = parse_signature(text);
  if (!value)
    return 0;
  check_parts(*value, text);
  check_signed(*value, other);
  auto again = parse_signature(print(*value));
  expect(again && print(*again) == print(*value),
         "what is printed is read back");
  return 0;
}
