// One answer, and the end.
#include "net/http/turned_away.hpp"

#include "net/http/http_date.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/response_writer.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace wsrelay {

namespace {

constexpr milliseconds away_time{2000};

} // namespace

std::string refusal_text(const problem& why) {
  auto response = to_response(why);
  response_frame frame;
  frame.keep_alive = false;
  frame.length = response.body.size();
  return make_response_head(response, frame, to_http_date(std::time(nullptr)))
         + std::string{response.body.view()};
}

/// One of them: what it sends is not looked at.
class turned_away::client final : public stream_events, public loop_timer {
public:
  client(turned_away& owner, std::unique_ptr<byte_stream> stream)
      : owner_{owner}, stream_{std::move(stream)} {}
  ~client() { owner_.home_.set_timer(*this, time_point::max()); }

  void start(place mine, const problem& why) {
    me_ = mine;
    stream_->attach(*this);
    stream_->give_way(true);
    stream_->send({shared_buffer{refusal_text(why)}, std::nullopt, false});
    stream_->end_output();
    stream_->want_input(true);
    owner_.home_.set_timer(*this, owner_.home_.now() + away_time);
  }

  bool is_open() const noexcept { return is_open_; }

  void cut_off() {
    end();
    stream_->cut_off();
  }

private:
  std::size_t on_input(std::string_view bytes) override { return bytes.size(); }

  // Who ends its half may still read what was answered.
  void on_end() override {
    has_end_ = true;
    if (stream_->output().empty())
      close();
  }

  void on_sent() override {
    if (has_end_ && stream_->output().empty())
      close();
  }

  void on_abort() override { close(); }
  bool is_idle() const override { return true; }
  void on_released() override { owner_.all_.erase(me_); }
  void on_timer() override { cut_off(); }

  void close() {
    end();
    stream_->close();
  }

  void end() noexcept {
    if (std::exchange(is_open_, false))
      --owner_.open_;
  }

  turned_away& owner_;
  std::unique_ptr<byte_stream> stream_;
  place me_;
  bool is_open_ = true;
  bool has_end_ = false; // of the client's half
};

turned_away::turned_away(loop_context& home) : home_{home} {}

turned_away::~turned_away() = default;

void turned_away::tell(std::unique_ptr<byte_stream> stream,
                       const problem& why) {
  if (open_ >= max)
    cut_off_oldest();
  all_.push_back(std::make_unique<client>(*this, std::move(stream)));
  ++open_;
  all_.back()->start(std::prev(all_.end()), why);
}

// Those that were cut off before are there until the end of the turn.
void turned_away::cut_off_oldest() {
  auto oldest = std::find_if(all_.begin(), all_.end(),
                             [](auto& each) { return each->is_open(); });
  (*oldest)->cut_off();
}

} // namespace wsrelay
