// Reading ahead and gathered writing under CAF's scribe interface.
#include "net/cluster/basp_stream.hpp"

#include "actors/log.hpp"
#include "net/cluster/broker.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/io/abstract_broker.hpp>

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

namespace wsrelay {

namespace {

using caf::io::receive_policy;
using caf::io::receive_policy_flag;
using buffer = std::vector<char>;

caf::io::connection_handle next_connection() {
  static std::atomic<std::int64_t> last{0};
  return caf::io::connection_handle::from_int(++last);
}

// Bytes that have come and are not consumed.
class input {
public:
  std::size_t size() const noexcept { return end_ - begin_; }

  // Room for a read, at least a quarter of the buffer. It grows with what has
  // come, not with what a header promises.
  boost::asio::mutable_buffer room() {
    if (begin_ == end_)
      begin_ = end_ = 0;
    if (bytes_.size() - end_ < min_room) {
      std::copy(bytes_.begin() + begin_, bytes_.begin() + end_, bytes_.begin());
      end_ -= std::exchange(begin_, 0);
      if (bytes_.size() - end_ < min_room)
        bytes_.resize(2 * bytes_.size());
    }
    return {bytes_.data() + end_, bytes_.size() - end_};
  }

  void add(std::size_t count) noexcept { end_ += count; }

  void take(std::size_t count, buffer& into) {
    auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(begin_);
    into.assign(first, first + static_cast<std::ptrdiff_t>(count));
    begin_ += count;
    if (begin_ == end_ && bytes_.size() > max_kept)
      bytes_ = buffer(initial); // after one that was very long
  }

private:
  static constexpr std::size_t initial = 64 * 1024;
  static constexpr std::size_t min_room = 16 * 1024;
  static constexpr std::size_t max_kept = 1024 * 1024;

  buffer bytes_ = buffer(initial);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class basp_stream final : public caf::io::scribe, private loop_timer {
public:
  basp_stream(loop& home, std::unique_ptr<node_socket> socket,
              basp_options options)
      : scribe{next_connection()},
        home_{home},
        socket_{std::move(socket)},
        options_{std::move(options)},
        output_{*this} {
    ++home_.socket_count;
  }

  ~basp_stream() override {
    home_.forget(output_);
    close();
  }

  // -- from the broker --------------------------------------------------------

  void configure_read(receive_policy::config policy) override {
    policy_ = policy;
    if (std::exchange(launched_, true))
      return;
    if (options_.how != greeting::any)
      home_.set_timer(*this, home_.now() + basp_greeting_timeout);
    add_to_loop();
  }

  void ack_writes(bool enable) override { ack_writes_ = enable; }
  buffer& wr_buf() override { return gathered_; }
  buffer& rd_buf() override { return consumed_; }

  void flush() override {
    if (gathered_.empty() || closed_ || !may_write()
        || std::exchange(flushing_, true))
      return;
    home_.flush_later(output_);
  }

  // What is written goes out first.
  void graceful_shutdown() override {
    closing_ = pointer{this};
    if (!may_write())
      gathered_.clear();
    detach(&home_, false);
    home_.set_timer(*this, home_.now() + basp_linger_timeout);
    if (!writing_ && gathered_.empty())
      close();
  }

  void add_to_loop() override {
    active_ = true;
    read();
  }

  void remove_from_loop() override { active_ = false; }

  std::string addr() const override {
    return socket_->remote().address().to_string();
  }

  std::uint16_t port() const override { return socket_->remote().port(); }

private:
  using error_code = node_socket::error_code;
  using pointer = caf::intrusive_ptr<basp_stream>;

  // Sends what was gathered, at the end of the loop's turn.
  struct output final : loop_task {
    explicit output(basp_stream& owner) : owner{owner} {}
    void flush() override { owner.write(); }
    void go_on() override {}
    basp_stream& owner;
  };

  // -- reading ----------------------------------------------------------------

  void read() {
    if (!active_ || closed_ || std::exchange(reading_, true))
      return;
    socket_->read_some(input_.room(),
                       [me = pointer{this}](error_code ec, std::size_t count) {
                         me->reading_ = false;
                         me->on_read(ec, count);
                       });
  }

  void on_read(error_code ec, std::size_t count) {
    if (closed_ || detached())
      return;
    if (ec)
      return fail(caf::io::network::operation::read);
    if (!std::exchange(greeted_, true))
      home_.set_timer(*this, time_point::max());
    input_.add(count);
    deliver();
    read();
  }

  void deliver() {
    while (active_ && !detached()) {
      if (policy_.second > max_basp_message)
        return refuse();
      if (input_.size() < needed())
        return;
      auto count = wanted();
      input_.take(count, consumed_);
      if (parts_ == 0)
        nodes_ = dynamic_cast<node_broker*>(parent());
      if (nodes_)
        nodes_->before_read(hdl(), consumed_);
      if (!consume(&home_, consumed_.data(), count))
        active_ = false;
      if (parts_ < 2 && ++parts_ == 2)
        flush();
    }
  }

  // The first two parts are the header and the payload of a handshake.
  bool may_write() const noexcept {
    return options_.how != greeting::outgoing || parts_ >= 2;
  }

  std::size_t needed() const noexcept {
    return policy_.first == receive_policy_flag::at_most ? 1 : policy_.second;
  }

  std::size_t wanted() const noexcept {
    switch (policy_.first) {
      case receive_policy_flag::exactly:
        return policy_.second;
      case receive_policy_flag::at_most:
        return std::min(policy_.second, input_.size());
      default:
        return input_.size();
    }
  }

  void refuse() {
    if (auto left_out = allow_line("size"))
      log().warn(
          "node connection ended: address={} message of {} bytes is over "
          "the limit{}",
          addr(), policy_.second, suppressed_text(*left_out));
    fail(caf::io::network::operation::read);
  }

  // -- writing ----------------------------------------------------------------

  void write() {
    flushing_ = false;
    if (closed_ || gathered_.empty())
      return;
    if (gathered_.size() + leaving_.size() > options_.output_limit)
      return refuse_output();
    if (writing_)
      return;
    writing_ = true;
    leaving_.swap(gathered_);
    socket_->write(boost::asio::buffer(leaving_),
                   [me = pointer{this}](error_code ec, std::size_t count) {
                     me->on_written(ec, count);
                   });
  }

  void on_written(error_code ec, std::size_t count) {
    writing_ = false;
    leaving_.clear();
    if (leaving_.capacity() > max_kept)
      buffer{}.swap(leaving_);
    if (closed_)
      return;
    if (ec)
      return fail(caf::io::network::operation::write);
    if (ack_writes_)
      data_transferred(&home_, count, gathered_.size());
    if (!gathered_.empty())
      write();
    else if (closing_)
      close();
  }

  void refuse_output() {
    if (auto left_out = allow_line("output"))
      log().warn("node connection ended: {} does not take what it is sent, {} "
                 "bytes wait{}",
                 addr(), gathered_.size() + leaving_.size(),
                 suppressed_text(*left_out));
    pointer guard{this};
    fail(caf::io::network::operation::write);
  }

  std::optional<std::uint64_t> allow_line(std::string_view reason) {
    return options_.lines->allow(reason, home_.now());
  }

  // -- end --------------------------------------------------------------------

  void fail(caf::io::network::operation what) {
    close();
    io_failure(&home_, what);
  }

  void close() {
    if (std::exchange(closed_, true))
      return;
    --home_.socket_count;
    home_.set_timer(*this, time_point::max());
    socket_->close();
    pointer last; // `this` may end with it
    last.swap(closing_);
  }

  void on_timer() override {
    pointer guard{this};
    if (closing_)
      return close();
    if (auto left_out = allow_line("silent"))
      log().warn("node connection ended: nothing came from {}{}", addr(),
                 suppressed_text(*left_out));
    fail(caf::io::network::operation::read);
  }

  static constexpr std::size_t max_kept = 1024 * 1024;

  loop& home_;
  std::unique_ptr<node_socket> socket_;
  basp_options options_;
  output output_;
  node_broker* nodes_ = nullptr; // the parent, unless it is another broker
  unsigned parts_ = 0;           // consumed; counts to 2
  receive_policy::config policy_ = receive_policy::at_most(1);
  input input_;
  buffer consumed_; // what the broker is given
  buffer gathered_; // what the broker writes
  buffer leaving_;  // what is being sent
  bool launched_ = false;
  bool greeted_ = false;
  bool active_ = false; // the broker wants to read
  bool reading_ = false;
  bool writing_ = false;
  bool flushing_ = false; // the loop will call
  bool ack_writes_ = false;
  bool closed_ = false;
  pointer closing_; // set: closes after the last write, and lives until then
};

} // namespace

caf::io::scribe_ptr make_basp_stream(loop& home,
                                     std::unique_ptr<node_socket> socket,
                                     basp_options options) {
  return caf::make_counted<basp_stream>(home, std::move(socket),
                                        std::move(options));
}

} // namespace wsrelay
