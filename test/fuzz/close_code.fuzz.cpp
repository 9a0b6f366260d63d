// Close codes and reasons: two bytes of code, then the reason.
#include "protocol/close_code.hpp"

#include "protocol/message_reader.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

// RFC 6455 section 7.4.2 and the IANA registry.
bool may_be_sent(unsigned code) {
  if (code >= 3000)
    return code < 5000;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005
         && code != 1006;
}

void check_reason(std::string_view reason) {
  auto fit = fit_close_reason(reason);
  expect(reason.starts_with(fit), "what fits is the front of the reason");
  expect(fit.size() <= max_close_reason, "what fits is short enough");
  if (!is_valid_utf8(reason))
    return;
  expect(is_valid_utf8(fit), "a valid reason stays valid");
  expect(fit == reason || fit.size() + 3 >= max_close_reason,
         "no more than one character is lost");
}

void check_payload(std::uint16_t code, std::string_view reason) {
  auto payload = make_close_payload(code, reason);
  expect(payload.size() <= max_control_payload, "the payload fits its frame");
  expect(close_frame_code(payload.view()) == static_cast<close_code>(code),
         "the code is read back");
  if (!payload.empty())
    expect(payload.view().substr(2) == fit_close_reason(reason),
           "the reason is read back");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto high = in.byte();
  auto code = static_cast<std::uint16_t>(high << 8 | in.byte());
  auto reason = in.rest();
  expect(is_sendable(code) == may_be_sent(code), "the codes that may be sent");
  expect(static_cast<bool>(check_close(code, reason))
             == (may_be_sent(code) && reason.size() <= 123
                 && is_valid_utf8(reason)),
         "what an actor may close with");
  check_reason(reason);
  check_payload(code, reason);
  return 0;
}
