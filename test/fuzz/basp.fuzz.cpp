// What another node sends, as one stream of bytes, to the real stream, the real
// broker and the actors of a relay. Whatever it is: the broker, the directory
// and the acceptor live, the connection is gone when its socket has ended, and
// neither it nor an actor that it has caused is left.
//
// An input: one byte says who has connected and whether the handshake is done,
// one how the stream is cut into reads, the rest is the stream. The actors that
// it may name have the IDs of `relay_actors`.
#include "actors/caf_compat.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/reach.hpp"
#include "net/system_config.hpp"
#include "test/fuzz/input.hpp"
#include "test/fuzz/relay_actors.hpp"
#include "test/net/cluster/basp_bytes.hpp"

#include <caf/all.hpp>

#include <boost/asio/error.hpp>

#include <cstring>
#include <set>
#include <thread>

namespace wsrelay::fuzz_basp {

namespace {

namespace basp = wsrelay::test::basp;

// What the stream reads is given to it; what it writes is taken.
struct line {
  boost::asio::mutable_buffer room;
  node_socket::completion reader;
  bool closed = false;
};

class line_socket final : public node_socket {
public:
  explicit line_socket(std::shared_ptr<line> to) : line_{std::move(to)} {}

  void handshake(role, std::function<void(error_code)>) override {}
  void read_some(boost::asio::mutable_buffer into, completion done) override {
    line_->room = into;
    line_->reader = std::move(done);
  }
  void write(boost::asio::const_buffer from, completion done) override {
    // Never from inside of the call that asked for it.
    loop_->post(
        [done = std::move(done), size = from.size()] { done({}, size); });
  }
  void await_room(std::function<void(error_code)> done) override {
    loop_->post([done = std::move(done)] { done({}); });
  }
  void end_output() override {}
  void close() override { line_->closed = true; }
  std::uint64_t sent() const override { return 0; }
  std::uint64_t unacknowledged() const override { return 0; }
  listen_address remote() const override { return {}; }

  loop* loop_ = nullptr;

private:
  std::shared_ptr<line> line_;
};

class world {
public:
  world() : home_{*loop_of_nodes(system_)}, broker_{broker_of_nodes(system_)} {}

  void run(bool connects, const std::string& bytes, std::size_t piece) {
    fuzz::relay_actors actors{system_, home_};
    auto there = std::make_shared<line>();
    open(connects, there);
    for (std::size_t at = 0; at < bytes.size() && !there->closed; at += piece)
      home_.call(
          [&] { give(*there, std::string_view{bytes}.substr(at, piece)); });
    actors.settle();
    home_.call([&] { end(*there); });
    settle(*there);
    fuzz::expect(there->closed, "a connection ends with its socket");
    fuzz::expect(is_alive(broker_), "the broker lives");
    fuzz::expect(home_.socket_count == 0, "no connection is left");
    actors.expect_own();
  }

private:
  // As an acceptor or a connector does.
  void open(bool connects, const std::shared_ptr<line>& there) {
    auto socket = std::make_unique<line_socket>(there);
    socket->loop_ = &home_;
    auto how = connects ? greeting::outgoing : greeting::incoming;
    auto stream = make_basp_stream(home_, std::move(socket), {how});
    if (connects)
      caf::anon_send(broker_, caf::connect_atom_v, std::move(stream),
                     std::uint16_t{1});
    else
      caf::anon_send(broker_, caf::publish_atom_v, std::move(stream),
                     std::uint16_t{1}, caf::strong_actor_ptr{},
                     std::set<std::string>{});
    while (!home_.call([&] { return static_cast<bool>(there->reader); }))
      std::this_thread::yield();
  }

  static void give(line& there, std::string_view bytes) {
    while (!bytes.empty() && there.reader && !there.closed) {
      auto count = std::min(bytes.size(), there.room.size());
      std::memcpy(there.room.data(), bytes.data(), count);
      bytes.remove_prefix(count);
      std::exchange(there.reader, nullptr)({}, count);
    }
  }

  static void end(line& there) {
    if (auto reader = std::exchange(there.reader, nullptr))
      reader(boost::asio::error::eof, 0);
  }

  // What was caused comes to its end, in some turns of the loop.
  void settle(const line& there) {
    for (int left = 4, i = 0; left > 0 && i < 10'000; ++i)
      if (home_.call([&] { return there.closed; }))
        --left;
  }

  system_config config_;
  caf::actor_system system_{config_};
  loop& home_;
  caf::actor broker_;
};

} // namespace

} // namespace wsrelay::fuzz_basp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace wsrelay;
  static auto* node = new fuzz_basp::world; // until the program ends
  fuzz::input in{data, size};
  auto mode = in.byte();
  auto piece = std::size_t{in.byte()} + 1;
  bool connects = (mode & 1) != 0;
  std::string bytes;
  if ((mode & 2) != 0)
    bytes =
        connects ? fuzz_basp::basp::server_hello(5) : fuzz_basp::basp::hello(5);
  node->run(connects, bytes.append(in.rest()), piece == 1 ? 1 : piece * 64);
  return 0;
}
