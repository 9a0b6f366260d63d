// One frame after the other.
#include "protocol/message_reader.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <string>

namespace wsrelay {

message_reader::event message_reader::next(std::string_view& input) {
  for (;;) {
    if (error_ != close_code{})
      return event::failed;
    if (!in_frame_ && !read_header(input))
      return error_ == close_code{} ? event::none : event::failed;
    if (!read_payload(input))
      return error_ == close_code{} ? event::none : event::failed;
    if (auto found = end_frame(); found != event::none)
      return found;
  }
}

shared_buffer message_reader::take() noexcept {
  if (is_control(op_))
    return control_.finish();
  return message_.finish(is_text() && !deflated_);
}

bool message_reader::sees_close(std::string_view input) const {
  if (in_frame_ && op_ == opcode::close)
    return true;
  std::string joined{header_, held_};
  joined += input;
  std::string_view rest{joined};
  for (auto skipped = in_frame_ ? remaining_ : 0; skipped <= rest.size();) {
    rest.remove_prefix(static_cast<std::size_t>(skipped));
    auto header = read_frame_header(rest);
    if (header.size == 0 || header.op == opcode::close)
      return header.size > 0;
    rest.remove_prefix(header.size);
    skipped = header.length;
  }
  return false;
}

// -- headers ------------------------------------------------------------------

bool message_reader::read_header(std::string_view& input) {
  frame_header header;
  if (held_ == 0) {
    header = read_frame_header(input);
    input.remove_prefix(header.size);
  }
  // Less than a header has come: it is collected byte by byte.
  while (header.size == 0 && !input.empty()) {
    header_[held_++] = input.front();
    input.remove_prefix(1);
    header = read_frame_header({header_, held_});
  }
  if (header.size == 0)
    return false;
  held_ = 0;
  if (!accept(header))
    return false;
  in_frame_ = true;
  op_ = header.op;
  fin_ = header.fin;
  key_ = header.key;
  remaining_ = header.length;
  offset_ = 0;
  return true;
}

// No other extension was agreed on; a client masks; a length has one form.
bool message_reader::accept(const frame_header& header) noexcept {
  auto starts = header.op == opcode::text || header.op == opcode::binary;
  if (header.reserved || (header.deflated && !(may_deflate_ && starts)))
    return fail(close_code::protocol_error, "a reserved bit is set");
  if (!header.masked)
    return fail(close_code::protocol_error, "a frame is not masked");
  if (!header.minimal || header.length >> 63 != 0)
    return fail(close_code::protocol_error, "a length is not well-formed");
  return is_control(header.op) ? accept_control(header) : accept_data(header);
}

bool message_reader::accept_control(const frame_header& header) noexcept {
  auto known = header.op == opcode::close || header.op == opcode::ping
               || header.op == opcode::pong;
  if (!known)
    return fail(close_code::protocol_error, "an unknown opcode");
  if (!header.fin)
    return fail(close_code::protocol_error, "a control frame is fragmented");
  if (header.length > max_control_payload)
    return fail(close_code::protocol_error, "a control frame is too long");
  control_.clear();
  return true;
}

bool message_reader::accept_data(const frame_header& header) noexcept {
  auto starts = header.op == opcode::text || header.op == opcode::binary;
  if (!starts && header.op != opcode::continuation)
    return fail(close_code::protocol_error, "an unknown opcode");
  if (starts && in_message_)
    return fail(close_code::protocol_error, "a message inside of another");
  if (!starts && !in_message_)
    return fail(close_code::protocol_error, "a continuation of no message");
  if (starts) {
    message_.clear();
    type_ = header.op;
    deflated_ = header.deflated;
    checked_ = 0;
  }
  // What hardly compresses grows a little; whoever inflates it knows the rest.
  auto most = max_message_ + (deflated_ ? max_message_ / 512 + 64 : 0);
  if (header.length > most - message_.size())
    return fail(close_code::message_too_big,
                "a message is too big: send smaller ones");
  in_message_ = true;
  return true;
}

// -- payloads -----------------------------------------------------------------

bool message_reader::read_payload(std::string_view& input) {
  auto& into = is_control(op_) ? control_ : message_;
  auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>(remaining_, input.size()));
  if (count > 0) {
    // Nobody knows how many fragments follow.
    auto expected = fin_ ? into.size() + static_cast<std::size_t>(remaining_)
                         : max_message_;
    unmask_copy(into.extend(count, expected), input.substr(0, count), key_,
                offset_);
    input.remove_prefix(count);
    remaining_ -= count;
    offset_ += count;
  }
  auto whole = remaining_ == 0;
  auto is_plain_text = !is_control(op_) && is_text() && !deflated_;
  if (is_plain_text && !check_text(whole && fin_))
    return fail(close_code::invalid_payload, "a text is not UTF-8");
  return whole;
}

// Looks at every byte once, and fails as soon as it can.
bool message_reader::check_text(bool at_end) noexcept {
  auto fresh = message_.view().substr(checked_);
  auto valid = valid_utf8_prefix(fresh);
  checked_ += valid;
  auto rest = fresh.substr(valid);
  return rest.empty() || (!at_end && is_cut_sequence(rest));
}

message_reader::event message_reader::end_frame() noexcept {
  in_frame_ = false;
  switch (op_) {
    case opcode::ping:
      return event::ping;
    case opcode::pong:
      return event::pong;
    case opcode::close:
      return check_close() ? event::close : event::failed;
    default:
      in_message_ = !fin_;
      return fin_ ? event::message : event::none;
  }
}

bool message_reader::check_close() noexcept {
  auto payload = control_.view();
  if (payload.empty())
    return true;
  auto code = static_cast<std::uint16_t>(close_frame_code(payload));
  if (payload.size() == 1 || !is_sendable(code))
    return fail(close_code::protocol_error, "an invalid close code");
  if (!is_valid_utf8(payload.substr(2)))
    return fail(close_code::invalid_payload, "a close reason is not UTF-8");
  return true;
}

bool message_reader::fail(close_code why, std::string_view reason) noexcept {
  error_ = why;
  reason_ = reason;
  message_.clear();
  control_.clear();
  return false;
}

// -- close frames -------------------------------------------------------------

close_code close_frame_code(std::string_view payload) noexcept {
  if (payload.size() < 2)
    return close_code::no_status;
  auto high = static_cast<unsigned char>(payload[0]);
  auto low = static_cast<unsigned char>(payload[1]);
  return static_cast<close_code>(high << 8 | low);
}

shared_buffer make_close_payload(std::uint16_t code, std::string_view reason) {
  if (code == static_cast<std::uint16_t>(close_code::no_status))
    return {};
  std::string payload{static_cast<char>(code >> 8),
                      static_cast<char>(code & 0xff)};
  payload += fit_close_reason(reason);
  return payload;
}

} // namespace wsrelay
