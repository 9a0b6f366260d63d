// zlib's streams, fed with whole messages.
#include "net/ws/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace wsrelay {

namespace {

// What a flush ends with, and no message carries: RFC 7692 section 7.2.1.
constexpr std::string_view flush_tail{"\x00\x00\xff\xff", 4};

// On the stack: a message that fits, as most do, gets memory of its exact size.
constexpr std::size_t inflate_chunk = 16 * 1024;

// zlib counts a call's input and output in 32 bits.
constexpr std::size_t zlib_piece = std::numeric_limits<uInt>::max() / 2;

void check_zlib(int status) {
  if (status == Z_MEM_ERROR)
    throw std::bad_alloc{};
  if (status != Z_OK)
    throw std::invalid_argument{"zlib does not take these parameters"};
}

// Gives zlib what `rest` has next; false when that is nothing.
bool give_input(z_stream& stream, std::string_view& rest) {
  auto piece = rest.substr(0, zlib_piece);
  rest.remove_prefix(piece.size());
  // zlib does not write there, but ZLIB_CONST may not be defined.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  return !piece.empty();
}

// Memory for what zlib writes, that starts as `size` and grows when it has to.
class deflate_output {
public:
  explicit deflate_output(std::size_t size)
      : bytes_{std::make_unique_for_overwrite<char[]>(size)}, size_{size} {}

  // Points zlib to room of at least one byte.
  void offer(z_stream& stream) {
    if (used_ == size_)
      grow();
    offered_ = std::min(size_ - used_, zlib_piece);
    stream.next_out = reinterpret_cast<Bytef*>(bytes_.get() + used_);
    stream.avail_out = static_cast<uInt>(offered_);
  }

  void take(const z_stream& stream) { used_ += offered_ - stream.avail_out; }

  std::string_view view() const { return {bytes_.get(), used_}; }

private:
  void grow() {
    auto more = size_ + size_ / 2 + 16;
    auto larger = std::make_unique_for_overwrite<char[]>(more);
    std::memcpy(larger.get(), bytes_.get(), used_);
    bytes_ = std::move(larger);
    size_ = more;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
  std::size_t used_ = 0;
  std::size_t offered_ = 0;
};

// Done when zlib leaves room: then nothing is pending.
void deflate_piece(z_stream& stream, int flush, deflate_output& out) {
  do {
    out.offer(stream);
    ::deflate(&stream, flush);
    out.take(stream);
  } while (stream.avail_out == 0);
}

} // namespace

void message_deflater::ender::operator()(z_stream* stream) const noexcept {
  deflateEnd(stream);
  delete stream;
}

// 8 is zlib's default for the memory of its tables.
message_deflater::message_deflater(int level, int window_bits, bool takeover)
    : stream_{new z_stream{}}, takeover_{takeover} {
  check_zlib(deflateInit2(stream_.get(), level, Z_DEFLATED, -window_bits, 8,
                          Z_DEFAULT_STRATEGY));
}

shared_buffer message_deflater::deflate(std::string_view message) {
  // Section 7.2.3.6. zlib gives nothing for a second flush without input.
  if (message.empty())
    return {std::string_view{"\0", 1}};
  auto& stream = *stream_;
  if (!takeover_)
    deflateReset(&stream);
  // The bound is that of one final block; a flush is 5 bytes more at most,
  // and up to 7 bits are pending.
  deflate_output out{deflateBound(&stream, message.size()) + 8};
  while (give_input(stream, message))
    deflate_piece(stream, message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
  auto bytes = out.view();
  return {bytes.substr(0, bytes.size() - flush_tail.size())};
}

void message_inflater::ender::operator()(z_stream* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

// zlib's own raw deflate used 9 bits when it was told 8 (before 1.2.9), so a
// client that says 8 may mean it.
message_inflater::message_inflater(int window_bits, bool takeover,
                                   std::size_t max_message)
    : stream_{new z_stream{}}, takeover_{takeover}, max_message_{max_message} {
  check_zlib(inflateInit2(stream_.get(), -std::max(window_bits, 9)));
}

message_inflater::outcome message_inflater::inflate(std::string_view compressed,
                                                    buffer_builder& out) {
  if (!takeover_)
    inflateReset(stream_.get()); // forgets the window too
  auto result = run(compressed, out);
  if (result != outcome::ok)
    out.clear();
  return result;
}

// No payload at all is no compressed message (section 7.2.3.6), but senders
// that flush zlib twice make it of an empty one, and ws and websockets take it.
// A payload that ends with a final block needs no tail: section 7.2.1 wants an
// empty block behind it, but who forgot it left nothing open.
message_inflater::outcome message_inflater::run(std::string_view compressed,
                                                buffer_builder& out) {
  left_ = max_message_;
  blocks_ = 0;
  between_ = false;
  finished_ = compressed.empty();
  auto result = feed(compressed, out);
  if (result == outcome::ok && !finished_)
    result = feed(flush_tail, out);
  if (result == outcome::ok && !finished_ && !between_)
    result = outcome::malformed;
  return result;
}

message_inflater::outcome message_inflater::feed(std::string_view bytes,
                                                 buffer_builder& out) {
  std::array<char, inflate_chunk> chunk;
  while (give_input(*stream_, bytes))
    do {
      auto result = step(chunk.data(), chunk.size(), out);
      if (result != outcome::ok)
        return result;
    } while (!finished_ && !stalled_);
  return outcome::ok;
}

// A block may be a final one anywhere: "the next DEFLATE block follows" at the
// next byte (section 7.2.1), and may refer to what came before. zlib ends its
// stream there, so it goes on with the window kept; inflateResetKeep is in
// zlib.h since 1.2.5.2, costs nothing, and no copy of the window that a peer
// could ask for every two bytes. Others are less exact: ws and websockets
// ignore what follows, Beast 1.81 fails the connection.
message_inflater::outcome message_inflater::step(char* chunk, std::size_t size,
                                                 buffer_builder& out) {
  auto& stream = *stream_;
  // One byte more than may come tells what is too big.
  auto room = std::min(size - 1, left_) + 1;
  stream.next_out = reinterpret_cast<Bytef*>(chunk);
  stream.avail_out = static_cast<uInt>(room);
  auto status = ::inflate(&stream, Z_BLOCK); // up to the end of a block
  if (status == Z_MEM_ERROR)
    throw std::bad_alloc{};
  stalled_ = status == Z_BUF_ERROR;
  if (!stalled_)
    note_block();
  finished_ = status == Z_STREAM_END && stream.avail_in == 0;
  if (status == Z_STREAM_END)
    inflateResetKeep(&stream);
  auto made = room - stream.avail_out;
  if (made > left_)
    return outcome::too_big;
  append({chunk, made}, made == room, out);
  if (is_costly())
    return outcome::costly;
  auto good = status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END;
  return good ? outcome::ok : outcome::malformed;
}

// While more is to come memory grows by half, as it may stay with a message
// that waits for a slow reader; the end gets what it needs.
void message_inflater::append(std::string_view bytes, bool more,
                              buffer_builder& out) {
  if (bytes.empty())
    return;
  left_ -= bytes.size();
  auto needed = out.size() + bytes.size();
  auto spare = more ? std::min(needed / 2, left_) : 0;
  std::memcpy(out.extend(bytes.size(), needed + spare), bytes.data(),
              bytes.size());
}

// zlib.h on data_type: 128 right after the end of a block, below 64 the bits of
// the last byte that are unused.
void message_inflater::note_block() noexcept {
  auto state = static_cast<unsigned>(stream_->data_type);
  auto ended = (state & 128) != 0;
  blocks_ += ended;
  between_ = ended && (state & 63) == 0;
}

bool message_inflater::is_costly() const noexcept {
  return blocks_ > free_blocks + (max_message_ - left_) / text_per_block;
}

} // namespace wsrelay
