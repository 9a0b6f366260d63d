// The only file that instantiates Beast's HTTP server side.
#include "net/http/session.hpp"

#include "actors/log.hpp"
#include "net/http/convert.hpp"
#include "net/http/problem_response.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <ctime>
#include <optional>

namespace wsrelay {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

// How long a client may keep sending after it was told that it ends.
constexpr std::chrono::seconds linger{2};

// RFC 9110 section 5.6.7.
std::string http_date() {
  auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  auto size =
      std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

// The answer to a request that could not be read; nothing when none is due.
std::optional<problem> to_problem(error_code ec) {
  if (ec == http::error::header_limit)
    return problem{431, "size", "the request's header is too large"};
  if (ec == http::error::body_limit)
    return problem{413, "size", "the request's body is too large"};
  if (ec == http::error::end_of_stream || ec == http::error::partial_message
      || ec.category() != make_error_code(http::error::bad_field).category())
    return std::nullopt;
  return problem{400, "request", "the request is no HTTP/1.1"};
}

class http_session final : public loop_timer,
                           public open_socket,
                           public std::enable_shared_from_this<http_session> {
public:
  http_session(tcp_socket socket, socket_ticket ticket, exchange_place place,
               std::string remote_address)
      : place_{std::move(place)},
        ticket_{std::move(ticket)},
        socket_{std::move(socket)},
        remote_{std::move(remote_address)} {
    ++place_.home.socket_count;
    place_.home.add(*this);
  }

  ~http_session() { --place_.home.socket_count; }

  void start() {
    set_timer(settings().request_timeout);
    read_header();
  }

  void abort() override { close(); }
  bool is_idle() const override { return idle_; }

private:
  const service_config& settings() const { return place_.owner->settings; }

  void set_timer(milliseconds delay) {
    place_.home.set_timer(*this, place_.home.now() + delay);
  }
  void cancel_timer() { place_.home.set_timer(*this, time_point::max()); }

  // A timer only runs while a read is under way, or while lingering.
  void on_timer() override {
    auto keep = shared_from_this();
    if (lingering_ || waiting_)
      return close();
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored); // the read's handler answers
  }

  // -- reading ----------------------------------------------------------------

  void next_request() {
    if (place_.owner->stopping)
      return has_input() ? end() : close();
    if (buffer_.size() > 0) // pipelined
      return start();
    waiting_ = idle_ = true;
    set_timer(settings().idle_timeout);
    socket_.async_wait(tcp_socket::wait_read,
                       [me = shared_from_this()](error_code ec) {
                         me->waiting_ = me->idle_ = false;
                         ec ? me->close() : me->start();
                       });
  }

  bool has_input() const {
    error_code ignored;
    return buffer_.size() + socket_.available(ignored) > 0;
  }

  // Until its header is there a request has not begun: the node may stop.
  void read_header() {
    idle_ = true;
    parser_.emplace();
    parser_->header_limit(
        static_cast<std::uint32_t>(settings().max_header_size));
    parser_->body_limit(settings().max_body_size);
    http::async_read_header(
        socket_, buffer_, *parser_,
        [me = shared_from_this()](error_code ec, std::size_t) {
          me->idle_ = false;
          ec ? me->on_read_error(ec) : me->on_header();
        });
  }

  // RFC 9112 sections 3.2 and 6.3: what a server must not guess at.
  std::optional<problem> check_header() const {
    auto& request = parser_->get();
    auto hosts = request.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && request.version() == 11))
      return problem{400, "request", "the request needs one Host"};
    if (request.count(http::field::transfer_encoding) > 0
        && !parser_->chunked())
      return problem{400, "request", "the transfer encoding is not chunked"};
    return std::nullopt;
  }

  void on_header() {
    if (auto bad = check_header()) {
      cancel_timer();
      keep_alive_ = false;
      return answer(to_response(*bad));
    }
    auto expect = parser_->get()[http::field::expect];
    if (parser_->is_done() || !beast::iequals(expect, "100-continue"))
      return read_body();
    continue_.emplace(http::status::continue_, 11);
    http::async_write(socket_, *continue_,
                      [me = shared_from_this()](error_code ec, std::size_t) {
                        ec ? me->close() : me->read_body();
                      });
  }

  void read_body() {
    http::async_read(socket_, buffer_, *parser_,
                     [me = shared_from_this()](error_code ec, std::size_t) {
                       ec ? me->on_read_error(ec) : me->on_request();
                     });
  }

  void on_read_error(error_code ec) {
    cancel_timer();
    keep_alive_ = false;
    if (timed_out_ && buffer_.size() + parser_->is_header_done() > 0)
      return answer(to_response({408, "timeout", "the request took too long"}));
    if (auto bad = to_problem(ec))
      return answer(to_response(*bad));
    close();
  }

  // -- answering --------------------------------------------------------------

  void on_request() {
    cancel_timer();
    auto& request = parser_->get();
    // HTTP/1.0 has no upgrade, and keeps alive only by an extension.
    keep_alive_ = request.version() >= 11 && request.keep_alive();
    is_head_ = request.method() == http::verb::head;
    if (request.version() < 11)
      request.erase(http::field::upgrade);
    auto plain = to_request(request, remote_);
    parser_.reset();
    auto found = place_.owner->routes.find(plain.method, plain.path);
    std::visit([&](auto& route) { serve(route, std::move(plain)); }, found);
  }

  void serve(no_match&, http_request&&) {
    answer(to_response({404, "path", "there is nothing here"}));
  }

  void serve(method_mismatch& route, http_request&&) {
    auto response =
        to_response({405, "method", "the method is not allowed here"});
    response.headers.emplace_back("Allow", route.allow);
    answer(std::move(response));
  }

  void serve(static_match& route, http_request&& request) {
    answer(place_.owner->files.get(*route.files, route.file, request.headers));
  }

  void serve(endpoint_match& route, http_request&& request) {
    key_ = find_field(request.headers, "Sec-WebSocket-Key").value_or("");
    run_exchange(place_, std::move(route), std::move(request),
                 [me = shared_from_this()](exchange_result result) {
                   if (auto* response = std::get_if<http_response>(&result))
                     me->answer(std::move(*response));
                   else
                     me->upgrade(std::get<admission>(std::move(result)));
                 });
  }

  void upgrade(admission admitted) {
    cancel_timer();
    error_code ec;
    auto descriptor = socket_.release(ec);
    if (ec)
      return close();
    auto rest = buffer_.cdata();
    start_ws_session({place_.home,
                      descriptor,
                      {static_cast<const char*>(rest.data()), rest.size()},
                      std::move(ticket_),
                      std::move(key_),
                      std::move(remote_)},
                     std::move(admitted), place_.owner->acceptor);
  }

  void answer(http_response response) {
    keep_alive_ = keep_alive_ && !place_.owner->stopping;
    body_ = std::move(response.body);
    auto without_body = response.status == 204 || response.status == 304;
    if (is_head_ || without_body)
      write_head(response, without_body);
    else
      write_whole(response);
  }

  template <class Response>
  void fill(Response& out, const http_response& response) {
    out.result(response.status);
    out.version(11);
    for (auto& [name, value] : response.headers)
      out.insert(name, value);
    // An upstream's own stay.
    if (out.count(http::field::server) == 0)
      out.set(http::field::server, "wsrelay");
    if (out.count(http::field::date) == 0)
      out.set(http::field::date, http_date());
    if (!keep_alive_)
      out.set(http::field::connection, "close");
  }

  void write_head(const http_response& response, bool without_body) {
    auto out = std::make_shared<http::response<http::empty_body>>();
    fill(*out, response);
    // Without a body nobody knows how long GET's would have been.
    if (!without_body && body_.size() > 0)
      out->content_length(body_.size());
    write(std::move(out));
  }

  void write_whole(const http_response& response) {
    auto out = std::make_shared<http::response<http::span_body<const char>>>();
    fill(*out, response);
    out->body() = {body_.data(), body_.size()};
    out->content_length(body_.size());
    write(std::move(out));
  }

  template <class Response>
  void write(std::shared_ptr<Response> out) {
    auto& message = *out;
    http::async_write(socket_, message,
                      [me = shared_from_this(), out = std::move(out)](
                          error_code ec, std::size_t) { me->on_written(ec); });
  }

  void on_written(error_code ec) {
    body_ = {};
    if (ec)
      return close();
    if (!keep_alive_)
      return end();
    next_request();
  }

  // -- the end ----------------------------------------------------------------

  // Waits for the client to close: closing a socket with unread input would
  // reset the connection and destroy the answer on its way.
  void end() {
    lingering_ = true;
    set_timer(linger);
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
    discard();
  }

  void discard() {
    socket_.async_read_some(
        boost::asio::buffer(scrap_),
        [me = shared_from_this()](error_code ec, std::size_t) {
          ec ? me->close() : me->discard();
        });
  }

  void close() {
    cancel_timer();
    error_code ignored;
    socket_.close(ignored);
    ticket_.give_back();
  }

  exchange_place place_;
  socket_ticket ticket_;
  tcp_socket socket_;
  std::string remote_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::empty_body>> continue_;
  shared_buffer body_;
  std::string key_;
  std::array<char, 1024> scrap_;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool idle_ = false;      // no request has begun
  bool waiting_ = false;   // for the next request on a kept-alive socket
  bool lingering_ = false; // answered, waiting for the client to close
  bool timed_out_ = false;
};

} // namespace

void start_http_session(tcp_socket socket, socket_ticket ticket,
                        exchange_place place, std::string remote_address) {
  std::make_shared<http_session>(std::move(socket), std::move(ticket),
                                 std::move(place), std::move(remote_address))
      ->start();
}

} // namespace wsrelay
