// The HTTP client.
#include "net/http/upstream.hpp"

#include "net/http/convert.hpp"
#include "protocol/relay_command.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace wsrelay {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;
using executor_type = asio::io_context::executor_type;
using socket_type = asio::basic_stream_socket<asio::ip::tcp, executor_type>;

// Bytes of the upstream's response header.
constexpr std::uint32_t header_limit = 64 * 1024;

problem bad_gateway(std::string detail) {
  return {502, "upstream", std::move(detail)};
}

http_fields forwarded_fields(const http_request& request) {
  auto result = request.headers;
  std::string host{find_field(result, "Host").value_or("")};
  erase_hop_by_hop(result);
  for (auto name : {"Host", "Content-Length", "Expect", "X-Forwarded-For",
                    "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"})
    erase_field(result, name);
  // The command of a client that is not a trusted proxy goes nowhere.
  erase_field(result, relay_header);
  erase_field(result, signature_header);
  result.emplace_back("X-Forwarded-For", request.remote_address);
  result.emplace_back("X-Forwarded-Proto", "http");
  result.emplace_back("X-Forwarded-Host", host);
  return result;
}

class upstream_call final : public loop_timer,
                            public std::enable_shared_from_this<upstream_call> {
public:
  upstream_call(loop& home, const upstream_handler& upstream,
                const http_request& request,
                std::function<void(upstream_result)> done)
      : loop_{home},
        config_{upstream},
        resolver_{home.context().get_executor()},
        socket_{home.context().get_executor()},
        done_{std::move(done)} {
    request_ = to_beast(request, forwarded_fields(request));
    request_.target(upstream.path + request.target);
    request_.set(http::field::host, authority());
    request_.keep_alive(false);
  }

  void start() {
    keep_ = shared_from_this();
    loop_.set_timer(*this, loop_.now() + config_.connect_timeout);
    resolver_.async_resolve(
        config_.host, std::to_string(config_.port),
        [me = shared_from_this()](error_code ec, auto results) {
          ec ? me->fail("the upstream's name is unknown")
             : me->connect(results);
        });
  }

private:
  std::string authority() const {
    auto is_ipv6 = config_.host.find(':') != std::string::npos;
    auto host = is_ipv6 ? fmt::format("[{}]", config_.host) : config_.host;
    return config_.port == 80 ? host : fmt::format("{}:{}", host, config_.port);
  }

  template <class Results>
  void connect(const Results& results) {
    asio::async_connect(socket_, results,
                        [me = shared_from_this()](error_code ec, const auto&) {
                          ec ? me->fail("the upstream cannot be reached")
                             : me->write();
                        });
  }

  void write() {
    loop_.set_timer(*this, loop_.now() + config_.response_timeout);
    http::async_write(socket_, request_,
                      [me = shared_from_this()](error_code ec, std::size_t) {
                        // A server may answer before it has read everything.
                        static_cast<void>(ec);
                        me->read();
                      });
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_limit);
    parser_->body_limit(config_.max_response_size);
    parser_->skip(request_.method() == http::verb::head);
    http::async_read(socket_, buffer_, *parser_,
                     [me = shared_from_this()](error_code ec, std::size_t) {
                       me->on_read(ec);
                     });
  }

  void on_read(error_code ec) {
    if (ec == http::error::body_limit || ec == http::error::header_limit)
      return fail("the upstream's response is too large");
    if (ec)
      return fail("the upstream's response is no HTTP");
    // RFC 9110 section 15.2: interim responses come before the final one.
    auto status = parser_->get().result_int();
    if (status < 200 && status != 101)
      return read();
    // 101 would be the upstream's own upgrade; the relay asked for none.
    if (parser_->get().result_int() < 200)
      return fail("the upstream's response is not final");
    finish(to_response(parser_->get()));
  }

  void on_timer() override {
    finish(problem{504, "upstream", "the upstream did not answer in time"});
  }

  void fail(std::string detail) { finish(bad_gateway(std::move(detail))); }

  void finish(upstream_result result) {
    if (!done_)
      return;
    loop_.set_timer(*this, time_point::max());
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    auto done = std::exchange(done_, nullptr);
    auto keep = std::exchange(keep_, nullptr);
    done(std::move(result));
  }

  loop& loop_;
  const upstream_handler& config_;
  asio::ip::basic_resolver<asio::ip::tcp, executor_type> resolver_;
  socket_type socket_;
  std::function<void(upstream_result)> done_;
  std::shared_ptr<upstream_call> keep_; // while the timer may fire
  http::request<http::string_body> request_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

} // namespace

void ask_upstream(loop& home, const upstream_handler& upstream,
                  const http_request& request,
                  std::function<void(upstream_result)> done) {
  std::make_shared<upstream_call>(home, upstream, request, std::move(done))
      ->start();
}

} // namespace wsrelay
