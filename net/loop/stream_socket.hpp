// A client's socket, plain or with TLS: large reads into the loop's memory,
// output that is gathered and sent once per turn. It stays registered with the
// poller from its first byte to its last, whatever protocol is spoken on it.
#pragma once

#include "net/loop/byte_stream.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/socket_places.hpp"
#include "net/loop/tls_records.hpp"
#include "net/loop/unique_fd.hpp"

#include <memory>
#include <string>

namespace wsrelay {

/// An exception of its session ends this socket: it is logged, and the session
/// told to abort. Loop thread only.
class stream_socket final : public byte_stream,
                            public pollable,
                            public loop_task,
                            public open_socket {
public:
  /// Takes a connected, non-blocking descriptor over. With a context it speaks
  /// TLS, as the server, from the first byte on.
  stream_socket(loop& home, unique_fd socket, socket_place place,
                SSL_CTX* tls = nullptr);
  ~stream_socket() override;

  stream_socket(const stream_socket&) = delete;
  stream_socket& operator=(const stream_socket&) = delete;

  // byte_stream
  void attach(stream_events& events) override { events_ = &events; }
  void want_input(bool wanted) override;
  void give_way(bool does) override { gives_way_ = does; }
  void send(output_piece piece) override;
  void send_now() override;
  output_queue& output() noexcept override { return output_; }
  bool is_broken() const noexcept override { return broken_; }
  bool has_input() const noexcept override;
  std::string peek_input() const override;
  std::size_t unacknowledged() const noexcept override;
  void end_output() override;
  void close() override;
  void cut_off() override;
  std::shared_ptr<const client_certificate> certificate() const override {
    return tls_ ? tls_->certificate() : nullptr;
  }
  int descriptor() const noexcept override { return socket_.get(); }

  // called by the loop
  void on_ready(readiness what) override;
  void flush() override;
  void go_on() override;
  void abort() override;
  bool is_idle() const override { return events_ && events_->is_idle(); }
  const socket_places* place_at() const noexcept override {
    return place_.where();
  }

private:
  // Copied once, however often a part of it is used.
  struct held_input {
    std::string bytes;
    std::size_t used = 0;
  };

  template <class Function>
  void tell(Function&& what);
  bool is_open() const noexcept { return static_cast<bool>(socket_); }
  void mark_dirty();
  void break_off();
  void put_off();
  void read();
  void feed(std::string_view bytes);
  void open_records(std::string_view bytes);
  void on_proved(tls_records::state what);
  output_queue::outcome send_output(bool is_last);
  void note_queued();
  void feed_held();
  void tell_hang_up();

  loop& home_;
  stream_events* events_ = nullptr;
  unique_fd socket_;
  bool wanted_ = false;
  bool gives_way_ = false;
  bool readable_ = false; // there may be more to read
  bool hung_up_ = false;  // there is an end to read
  bool hang_up_told_ = false;
  bool dirty_ = false;   // in the loop's list of those to flush
  bool put_off_ = false; // in the loop's list of those that go on
  bool blocked_ = false; // the kernel takes nothing
  bool ending_ = false;  // a FIN follows the output
  bool broken_ = false;
  socket_place place_;
  output_queue output_;
  std::size_t queued_ = 0; // bytes that the loop was told of
  std::unique_ptr<tls_records> tls_;
  std::unique_ptr<held_input> held_; // what nobody wanted yet
};

} // namespace wsrelay
