// Lines, byte by byte.
#include "net/http/line_reader.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

bool is_control_byte(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

} // namespace

line_reader::status line_reader::next(std::string_view& bytes,
                                      std::size_t limit) {
  auto room = limit - std::min(limit, text_.size());
  auto piece = bytes.substr(0, room);
  auto end = piece.find('\n');
  auto is_whole = end != std::string_view::npos;
  piece = piece.substr(0, is_whole ? end + 1 : piece.size());
  auto first = text_.size();
  text_.append(piece);
  bytes.remove_prefix(piece.size());
  if (!is_valid_from(first))
    return status::malformed;
  if (!is_whole)
    return piece.size() == room ? status::too_large : status::more;
  auto is_empty = text_.size() == line_ + 2;
  line_ = text_.size();
  return is_empty ? status::empty : status::line;
}

void line_reader::clear() noexcept {
  text_.clear();
  line_ = 0;
}

void line_reader::release() noexcept {
  std::string{}.swap(text_);
  line_ = 0;
}

// CR and LF stand for a line's end, and only together.
bool line_reader::is_valid_from(std::size_t first) const noexcept {
  if (line_ < text_.size() && is_blank(text_[line_]))
    return false;
  for (auto i = first; i < text_.size(); ++i) {
    auto c = text_[i];
    auto after_cr = i > line_ && text_[i - 1] == '\r';
    if (after_cr != (c == '\n'))
      return false;
    if (is_control_byte(c) && c != '\r' && c != '\n')
      return false;
  }
  return true;
}

} // namespace wsrelay
