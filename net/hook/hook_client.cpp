// Calls with their deadlines.
#include "net/hook/hook_client.hpp"

#include "actors/unix_time.hpp"
#include "net/loop/guard.hpp"

#include <list>
#include <random>
#include <utility>

namespace wsrelay {

class hook_client::impl final : private loop_timer {
public:
  impl(loop& home, std::function<void(bool)> on_open)
      : home_{home}, on_open_{std::move(on_open)} {}

  ~impl() { loop_timer::unlink(); }

  // A request on its way.
  class call final : private loop_timer {
  public:
    call(impl& owner, on_result done) : owner_{owner}, done_{std::move(done)} {}

    ~call() {
      loop_timer::unlink();
      if (call_)
        call_->cancel();
    }

    void start(const http_request& what, time_point deadline) {
      upstreams_ = owner_.upstreams_;
      auto handler = std::shared_ptr<const upstream_handler>{
          owner_.settings_, &owner_.settings_->server};
      call_ = upstreams_->client.ask(
          std::move(handler), what, {},
          [this](upstream_result result) { on_answer(std::move(result)); });
      owner_.home_.set_timer(*this, deadline);
    }

    std::list<call>::iterator place;

  private:
    void on_answer(upstream_result result) {
      hook_result out;
      out.was_sent = call_->was_sent();
      if (auto* answer = std::get_if<http_answer>(&result))
        out.response = std::move(answer->response);
      else
        out.why = std::get<problem>(result).detail;
      finish(std::move(out));
    }

    void on_timer() override {
      auto was_sent = call_->was_sent();
      std::exchange(call_, nullptr)->cancel();
      finish({{}, was_sent, "no answer in time"});
    }

    // The call is over, and may be destroyed by what is told.
    void finish(hook_result what) {
      auto done = std::move(done_);
      call_ = nullptr;
      owner_.calls_.erase(place); // this
      guarded("http.target", [&] { done(std::move(what)); });
    }

    impl& owner_;
    on_result done_;
    std::shared_ptr<hook_upstreams> upstreams_;
    std::shared_ptr<upstream_call> call_;
  };

  void ask(const http_request& what, time_point deadline, on_result done) {
    auto& made = calls_.emplace_back(*this, std::move(done));
    made.place = std::prev(calls_.end());
    made.start(what, deadline);
  }

  void wake_at(time_point when, std::function<void()> wake) {
    wake_ = std::move(wake);
    home_.set_timer(*this, when);
  }

  void on_timer() override {
    if (auto wake = std::exchange(wake_, nullptr))
      wake();
  }

  double random_share() {
    return std::uniform_real_distribution<>{0, 1}(random_);
  }

  loop& home_;
  std::function<void(bool)> on_open_;
  std::shared_ptr<const http_target_config> settings_;
  std::shared_ptr<hook_upstreams> upstreams_;
  std::function<void()> wake_;
  std::minstd_rand random_{std::random_device{}()};
  std::list<call> calls_;
};

hook_client::hook_client(loop& home, std::function<void(bool)> on_open)
    : impl_{std::make_unique<impl>(home, std::move(on_open))} {}

hook_client::~hook_client() = default;

void hook_client::use(std::shared_ptr<hook_upstreams> upstreams,
                      std::shared_ptr<const http_target_config> settings) {
  impl_->upstreams_ = std::move(upstreams);
  impl_->settings_ = std::move(settings);
}

time_point hook_client::now() const {
  return impl_->home_.now();
}

milliseconds hook_client::unix_now() const {
  return unix_time();
}

double hook_client::random_share() {
  return impl_->random_share();
}

void hook_client::ask(http_request what, time_point deadline, on_result done) {
  impl_->ask(what, deadline, std::move(done));
}

void hook_client::wake_at(time_point when, std::function<void()> wake) {
  impl_->wake_at(when, std::move(wake));
}

void hook_client::set_open(bool open) {
  impl_->on_open_(open);
}

} // namespace wsrelay
