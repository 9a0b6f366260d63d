// Reading ahead and gathered writing under CAF's scribe interface.
#include "net/cluster/basp_stream.hpp"

#include "actors/log.hpp"
#include "net/cluster/basp_input.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/reason.hpp"
#include "net/loop/guard.hpp"

#include <boost/asio/error.hpp>

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

// How much of what is there a broker wants now; 0: more has to come.
std::size_t wanted(const receive_policy::config& policy, std::size_t there) {
  auto [how, size] = policy;
  if (how == receive_policy_flag::at_most)
    return std::min(there, size);
  if (there < size)
    return 0;
  return how == receive_policy_flag::exactly ? size : there;
}

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
    nodes_ = dynamic_cast<node_broker*>(parent());
    if (nodes_)
      await_handshake();
    add_to_loop();
  }

  void ack_writes(bool enable) override { ack_writes_ = enable; }
  buffer& wr_buf() override { return gathered_; }
  buffer& rd_buf() override { return consumed_; }

  void flush() override {
    if (gathered_.empty() || closed_ || !may_write()
        || std::exchange(flushing_, true))
      return;
    note_records();
    home_.flush_later(output_);
  }

  // What is written goes out first, unless nobody is there.
  void graceful_shutdown() override {
    closing_ = pointer{this};
    if (!may_write())
      gathered_.clear();
    auto silent = is_silent();
    detach(&home_, false);
    if (silent)
      return drop_silent();
    home_.set_timer(*this, home_.now() + basp_linger_timeout);
    if (!writing_ && gathered_.empty())
      close();
  }

  void add_to_loop() override {
    active_ = true;
    read();
  }

  void remove_from_loop() override { active_ = false; }

  std::string addr() const override { return socket_->remote().host; }
  std::uint16_t port() const override { return socket_->remote().port; }

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
    pointer guard{this};
    if (ec)
      return on_end(ec);
    guarded(
        "a node's message",
        [this, count] {
          input_.add(count);
          note_life();
          deliver();
          read();
        },
        [this] { refuse("message that cannot be read"); });
  }

  void deliver() {
    if (!nodes_)
      return deliver_data();
    while (active_ && !detached() && deliver_message()) {
    }
  }

  // What another broker of the program wants to read.
  void deliver_data() {
    while (active_ && !detached()) {
      auto count = wanted(policy_, input_.size());
      if (count == 0)
        return;
      input_.take(count, consumed_);
      active_ = consume(&home_, consumed_.data(), count) && active_;
    }
  }

  // Only whole messages reach the broker. A header is judged as soon as it is
  // there. Returns whether there may be another message.
  bool deliver_message() {
    auto front = input_.front(basp_header_size);
    if (front.size() < basp_header_size)
      return false;
    if (auto why = judged_ ? "" : refuse_basp_header(front, phase_);
        !why.empty())
      return refuse(why);
    auto header = read_basp_header(front.data());
    judged_ = input_.size() < basp_header_size + header.payload_len;
    if (judged_)
      return false;
    input_.skip(basp_header_size);
    input_.take(header.payload_len, consumed_);
    return hand_over(header);
  }

  bool hand_over(const basp_header& header) {
    nodes_->expect(header);
    auto goes_on = consume(&home_, consumed_.data(), consumed_.size());
    give_back_excess(consumed_);
    if (!goes_on || detached())
      return false;
    if (auto why = nodes_->take_offence(); !why.empty())
      return refuse(why);
    if (!is_open(phase_))
      open();
    return true;
  }

  // Until the handshake has come it is what is waited for, not signs of life.
  void await_handshake() {
    deadline_ = home_.now() + basp_greeting_timeout;
    phase_ = nodes_->begin(hdl(), deadline_);
    home_.set_timer(*this, deadline_);
  }

  // Who was connected to says nothing more before it knows who has connected,
  // which on a slow line takes longer than heartbeats may.
  void open() {
    if (phase_ == basp_phase::awaits_server)
      note_life();
    phase_ = after_handshake(phase_);
    if (phase_ == basp_phase::accepted)
      note_life();
    home_.set_timer(*this, time_point::max());
    flush();
  }

  bool may_write() const noexcept {
    return options_.how != greeting::outgoing || is_open(phase_);
  }

  // -- signs of life ----------------------------------------------------------

  void note_life() {
    last_read_ = is_open(phase_) ? home_.now() : deadline_;
    if (nodes_)
      nodes_->saw(hdl(), last_read_);
  }

  // TLS gives a record when it is whole. The broker writes a heartbeat before
  // it looks who was silent.
  void note_records() {
    auto received = socket_->received();
    if (std::exchange(received_, received) != received)
      note_life();
  }

  bool is_silent() const {
    return nodes_ && is_open(phase_) && nodes_->patience().count() > 0
           && home_.now() - last_read_ > nodes_->patience();
  }

  // A reset tells the other side, should it live, that this was no farewell.
  void drop_silent() {
    if (auto left_out = allow_line("lost"))
      log().warn("node lost: address={} reason={}{}", addr(),
                 silence_reason(home_.now() - last_read_, nodes_->patience()),
                 suppressed_text(*left_out));
    socket_->reset();
    close();
  }

  // Who has asked for this connection says why there is none; else it is said
  // here. Returns false.
  bool refuse(const std::string& why) {
    if (nodes_ && phase_ == basp_phase::awaits_server)
      return fail(why);
    auto known = !nodes_ || is_open(phase_);
    if (auto left_out = allow_line(known ? "ended" : "refused"))
      log().warn("{}: address={} reason={}{}",
                 known ? "node connection ended" : "node refused", addr(), why,
                 suppressed_text(*left_out));
    return fail(why);
  }

  // The end of a connection is nothing to say much about, nor is who has only
  // looked whether somebody listens.
  void on_end(error_code ec) {
    auto quiet = is_end_of_stream(ec) && phase_ != basp_phase::awaits_server
                 && (is_open(phase_) || input_.size() == 0);
    quiet || !nodes_ ? fail() : refuse(reason_of(ec));
  }

  std::string reason_of(error_code ec) const {
    if (is_end_of_stream(ec))
      return early_end_reason(input_.size());
    auto why = socket_->explain(ec);
    if (nodes_ && is_open(phase_) && ec == boost::asio::error::connection_reset)
      why += reset_reason(home_.now() - last_write_, nodes_->interval());
    return why;
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
    last_write_ = home_.now();
    leaving_.swap(gathered_);
    socket_->write(boost::asio::buffer(leaving_),
                   [me = pointer{this}](error_code ec, std::size_t count) {
                     me->on_written(ec, count);
                   });
  }

  void on_written(error_code ec, std::size_t count) {
    writing_ = false;
    leaving_.clear();
    give_back_excess(leaving_);
    if (closed_)
      return;
    if (ec)
      return on_end(ec);
    if (ack_writes_)
      data_transferred(&home_, count, gathered_.size());
    if (!gathered_.empty())
      write();
    else if (closing_)
      close();
  }

  void refuse_output() {
    pointer guard{this};
    refuse("it does not take what it is sent, "
           + std::to_string(gathered_.size() + leaving_.size())
           + " bytes wait");
  }

  std::optional<std::uint64_t> allow_line(std::string_view reason) {
    return options_.lines->allow(reason, home_.now());
  }

  // -- end --------------------------------------------------------------------

  bool fail(const std::string& why = {}) {
    close();
    if (nodes_ && !detached())
      nodes_->give_up(hdl(), why);
    io_failure(&home_, caf::io::network::operation::read);
    return false;
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
    if (phase_ == basp_phase::awaits_server || input_.size() > 0)
      return void(refuse(late_reason(basp_greeting_timeout, input_.size())));
    if (auto left_out = allow_line("silent"))
      log().warn("node connection ended: nothing came from {}{}", addr(),
                 suppressed_text(*left_out));
    fail();
  }

  loop& home_;
  std::unique_ptr<node_socket> socket_;
  basp_options options_;
  output output_;
  node_broker* nodes_ = nullptr; // the parent, unless it is another broker
  basp_phase phase_ = basp_phase::awaits_client;
  receive_policy::config policy_ = receive_policy::at_most(1);
  basp_input input_;
  time_point deadline_; // of the handshake
  time_point last_read_;
  time_point last_write_;
  std::uint64_t received_ = 0; // by TLS
  buffer consumed_;            // what the broker is given
  buffer gathered_;            // what the broker writes
  buffer leaving_;             // what is being sent
  bool launched_ = false;
  bool judged_ = false; // the header that the input begins with
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
