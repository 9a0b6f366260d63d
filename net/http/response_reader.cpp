// Responses: interim ones, those without a body, those without an end.
#include "net/http/response_reader.hpp"

#include "net/http/message_parser.hpp"

#include <new>

namespace wsrelay {

namespace {

constexpr int max_interim = 16;

std::string_view to_text(message_error error) {
  switch (error) {
    case message_error::malformed:
    case message_error::version:
      break;
    case message_error::coding:
      return "has an unknown transfer coding";
    case message_error::line_size:
    case message_error::header_size:
      return "has a too large header";
    case message_error::field_count:
      return "has too many fields";
    case message_error::body_size:
    case message_error::chunk_size:
    case message_error::trailer_size:
      return "is too large";
  }
  return "is no HTTP/1.1";
}

} // namespace

class response_reader::parser {
public:
  parser(const reader_limits& limits, bool to_head)
      : limits_{limits}, to_head_{to_head} {
    begin();
  }

  event next(std::string_view& bytes) {
    for (;;) {
      auto result = message_->next(bytes);
      if (result == event::failed)
        return fail(to_text(message_->error()));
      if (result == event::header && !check_status())
        return event::failed;
      if (!is_interim() || result == event::none)
        return result;
      if (result == event::done) {
        if (++interim_ > max_interim)
          return fail("is not final");
        begin();
      }
    }
  }

  bool finish() { return !is_interim() && message_->finish(); }

  std::string_view error() const { return error_; }

  std::optional<std::uint64_t> length() const { return message_->length(); }

  bool keep_alive() const {
    auto is_odd =
        status() == 204
        && (message_->length().value_or(0) > 0 || message_->is_chunked());
    return message_->keep_alive() && !is_odd;
  }

  http_response take() {
    http_response out;
    out.status = static_cast<std::uint16_t>(status());
    out.headers = std::move(message_->head().fields);
    erase_hop_by_hop(out.headers);
    for (auto name : {"Content-Length", "Trailer"})
      erase_field(out.headers, name);
    if (auto length = message_->length(); length && to_head_)
      out.headers.emplace_back("Content-Length", std::to_string(*length));
    out.body = message_->take_body();
    return out;
  }

private:
  void begin() {
    message_.emplace(limits_);
    if (to_head_)
      message_->without_body();
  }

  unsigned status() const { return message_->head().status; }
  bool is_interim() const { return status() / 100 == 1; }

  // RFC 9110 section 15.
  bool check_status() {
    if (status() < 100 || status() > 599)
      fail(to_text(message_error::malformed));
    if (status() == 101)
      fail("is not final");
    return error_.empty();
  }

  event fail(std::string_view why) {
    error_ = why;
    return event::failed;
  }

  reader_limits limits_;
  bool to_head_;
  int interim_ = 0;
  std::optional<message_parser<false>> message_;
  std::string_view error_;
};

response_reader::response_reader(const reader_limits& limits, bool to_head)
    : parser_{std::make_unique<parser>(limits, to_head)} {}

response_reader::~response_reader() = default;
response_reader::response_reader(response_reader&&) noexcept = default;
response_reader&
response_reader::operator=(response_reader&&) noexcept = default;

response_reader::event response_reader::next(std::string_view& bytes) {
  had_bytes_ = had_bytes_ || !bytes.empty();
  if (last_ != event::done && last_ != event::failed) {
    try {
      last_ = read(bytes);
    } catch (const std::bad_alloc&) {
      return fail("is too large for the memory");
    } catch (const std::exception&) {
      return fail(to_text(message_error::malformed));
    }
  }
  // Nothing was asked for that could be answered.
  if (last_ == event::done && !bytes.empty())
    keep_alive_ = false;
  return last_;
}

response_reader::event response_reader::read(std::string_view& bytes) {
  auto result = parser_->next(bytes);
  if (result == event::failed)
    return fail(parser_->error());
  if (result == event::header) {
    length_ = parser_->length();
    keep_alive_ = parser_->keep_alive();
  }
  return result;
}

response_reader::event response_reader::finish() {
  if (last_ == event::done || last_ == event::failed)
    return last_;
  if (!parser_->finish())
    return fail("is not complete");
  return last_ = event::done;
}

bool response_reader::keep_alive() const noexcept {
  return last_ == event::done && keep_alive_;
}

http_response response_reader::take() {
  return parser_->take();
}

response_reader::event response_reader::fail(std::string_view why) noexcept {
  error_ = why;
  parser_.reset();
  return last_ = event::failed;
}

} // namespace wsrelay
