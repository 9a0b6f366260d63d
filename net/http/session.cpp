// One client's requests, one after the other.
#include "net/http/session.hpp"

#include "net/http/answer_clock.hpp"
#include "net/http/http_date.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/response_writer.hpp"
#include "net/loop/guard.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace wsrelay {

namespace {

// How long, and how much, a client may keep sending after it has the end.
constexpr milliseconds linger_time{2000};
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
constexpr std::chrono::seconds grace{1}; // for a task that does not end

// So much of an answer waits for the kernel before more of it is read.
constexpr std::size_t low_water = 128 * 1024;

output_piece raw(std::string_view text) {
  return {shared_buffer{text}, std::nullopt, false};
}

class http_session final : public stream_events,
                           public loop_timer,
                           public std::enable_shared_from_this<http_session> {
public:
  http_session(loop_context& home, std::unique_ptr<byte_stream> stream,
               std::shared_ptr<http_host> host, client_peer peer)
      : home_{home},
        stream_{std::move(stream)},
        host_{std::move(host)},
        peer_{std::move(peer)},
        reader_{host_->limits()} {}

  void start() {
    keep_ = shared_from_this();
    stream_->attach(*this);
    stream_->give_way(true);
    enter(phase::waiting,
          std::min(settings().first_byte_timeout, settings().request_timeout));
    stream_->want_input(true);
  }

private:
  // Each has one deadline, which acts at once.
  enum class phase : std::uint8_t {
    waiting,      // for the first byte of a request
    reading_head, //
    reading_body, //
    handling,     // the host looks for the answer; the client's end is awaited
    writing,      // the next look at what the client takes is due
    lingering,    // so: behind the last answer, the client is to close
    done,
  };

  const service_config& settings() const { return host_->settings(); }

  void set_deadline(milliseconds delay) {
    home_.set_timer(*this, home_.now() + delay);
  }

  void enter(phase next, milliseconds deadline) {
    phase_ = next;
    set_deadline(deadline);
  }

  bool is_reading() const noexcept { return phase_ <= phase::reading_body; }

  void on_timer() override {
    auto keep = shared_from_this();
    guarded(
        "HTTP deadline", [this] { on_deadline(); }, [this] { close(); });
  }

  void on_deadline() {
    switch (phase_) {
      case phase::reading_head:
      case phase::reading_body:
        return refuse({408, "timeout", "the request took too long"});
      case phase::handling:
        task_.reset();
        return refuse({504, "handler", "there was no answer in time"});
      case phase::writing:
        return watch_answer();
      case phase::lingering:
        return watch_end();
      default:
        return close();
    }
  }

  // -- reading ----------------------------------------------------------------

  std::size_t on_input(std::string_view bytes) override {
    auto keep = shared_from_this();
    if (phase_ == phase::lingering)
      return discard(bytes.size());
    if (!is_reading()) { // the next request has time
      stream_->want_input(false);
      return 0;
    }
    auto rest = bytes;
    read(rest);
    return bytes.size() - rest.size();
  }

  void read(std::string_view& bytes) {
    for (;;) {
      switch (reader_.next(bytes)) {
        case request_reader::event::none:
          if (phase_ == phase::waiting && reader_.has_begun())
            begin_head();
          return;
        case request_reader::event::header:
          on_header(bytes.empty());
          break;
        case request_reader::event::done:
          return on_request(bytes.empty());
        case request_reader::event::failed:
          return refuse(reader_.error());
      }
    }
  }

  void begin_head() {
    auto& from = settings();
    enter(phase::reading_head,
          std::min(from.header_timeout, from.request_timeout));
    body_due_ = home_.now() + from.request_timeout;
  }

  void on_header(bool nothing_behind) {
    if (phase_ == phase::waiting)
      begin_head();
    phase_ = phase::reading_body;
    home_.set_timer(*this, body_due_);
    if (nothing_behind && reader_.expects_continue())
      stream_->send(raw("HTTP/1.1 100 Continue\r\n\r\n"));
  }

  void on_request(bool nothing_behind) {
    keep_alive_ = reader_.keep_alive();
    may_be_chunked_ = keep_alive_;
    auto request = reader_.take();
    is_head_ = request.method == "HEAD";
    key_ = find_field(request.headers, "Sec-WebSocket-Key").value_or("");
    phase_ = phase::handling;
    if (!nothing_behind)
      stream_->want_input(false);
    auto task = host_->serve(std::move(request), peer_,
                             [weak = weak_from_this()](exchange_result result) {
                               if (auto me = weak.lock())
                                 me->on_result(std::move(result));
                             });
    if (phase_ != phase::handling)
      return;
    set_deadline(task->patience() + grace);
    task_ = std::move(task);
  }

  void on_end() override {
    auto keep = shared_from_this();
    close();
  }

  // A client that goes away does not wait for an answer that is yet to come.
  void on_hang_up() override {
    if (phase_ == phase::handling)
      on_end();
  }

  // Who waits for an answer when the server's time is over is told so.
  void on_abort() override {
    auto keep = shared_from_this();
    auto waits = phase_ == phase::reading_body || phase_ == phase::handling;
    if (waits && host_->is_stopping()) {
      task_.reset();
      refuse({503, "shutdown", "the server stops"});
      stream_->send_now();
    }
    close();
  }

  bool is_idle() const override {
    return phase_ == phase::waiting || phase_ == phase::reading_head;
  }

  // -- answering --------------------------------------------------------------

  void on_result(exchange_result result) {
    if (phase_ != phase::handling)
      return;
    auto task = std::move(task_);
    if (auto* plain = std::get_if<http_answer>(&result))
      return answer(std::move(*plain));
    auto keep = std::exchange(keep_, nullptr);
    phase_ = phase::done;
    home_.set_timer(*this, time_point::max());
    if (auto* admitted = std::get_if<admission>(&result))
      host_->upgrade(std::move(stream_), key_, std::move(*admitted));
    else
      host_->refuse(std::move(stream_), key_,
                    std::get<refused_upgrade>(result));
  }

  // What cannot be read, or took too long: nothing is read behind it.
  void refuse(const problem& why) {
    host_->on_bad_request(why, peer_.address);
    keep_alive_ = false;
    answer(to_answer(to_response(why)));
  }

  void answer(http_answer what) {
    auto& response = what.response;
    keep_alive_ = keep_alive_ && !host_->is_stopping();
    response_frame frame{is_head_, keep_alive_, may_be_chunked_,
                         length_of(what, is_head_)};
    framing_ = framing_of(response.status, frame);
    keep_alive_ = keep_alive_ && framing_ != body_framing::close;
    phase_ = phase::writing;
    clock_.start(home_.now());
    set_look();
    stream_->want_input(false);
    stream_->send(raw(
        make_response_head(response, frame, to_http_date(std::time(nullptr)))));
    if (framing_ == body_framing::none)
      return;
    source_ = std::move(what.source);
    if (source_)
      pump();
    else if (!response.body.empty())
      stream_->send({std::move(response.body), std::nullopt, false});
  }

  // Reads on when little waits.
  void pump() {
    if (!source_ || clock_.is_asked() || stream_->output().bytes() >= low_water)
      return;
    clock_.ask(home_.now() + source_->patience());
    source_->read([weak = weak_from_this()](auto piece) {
      if (auto me = weak.lock())
        me->on_piece(std::move(piece));
    });
    if (clock_.is_asked())
      set_look();
  }

  void on_piece(std::optional<shared_buffer> piece) {
    if (phase_ != phase::writing)
      return;
    clock_.end_ask(home_.now(), *stream_);
    if (!piece)
      return close(); // the client sees that the answer is not whole
    if (!piece->empty())
      return send_piece(std::move(*piece));
    ended_ = true;
    stream_->send(raw(framing_ == body_framing::chunked ? last_chunk : ""));
  }

  void send_piece(shared_buffer piece) {
    auto chunked = framing_ == body_framing::chunked;
    if (chunked)
      stream_->send(raw(chunk_head(piece.size())));
    stream_->send({std::move(piece), std::nullopt, false});
    if (chunked)
      stream_->send(raw(chunk_tail));
  }

  void on_sent() override {
    auto keep = shared_from_this();
    if (phase_ == phase::done)
      return;
    if (stream_->is_broken())
      return close();
    if (phase_ != phase::writing)
      return;
    if (ended_)
      source_.reset();
    if (stream_->output().empty() && !source_)
      return on_written();
    if (clock_.look(home_.now(), *stream_))
      set_look();
    pump();
  }

  void set_look() {
    auto timeout = settings().write_timeout;
    home_.set_timer(*this, clock_.next_look(home_.now(), timeout,
                                            answer_clock::step_of(timeout)));
  }

  void watch_answer() {
    auto now = home_.now();
    clock_.look(now, *stream_);
    if (clock_.is_overdue(now))
      return end_answer("file_timeout");
    if (now >= clock_.limit(settings().write_timeout))
      return end_answer("write_timeout");
    set_look();
  }

  void end_answer(std::string_view check) {
    host_->on_cut_off(check, peer_.address);
    stream_->cut_off();
    close();
  }

  void on_written() {
    ended_ = false;
    // A client that was not told of the end has sent nothing more: it is idle.
    if (keep_alive_ && host_->is_stopping() && !stream_->has_input())
      return close();
    if (!keep_alive_ || host_->is_stopping())
      return linger();
    enter(phase::waiting, settings().idle_timeout);
    stream_->want_input(true);
  }

  // -- the end ----------------------------------------------------------------

  // Waits for the client to close: closing a socket with unread input would
  // reset the connection and destroy the answer on its way (RFC 9112 section
  // 9.6).
  void linger() {
    phase_ = phase::lingering;
    clock_.start(home_.now());
    stream_->end_output();
    stream_->want_input(true);
    watch_end();
  }

  // The client's time begins when it has everything; before, it is to take
  // some of it, as of any answer.
  void watch_end() {
    auto now = home_.now();
    clock_.look(now, *stream_);
    auto has_all = stream_->unacknowledged() == 0;
    auto timeout = has_all ? linger_time : settings().write_timeout;
    if (now >= clock_.limit(timeout))
      return has_all ? close() : end_answer("write_timeout");
    auto step = answer_clock::step_of(std::min(timeout, linger_time));
    home_.set_timer(*this, clock_.next_look(now, timeout, step));
  }

  std::size_t discard(std::size_t count) {
    discarded_ += count;
    if (discarded_ > linger_bytes)
      close();
    return count;
  }

  void close() {
    if (phase_ == phase::done)
      return;
    phase_ = phase::done;
    home_.set_timer(*this, time_point::max());
    task_.reset();
    source_.reset();
    stream_->close();
  }

  void on_released() override { keep_.reset(); }

  loop_context& home_;
  std::unique_ptr<byte_stream> stream_; // null once it was upgraded
  std::shared_ptr<http_host> host_;
  client_peer peer_;
  request_reader reader_;
  std::shared_ptr<http_session> keep_; // while the stream is open
  std::unique_ptr<http_task> task_;
  std::unique_ptr<body_source> source_;
  std::string key_;
  answer_clock clock_;
  time_point body_due_{}; // of the request that is read
  std::size_t discarded_ = 0;
  phase phase_ = phase::waiting;
  body_framing framing_ = body_framing::none;
  bool keep_alive_ = true; // of the request that is answered, as the next ones
  bool may_be_chunked_ = false;
  bool is_head_ = false;
  bool ended_ = false; // there are no more pieces of the answer
};

} // namespace

void start_http_session(loop_context& home, std::unique_ptr<byte_stream> stream,
                        std::shared_ptr<http_host> host, client_peer peer) {
  std::make_shared<http_session>(home, std::move(stream), std::move(host),
                                 std::move(peer))
      ->start();
}

} // namespace wsrelay
