// The yardstick of what is possible: an echo server on one thread that does
// nothing but epoll, recv, send, and check frames: one read and one send per
// turn and connection. It knows no client that does not read.
#include "test/bench/bare_frames.hpp"
#include "test/bench/bare_loop.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace {

using namespace wsrelay;
using namespace wsrelay::bench;

struct connection {
  unique_fd socket;
  bool open = false; // the 101 has been sent
  std::string rest;  // a part of a frame, or of a request
};

long answer_frames(std::string_view bytes, std::string& out) {
  return each_frame(bytes, [&](const bare_frame& frame, const char* mask,
                               std::string_view payload) {
    if (frame.opcode == 10)
      return true;
    append_head(out, frame.opcode == 9 ? 10 : frame.opcode, frame.payload);
    append_unmasked(out, mask, payload);
    return frame.opcode != 8;
  });
}

class server {
public:
  explicit server(bare_loop& loop) : loop_{loop} {}

  void serve(void* who) {
    if (who == bare_loop::listener)
      accept();
    else if (auto* client = static_cast<connection*>(who); !read(*client))
      delete client;
  }

private:
  void accept() {
    while (auto made = loop_.accept()) {
      auto* who = new connection{std::move(made)};
      loop_.watch(who->socket.get(), who);
    }
  }

  // Returns whether the connection goes on.
  bool read(connection& who) {
    return loop_.read(who.socket.get(), who.rest, [&](std::string_view bytes) {
      out_.clear();
      auto used =
          who.open ? answer_frames(bytes, out_) : answer_request(bytes, out_);
      if (!who.open && used > 0)
        who.open = true;
      return send_all(who.socket.get(), out_) ? used : -1;
    });
  }

  bare_loop& loop_;
  std::string out_;
};

} // namespace

int main(int argc, char** argv) {
  auto port = parse_port(argc == 2 ? argv[1] : "?");
  if (!port) {
    std::fputs("usage: epoll_echo PORT (0 = the kernel chooses)\n", stderr);
    return 2;
  }
  bare_loop loop{*port};
  if (!loop.announce("epoll_echo"))
    return 1;
  server echo{loop};
  for (;;)
    loop.turn([&](void* who) { echo.serve(who); });
}
