// The yardstick of a target on another node: a relay on one thread that checks
// and unmasks frames, gives what a turn brought to a second process with one
// send, and the same on the way back; the second process only echoes. It knows
// no client that does not read.
#include "test/bench/bare_frames.hpp"
#include "test/bench/bare_loop.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace wsrelay;
using namespace wsrelay::bench;

// In front of each message between the processes.
struct record_head {
  std::uint32_t client;
  std::uint32_t size; // of the payload
  std::uint8_t opcode;
};

void append(std::string& to, const record_head& head) {
  to.append(reinterpret_cast<const char*>(&head), sizeof head);
}

struct connection {
  unique_fd socket;
  std::uint32_t number = 0;
  bool open = false; // the 101 has been sent
  std::string rest;  // a part of a frame, or of a request
  std::string out{};
};

// What the kernel does not take waits for it.
class link {
public:
  explicit link(std::uint16_t port) : socket_{make_socket()} {
    auto to = loopback(port);
    connects_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to)
            == 0
        || errno == EINPROGRESS;
  }

  bool connects() const { return connects_; }
  int descriptor() const { return socket_.get(); }

  std::string out;
  std::string rest;

  bool flush() {
    while (sent_ < out.size()) {
      auto count = ::send(socket_.get(), out.data() + sent_, out.size() - sent_,
                          MSG_NOSIGNAL);
      if (count < 0)
        return errno == EAGAIN || errno == ENOTCONN;
      sent_ += static_cast<std::size_t>(count);
    }
    out.clear();
    sent_ = 0;
    return true;
  }

private:
  unique_fd socket_;
  std::size_t sent_ = 0;
  bool connects_ = false;
};

class relay {
public:
  relay(bare_loop& loop, std::uint16_t far) : loop_{loop}, far_{far} {
    loop_.watch(far_.descriptor(), &far_, EPOLLOUT);
  }

  // Returns false when the second process is gone.
  bool turn() {
    auto works = far_.connects();
    loop_.turn([&](void* who) {
      if (who == bare_loop::listener)
        accept();
      else if (who == &far_)
        works = works && read_link();
      else if (auto* client = static_cast<connection*>(who); !read(*client))
        end(client);
    });
    for (auto number : std::exchange(touched_, {}))
      if (auto* who = clients_[number])
        send_all(who->socket.get(), std::exchange(who->out, {}));
    return works && far_.flush();
  }

private:
  void accept() {
    while (auto made = loop_.accept()) {
      auto number = static_cast<std::uint32_t>(clients_.size());
      auto* who = new connection{std::move(made), number};
      clients_.push_back(who); // the place is not used again
      loop_.watch(who->socket.get(), who);
    }
  }

  void end(connection* who) {
    clients_[who->number] = nullptr;
    delete who;
  }

  // Returns whether the connection goes on.
  bool read(connection& who) {
    return loop_.read(who.socket.get(), who.rest, [&](std::string_view bytes) {
      if (who.open)
        return forward(who, bytes);
      auto used = answer_request(bytes, who.out);
      who.open = used > 0;
      return send_all(who.socket.get(), std::exchange(who.out, {})) ? used : -1;
    });
  }

  long forward(connection& who, std::string_view bytes) {
    return each_frame(bytes, [&](const bare_frame& frame, const char* mask,
                                 std::string_view payload) {
      if (frame.opcode >= 8)
        return answer(who, frame, mask, payload);
      append(far_.out, {who.number, static_cast<std::uint32_t>(frame.payload),
                        frame.opcode});
      append_unmasked(far_.out, mask, payload);
      return true;
    });
  }

  // A control frame. Returns whether the connection goes on.
  static bool answer(connection& who, const bare_frame& frame, const char* mask,
                     std::string_view payload) {
    if (frame.opcode == 10)
      return true;
    append_head(who.out, frame.opcode == 9 ? 10 : 8, frame.payload);
    append_unmasked(who.out, mask, payload);
    return send_all(who.socket.get(), std::exchange(who.out, {}))
           && frame.opcode == 9;
  }

  bool read_link() {
    return loop_.read(far_.descriptor(), far_.rest, [&](std::string_view all) {
      record_head head{};
      std::size_t used = 0;
      for (;; used += sizeof head + head.size) {
        auto bytes = all.substr(used);
        if (bytes.size() < sizeof head)
          break;
        std::memcpy(&head, bytes.data(), sizeof head);
        if (bytes.size() - sizeof head < head.size)
          break;
        deliver(head, bytes.substr(sizeof head, head.size));
      }
      return static_cast<long>(used);
    });
  }

  void deliver(const record_head& head, std::string_view payload) {
    auto* who = clients_[head.client];
    if (!who)
      return;
    if (who->out.empty())
      touched_.push_back(head.client);
    append_head(who->out, head.opcode, payload.size());
    who->out.append(payload);
  }

  bare_loop& loop_;
  link far_;
  std::vector<connection*> clients_;
  std::vector<std::uint32_t> touched_; // have output
};

// The second process. The relay never waits to send: nor need this.
void echo(bare_loop& loop) {
  unique_fd relay;
  std::string none;
  for (;;)
    loop.turn([&](void* who) {
      if (who == bare_loop::listener) {
        relay = loop.accept();
        loop.watch(relay.get(), &loop);
      } else if (!loop.read(relay.get(), none, [&](std::string_view bytes) {
                   return send_all(relay.get(), bytes)
                              ? static_cast<long>(bytes.size())
                              : -1;
                 })) {
        relay.reset();
      }
    });
}

} // namespace

int main(int argc, char** argv) {
  auto port = parse_port(argc >= 2 ? argv[1] : "?");
  auto far = parse_port(argc == 3 ? argv[2] : "0");
  if (!port || !far || argc > 3) {
    std::fputs("usage: epoll_hop PORT            the second process\n"
               "       epoll_hop PORT FAR_PORT   the relay\n"
               "PORT 0: the kernel chooses\n",
               stderr);
    return 2;
  }
  bare_loop loop{*port};
  if (!loop.announce("epoll_hop"))
    return 1;
  if (argc == 2)
    echo(loop);
  relay hop{loop, *far};
  while (hop.turn()) {
  }
  std::fputs("epoll_hop: the second process is gone\n", stderr);
  return 1;
}
