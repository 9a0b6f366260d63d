// The yardstick: what a plain user of Boost.Beast 1.81 gets. An asynchronous
// echo server on one thread: type-erased executor, the suggested timeouts of
// the server role, auto_fragment as it comes, no TCP_NODELAY. Without it
// Nagle's algorithm gathers small replies in the kernel and stalls large ones,
// so an argument turns it on. With TLS: Asio's ssl_stream, OpenSSL's defaults.
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sys/resource.h>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::asio::ip::tcp;
using boost::beast::error_code;

// One connection: accept, then read a message and write it back, until the
// first error, which every end is. Lives as long as an operation is pending.
template <class Stream>
class echo_session : public std::enable_shared_from_this<echo_session<Stream>> {
public:
  using deflate = beast::websocket::permessage_deflate;

  template <class... Context>
  echo_session(const deflate& how, tcp::socket&& socket, Context&... context)
      : stream_{std::move(socket), context...}, deflate_{how} {}

  void run() {
    asio::dispatch(stream_.get_executor(),
                   beast::bind_front_handler(&echo_session::begin,
                                             this->shared_from_this()));
  }

private:
  void begin() {
    if constexpr (std::is_same_v<Stream, beast::tcp_stream>)
      accept();
    else
      stream_.next_layer().async_handshake(
          asio::ssl::stream_base::server,
          [me = this->shared_from_this()](error_code error) {
            if (!error)
              me->accept();
          });
  }

  void accept() {
    using beast::websocket::stream_base;
    stream_.set_option(
        stream_base::timeout::suggested(beast::role_type::server));
    stream_.set_option(deflate_);
    stream_.async_accept(beast::bind_front_handler(&echo_session::on_accept,
                                                   this->shared_from_this()));
  }

  void on_accept(error_code error) {
    if (!error)
      read();
  }

  void read() {
    stream_.async_read(buffer_,
                       beast::bind_front_handler(&echo_session::on_read,
                                                 this->shared_from_this()));
  }

  void on_read(error_code error, std::size_t) {
    if (error)
      return;
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(),
                        beast::bind_front_handler(&echo_session::on_write,
                                                  this->shared_from_this()));
  }

  void on_write(error_code error, std::size_t size) {
    if (error)
      return;
    buffer_.consume(size);
    read();
  }

  beast::websocket::stream<Stream> stream_;
  deflate deflate_;
  beast::flat_buffer buffer_;
};

// Accepts until the process ends. Its callers see to it that it outlives them.
class echo_listener {
public:
  echo_listener(asio::io_context& loop, std::uint16_t port, bool no_delay,
                bool deflates, std::optional<asio::ssl::context>& tls)
      : tls_{tls},
        acceptor_{loop, {asio::ip::make_address("127.0.0.1"), port}} {
    acceptor_.set_option(tcp::no_delay{no_delay}); // sockets inherit it
    deflate_.server_enable = deflates;
    deflate_.server_no_context_takeover = true;
    deflate_.client_no_context_takeover = true;
    deflate_.compLevel = 1;
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!error && tls_)
        std::make_shared<echo_session<beast::ssl_stream<beast::tcp_stream>>>(
            deflate_, std::move(socket), *tls_)
            ->run();
      else if (!error)
        std::make_shared<echo_session<beast::tcp_stream>>(deflate_,
                                                          std::move(socket))
            ->run();
      accept();
    });
  }

private:
  std::optional<asio::ssl::context>& tls_;
  beast::websocket::permessage_deflate deflate_;
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
  std::string_view option = argc > 2 ? argv[2] : "";
  bool deflates = argc == 3 && option == "deflate";
  bool no_delay = argc == 3 && (option == "nodelay" || deflates);
  bool has_tls = argc == 5 && option == "tls";
  if ((argc != 2 && !no_delay && !has_tls) || !parse_port(argv[1], port)) {
    std::fputs(
        "usage: beast_echo PORT [nodelay | deflate | tls CERTIFICATE KEY] (0 = "
        "the kernel chooses)\n",
        stderr);
    return 2;
  }
  try {
    std::optional<asio::ssl::context> tls;
    if (has_tls) { // as a plain one, but without Nagle's algorithm
      tls.emplace(asio::ssl::context::tls_server);
      tls->use_certificate_chain_file(argv[3]);
      tls->use_private_key_file(argv[4], asio::ssl::context::pem);
    }
    raise_descriptor_limit();
    asio::io_context loop{1};
    echo_listener listener{loop, port, no_delay || has_tls, deflates, tls};
    listener.accept();
    std::printf("listening on 127.0.0.1:%u\n", unsigned{listener.port()});
    std::fflush(stdout);
    loop.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "beast_echo: %s\n", error.what());
    return 1;
  }
}
