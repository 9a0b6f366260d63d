// Reading ahead and gathered writing under CAF's scribe interface.
#include "net/cluster/basp_stream.hpp"

#include "actors/log.hpp"
#include "net/cluster/basp_reader.hpp"
#include "net/cluster/basp_writer.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/reason.hpp"
#include "net/loop/guard.hpp"

#include <boost/asio/error.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/io/abstract_broker.hpp>

#include <atomic>
#include <string_view>
#include <vector>

namespace wsrelay {

namespace {

using caf::io::receive_policy;
using buffer = std::vector<char>;

caf::io::connection_handle next_connection() {
  static std::atomic<std::int64_t> last{0};
  return caf::io::connection_handle::from_int(++last);
}

class basp_stream final : public caf::io::scribe,
                          public basp_writer_events,
                          private loop_timer {
public:
  basp_stream(loop& home, std::unique_ptr<node_socket> socket,
              basp_options options)
      : scribe{next_connection()},
        home_{home},
        socket_{std::move(socket)},
        options_{std::move(options)},
        writer_{std::make_shared<basp_writer>(home_, socket_,
                                              options_.output_limit, *this)} {
    ++home_.socket_count;
  }

  ~basp_stream() override { close(); }

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
  buffer& wr_buf() override { return writer_->gathered(); }
  buffer& rd_buf() override { return consumed_; }

  void flush() override {
    if (options_.how != greeting::any)
      writer_->sort(nodes_ ? nodes_->directory_id() : 0);
    if (may_write())
      writer_->flush_later();
    note_unseen_life();
  }

  // What is written goes out first, unless nobody is there.
  void graceful_shutdown() override {
    closing_ = pointer{this};
    writer_->set_link(nullptr);
    if (!may_write())
      writer_->clear();
    auto silent = is_silent();
    detach(&home_, false);
    if (silent)
      return lose("lost",
                  silence_reason(home_.now() - last_read_, nodes_->patience()));
    home_.set_timer(*this, home_.now() + basp_linger_timeout);
    if (writer_->is_empty())
      half_close();
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
    pointer guard{this};
    if (closing_)
      return on_rest(ec);
    if (closed_ || detached())
      return;
    if (ec)
      return on_end(ec);
    input_.add(count);
    note_life();
    go_on();
  }

  void go_on() {
    if (!closed_ && !detached())
      guarded(
          "a node's message", [this] { deliver(); },
          [this] { refuse("message that cannot be read"); });
  }

  // Then more is read. Others have their turn in between.
  void deliver() {
    auto until = home_.now() + loop::max_time;
    while (active_ && !detached()
           && (nodes_ ? deliver_message() : deliver_data()))
      if (home_.now() >= until)
        return home_.post([me = pointer{this}] { me->go_on(); });
    read();
  }

  // What another broker of the program wants to read.
  bool deliver_data() {
    auto count = wanted(policy_, input_.size());
    if (count == 0)
      return false;
    input_.take(count, consumed_);
    active_ = consume(&home_, consumed_.data(), count) && active_;
    return true;
  }

  // Only whole messages reach the broker. Returns whether there may be another.
  bool deliver_message() {
    auto found = reader_.next(phase_, consumed_);
    if (found == basp_reader::found::offence)
      return refuse(reader_.offence());
    if (found == basp_reader::found::message)
      return hand_over(reader_.header());
    if (found == basp_reader::found::nothing)
      return false;
    nodes_->on_bundle(&home_, hdl(), reader_.bundle());
    return goes_on();
  }

  bool hand_over(const basp_header& header) {
    if (reader_.other_reads_parts())
      writer_->use_parts();
    nodes_->expect(header);
    auto works = consume(&home_, consumed_.data(), consumed_.size());
    give_back_excess(consumed_);
    if (!works || !goes_on())
      return false;
    if (!is_open(phase_))
      open();
    return true;
  }

  bool goes_on() {
    auto why = detached() ? std::string{} : nodes_->take_offence();
    return why.empty() ? !detached() : refuse(why);
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
    load_ = nodes_->load_of(hdl());
    writer_->set_load(load_);
    writer_->set_link(nodes_->link_of(hdl()));
    set_look();
    flush();
  }

  bool may_write() const noexcept {
    return options_.how != greeting::outgoing || is_open(phase_);
  }

  // -- signs of life ----------------------------------------------------------

  void note_life() {
    received_ = socket_->received(); // what comes from now on is news
    last_read_ = is_open(phase_) ? home_.now() : deadline_;
    if (nodes_)
      nodes_->saw(hdl(), last_read_);
  }

  // TLS gives a record when it is whole, and what came while the broker was
  // held up is not read yet. It writes a heartbeat before it looks who was
  // silent.
  void note_unseen_life() {
    if (socket_->received() != received_
        || (reading_ && is_silent(2) && socket_->has_unread()))
      note_life();
  }

  bool is_silent(int part = 1) const {
    return nodes_ && is_open(phase_) && nodes_->patience().count() > 0
           && home_.now() - last_read_ > nodes_->patience() / part;
  }

  // A reset tells the other side, should it live, that this was no farewell.
  void lose(std::string_view limited_as, std::string_view why) {
    warn(limited_as, "node lost", why);
    socket_->reset();
    close();
  }

  // Who has asked for this connection says why there is none; else it is said
  // here. Who is refused is told who is there. Returns false.
  bool refuse(const std::string& why) {
    if (nodes_ && phase_ == basp_phase::awaits_client && !writer_->is_busy())
      writer_->send();
    if (nodes_ && phase_ == basp_phase::awaits_server)
      return fail(why);
    auto known = !nodes_ || is_open(phase_);
    warn(known ? "ended" : "refused",
         known ? "node connection ended" : "node refused", why);
    return fail(why);
  }

  void warn(std::string_view limited_as, std::string_view what,
            std::string_view why) {
    if (auto left_out = options_.lines->allow(limited_as, home_.now()))
      log(log_part::cluster)
          .warn("{}{}", end_line(what, addr(), load_ ? load_->name() : "", why),
                suppressed_text(*left_out));
  }

  // Nothing is said of an end, nor of who only looked whether somebody listens.
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
      why +=
          reset_reason(home_.now() - writer_->last_write(), nodes_->interval());
    return why;
  }

  // -- writing ----------------------------------------------------------------

  void on_written(std::size_t count) override {
    pointer guard{this};
    // Clients whose target is there were not read.
    if (load_ && !detached() && load_->falls())
      nodes_->tell_relief(load_->node());
    if (ack_writes_)
      data_transferred(&home_, count, writer_->queued());
    if (closing_ && writer_->is_empty())
      half_close();
  }

  void on_write_failed(error_code why) override {
    pointer guard{this};
    on_end(why);
  }

  void on_overflow() override {
    pointer guard{this};
    refuse(overflow_reason(writer_->waiting()));
  }

  // Whoever lives and takes nothing would keep them waiting for ever.
  void set_look() {
    auto patience = nodes_->patience();
    home_.set_timer(*this, patience.count() > 0 ? home_.now() + patience
                                                : time_point::max());
  }

  void look() {
    auto limit = basp_stall_factor * nodes_->patience();
    if (auto stalled = writer_->stalled(); stalled > limit) {
      lose("stalled", stall_reason(stalled, limit));
      fail();
    } else {
      set_look();
    }
  }

  // -- end --------------------------------------------------------------------

  // A socket that is closed with something unread, or before it comes, resets
  // the other side, which takes that for a loss.
  void half_close() {
    if (!nodes_ || !is_open(phase_))
      return close();
    socket_->end_output();
    home_.set_timer(*this, home_.now() + basp_farewell_timeout);
    active_ = true;
    read();
  }

  // What comes after the farewell is for nobody.
  void on_rest(error_code ec) {
    if (!ec)
      read();
    else if (writer_->is_empty())
      close();
  }

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
    writer_->close();
    socket_->close();
    pointer last; // `this` may end with it
    last.swap(closing_);
  }

  void on_timer() override {
    pointer guard{this};
    if (closing_)
      return close();
    if (is_open(phase_))
      return look();
    if (phase_ == basp_phase::awaits_server || input_.size() > 0)
      return void(refuse(late_reason(basp_greeting_timeout, input_.size())));
    warn("silent", "node connection ended", "nothing came");
    fail();
  }

  loop& home_;
  std::shared_ptr<node_socket> socket_;
  basp_options options_;
  std::shared_ptr<basp_writer> writer_;
  std::shared_ptr<node_load> load_; // of the other node, once it is known
  node_broker* nodes_ = nullptr;    // the parent, unless it is another broker
  basp_phase phase_ = basp_phase::awaits_client;
  receive_policy::config policy_ = receive_policy::at_most(1);
  basp_reader reader_;
  basp_input& input_ = reader_.input();
  time_point deadline_; // of the handshake
  time_point last_read_;
  std::uint64_t received_ = 0; // by TLS
  buffer consumed_;            // what the broker is given
  bool launched_ = false;
  bool active_ = false, reading_ = false; // the broker wants to read; it does
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
