// Heads of responses.
#include "net/http/response_writer.hpp"

#include "protocol/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace wsrelay {

namespace {

constexpr std::array connection_fields = {
    std::string_view{"Connection"}, std::string_view{"Keep-Alive"},
    std::string_view{"Proxy-Connection"}, std::string_view{"Transfer-Encoding"},
    std::string_view{"Content-Length"}};

bool is_ours(std::string_view name) {
  return std::any_of(connection_fields.begin(), connection_fields.end(),
                     [&](auto field) { return same_field(field, name); });
}

// Writes each field once at most, of those that stand once.
class head_text {
public:
  explicit head_text(std::uint16_t status)
      : text_{fmt::format("HTTP/1.1 {} {}\r\n", status, status_text(status))} {}

  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }

  void add_own(const http_fields& fields) {
    for (auto& [name, value] : fields) {
      if (is_ours(name) || !is_safe_field(name, value) || is_repeated(name))
        continue;
      add(name, value);
    }
  }

  void complete(std::string_view date) {
    if (!has_server_)
      add("Server", "wsrelay");
    if (!has_date_)
      add("Date", date);
  }

  std::string take() {
    text_ += "\r\n";
    return std::move(text_);
  }

private:
  bool is_repeated(std::string_view name) {
    if (same_field(name, "Server"))
      return std::exchange(has_server_, true);
    if (same_field(name, "Date"))
      return std::exchange(has_date_, true);
    return false;
  }

  std::string text_;
  bool has_server_ = false;
  bool has_date_ = false;
};

bool has_no_body(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

// The options of Connection: an Upgrade field is one (RFC 9110 section 7.8).
std::string connection_options(const http_response& response, bool closes) {
  std::string result;
  if (count_fields(response.headers, "Upgrade") > 0)
    result = "Upgrade";
  if (closes)
    result += result.empty() ? "close" : ", close";
  return result;
}

} // namespace

body_framing framing_of(std::uint16_t status, const response_frame& frame) {
  if (frame.is_head || has_no_body(status))
    return body_framing::none;
  if (frame.length)
    return body_framing::length;
  return frame.may_be_chunked ? body_framing::chunked : body_framing::close;
}

std::string make_response_head(const http_response& response,
                               const response_frame& frame,
                               std::string_view date) {
  head_text head{response.status};
  head.add_own(response.headers);
  head.complete(date);
  if (frame.length && !has_no_body(response.status))
    head.add("Content-Length", fmt::format("{}", *frame.length));
  auto framing = framing_of(response.status, frame);
  if (framing == body_framing::chunked)
    head.add("Transfer-Encoding", "chunked");
  auto closes = !frame.keep_alive || framing == body_framing::close;
  if (auto options = connection_options(response, closes); !options.empty())
    head.add("Connection", options);
  return head.take();
}

std::string chunk_head(std::size_t size) {
  return fmt::format("{:x}\r\n", size);
}

} // namespace wsrelay
