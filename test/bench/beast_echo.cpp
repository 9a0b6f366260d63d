// The yardstick: what a plain user of Boost.Beast 1.81 gets. An asynchronous
// echo server on one thread: type-erased executor, the suggested timeouts of
// the server role, auto_fragment as it comes, no TCP_NODELAY. Without it
// Nagle's algorithm gathers small replies in the kernel and stalls large ones,
// so a second argument turns it on.
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include <sys/resource.h>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::asio::ip::tcp;
using boost::beast::error_code;

// One connection: accept, then read a message and write it back, until the
// first error, which every end is. Lives as long as an operation is pending.
class echo_session : public std::enable_shared_from_this<echo_session> {
public:
  explicit echo_session(tcp::socket&& socket) : stream_{std::move(socket)} {}

  void run() {
    asio::dispatch(
        stream_.get_executor(),
        beast::bind_front_handler(&echo_session::accept, shared_from_this()));
  }

private:
  void accept() {
    using beast::websocket::stream_base;
    stream_.set_option(
        stream_base::timeout::suggested(beast::role_type::server));
    stream_.async_accept(beast::bind_front_handler(&echo_session::on_accept,
                                                   shared_from_this()));
  }

  void on_accept(error_code error) {
    if (!error)
      read();
  }

  void read() {
    stream_.async_read(
        buffer_,
        beast::bind_front_handler(&echo_session::on_read, shared_from_this()));
  }

  void on_read(error_code error, std::size_t) {
    if (error)
      return;
    stream_.text(stream_.got_text());
    stream_.async_write(
        buffer_.data(),
        beast::bind_front_handler(&echo_session::on_write, shared_from_this()));
  }

  void on_write(error_code error, std::size_t size) {
    if (error)
      return;
    buffer_.consume(size);
    read();
  }

  beast::websocket::stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

// Accepts until the process ends. Its callers see to it that it outlives them.
class echo_listener {
public:
  echo_listener(asio::io_context& loop, std::uint16_t port, bool no_delay)
      : acceptor_{loop, {asio::ip::make_address("127.0.0.1"), port}} {
    acceptor_.set_option(tcp::no_delay{no_delay}); // sockets inherit it
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!error)
        std::make_shared<echo_session>(std::move(socket))->run();
      accept();
    });
  }

private:
  tcp::acceptor acceptor_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && at == end;
}

} // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  bool no_delay = argc == 3 && argv[2] == std::string_view{"nodelay"};
  if ((argc != 2 && !no_delay) || !parse_port(argv[1], port)) {
    std::fputs("usage: beast_echo PORT [nodelay] (0 = the kernel chooses)\n",
               stderr);
    return 2;
  }
  try {
    raise_descriptor_limit();
    asio::io_context loop{1};
    echo_listener listener{loop, port, no_delay};
    listener.accept();
    std::printf("listening on 127.0.0.1:%u\n", unsigned{listener.port()});
    std::fflush(stdout);
    loop.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "beast_echo: %s\n", error.what());
    return 1;
  }
}
