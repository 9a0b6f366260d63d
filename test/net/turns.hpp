// A loop's whole turns, to see what does not happen in them.
#pragma once

#include "test/net/support.hpp"

#include <future>
#include <memory>

namespace wsrelay::test {

/// Puts itself off until `count` more turns have begun.
class turn_counter final : public loop_task {
public:
  turn_counter(loop& home, int count) : home_{home}, left_{count} {}

  void flush() override {}
  void go_on() override {
    if (--left_ >= 0)
      return home_.go_on_later(*this);
    auto done = done_; // whoever waits may destroy this at once
    done->set_value();
  }

  std::future<void> done() { return done_->get_future(); }

private:
  loop& home_;
  int left_;
  std::shared_ptr<std::promise<void>> done_ =
      std::make_shared<std::promise<void>>();
};

/// Lets the loop make some whole turns: what was ready before is over. Posted
/// functions cannot tell, since many of them run in one turn.
inline void wait_for_turns(loop& home, int count = 4) {
  turn_counter counter{home, count};
  auto done = counter.done();
  home.post([&] { home.go_on_later(counter); });
  done.wait();
}

} // namespace wsrelay::test
