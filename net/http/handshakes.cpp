// From accept to the first request.
#include "net/http/handshakes.hpp"

#include "net/http/turned_away.hpp"
#include "net/loop/guard.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

// For whoever speaks HTTP without TLS to read why that is wrong.
constexpr milliseconds reading_time{2000};

std::string plain_answer() {
  return refusal_text(
      {400, "tls", "this port speaks https and wss: TLS comes first"});
}

} // namespace

/// One of them: is told what its stream tells.
class handshakes::handshake final : public stream_events, public loop_timer {
public:
  handshake(handshakes& owner, std::unique_ptr<byte_stream> stream,
            client_peer peer, std::shared_ptr<const void> used)
      : owner_{owner},
        peer_{std::move(peer)},
        used_{std::move(used)},
        stream_{std::move(stream)} {}

  // Others' messages go first, as those of HTTP: a handshake takes long.
  void start(place mine) {
    me_ = mine;
    stream_->attach(*this);
    stream_->give_way(true);
    owner_.home_.set_timer(*this, owner_.home_.now() + owner_.timeout_);
    stream_->want_input(true);
  }

  // Nothing of it is worth that the kernel keeps it.
  void cut_off(std::string_view check, std::string_view reason) {
    owner_.failed_(check, reason, peer_.address);
    end();
    stream_->cut_off();
  }

  bool is_under_way() const noexcept { return under_way_; }

private:
  friend class handshakes;

  // There is no text before it is secured, and behind plain text only more of
  // that.
  std::size_t on_input(std::string_view bytes) override { return bytes.size(); }

  void on_secured() override { owner_.pass_on(me_); }

  void on_insecure(std::string_view reason) override {
    owner_.failed_("tls", reason, peer_.address);
  }

  void on_plain_text() override {
    owner_.failed_("plain", "no TLS", peer_.address);
    owner_.end(*this);
    stream_->send({shared_buffer{plain_answer()}, std::nullopt, false});
    stream_->end_output();
    owner_.home_.set_timer(*this, owner_.home_.now() + reading_time);
  }

  // Who ends its half may still read what was answered.
  void on_end() override {
    has_end_ = true;
    if (under_way_ || stream_->output().empty())
      close();
  }

  void on_sent() override {
    if (has_end_ && stream_->output().empty())
      close();
  }

  void on_abort() override { close(); }
  bool is_idle() const override { return true; }

  void on_released() override { owner_.forget(me_); }

  void on_timer() override {
    guarded("TLS deadline", [this] {
      if (under_way_)
        cut_off("timeout", "it took too long");
      else
        close();
    });
  }

  void end() {
    owner_.end(*this);
    owner_.home_.set_timer(*this, time_point::max());
  }

  void close() {
    end();
    stream_->close();
  }

  handshakes& owner_;
  client_peer peer_;
  std::shared_ptr<const void> used_;
  std::unique_ptr<byte_stream> stream_;
  place me_;
  bool under_way_ = true;
  bool has_end_ = false; // of the client's half
};

handshakes::handshakes(loop_context& home, milliseconds timeout,
                       std::size_t max, done_function done,
                       failed_function failed)
    : home_{home},
      timeout_{timeout},
      max_{max},
      done_{std::move(done)},
      failed_{std::move(failed)} {}

handshakes::~handshakes() {
  for (auto& each : all_)
    home_.set_timer(*each, time_point::max());
}

void handshakes::begin(std::unique_ptr<byte_stream> stream, client_peer peer,
                       std::shared_ptr<const void> used) {
  if (under_way_ >= max_)
    drop_oldest();
  all_.push_back(std::make_unique<handshake>(*this, std::move(stream),
                                             std::move(peer), std::move(used)));
  ++under_way_;
  all_.back()->start(std::prev(all_.end()));
}

void handshakes::drop_oldest() {
  auto oldest = std::find_if(all_.begin(), all_.end(),
                             [](auto& each) { return each->is_under_way(); });
  (*oldest)->cut_off("dropped", "too many handshakes are under way");
}

// The handshake is destroyed while it tells of its end.
void handshakes::pass_on(place which) {
  auto mine = std::move(*which);
  all_.erase(which);
  --under_way_;
  home_.set_timer(*mine, time_point::max());
  mine->peer_.certificate = mine->stream_->certificate();
  done_(std::move(mine->stream_), std::move(mine->peer_));
}

void handshakes::end(handshake& which) {
  if (std::exchange(which.under_way_, false))
    --under_way_;
}

void handshakes::forget(place which) {
  all_.erase(which);
}

} // namespace wsrelay
