// One HTTP/1.1 message as Beast's parser tells it. `message_parser` decides
// what Beast is given, and when.
#pragma once

#include "net/http/reader_limits.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/shared_buffer.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstring>
#include <limits>
#include <string>

namespace wsrelay {

/// What stands in a message's header, as it came.
struct message_head {
  std::string method;  // of a request
  std::string target;  // of a request
  unsigned status = 0; // of a response
  int version = 11;    // 10 for HTTP/1.0; later ones than 1.1 are read as 1.1
  http_fields fields;
};

/// Holds what Beast has read. Unlike Beast's own parser it has no fields of
/// which each throws from 64 KiB on. Beast's limit of a header is not set:
/// `error::header_limit` says that there are too many fields.
template <bool is_request>
class beast_message final
    : public boost::beast::http::basic_parser<is_request> {
public:
  using error_code = boost::beast::error_code;

  explicit beast_message(const reader_limits& limits) : limits_{limits} {
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(limits.body_size);
  }

  /// Reads a text that must be used whole; `error::need_more` when it was not.
  error_code put_all(const std::string& text) {
    error_code ec;
    auto used = this->put({text.data(), text.size()}, ec);
    if (!ec && used != text.size())
      ec = boost::beast::http::error::need_more;
    return ec;
  }

  message_head head;
  buffer_builder body;
  std::uint64_t chunk_left = 0; // bytes of the present chunk that are to come

private:
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, string_view method,
                       string_view target, int version, error_code&) override {
    head.method.assign(method.data(), method.size());
    head.target.assign(target.data(), target.size());
    head.version = version;
  }

  void on_response_impl(int code, string_view, int version,
                        error_code&) override {
    head.status = static_cast<unsigned>(code);
    head.version = version;
  }

  void on_field_impl(boost::beast::http::field, string_view name,
                     string_view value, error_code& ec) override {
    if (head.fields.size() == limits_.fields)
      ec = boost::beast::http::error::header_limit;
    else
      head.fields.emplace_back(std::string{name.data(), name.size()},
                               std::string{value.data(), value.size()});
  }

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         error_code&) override {
    expected_ = length ? static_cast<std::size_t>(*length) : limits_.body_size;
  }

  std::size_t on_body_impl(string_view bytes, error_code&) override {
    if (!bytes.empty())
      std::memcpy(body.extend(bytes.size(), expected_), bytes.data(),
                  bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t size, string_view,
                            error_code&) override {
    chunk_left = size;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes,
                                 error_code& ec) override {
    chunk_left -= bytes.size();
    return on_body_impl(bytes, ec);
  }

  void on_finish_impl(error_code&) override {}

  reader_limits limits_;
  std::size_t expected_ = 0; // bytes of the body
};

} // namespace wsrelay
