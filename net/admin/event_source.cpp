// Queues of events, and their readers.
#include "net/admin/event_source.hpp"

#include <fmt/format.h>

#include <utility>

namespace wsrelay {

void event_queue::push(std::string_view name, std::string_view data) {
  {
    std::lock_guard guard{mutex_};
    if (ended_)
      return;
    auto event =
        missed_text() + fmt::format("event: {}\ndata: {}\n\n", name, data);
    if (events_ >= max_events || waiting_.size() + event.size() > max_bytes) {
      ++missed_;
      return;
    }
    missed_ = 0;
    waiting_ += event;
    ++events_;
  }
  wake_();
}

std::string event_queue::missed_text() const {
  if (missed_ == 0)
    return {};
  return fmt::format("event: missed\ndata: {{\"count\":{}}}\n\n", missed_);
}

void event_queue::end() {
  {
    std::lock_guard guard{mutex_};
    ended_ = true;
  }
  wake_();
}

// What was missed before the end is the last that is told.
event_queue::batch event_queue::take() {
  std::lock_guard guard{mutex_};
  events_ = 0;
  auto text = std::exchange(waiting_, {});
  if (ended_ && text.empty()) {
    text = missed_text();
    missed_ = 0;
  }
  auto is_last = ended_ && text.empty();
  return {std::move(text), is_last};
}

// Many events are one call. It outlives the source: calls may be on their way.
struct event_source::knocker : public std::enable_shared_from_this<knocker> {
  knocker(event_source* source_, std::shared_ptr<loop_door> door_)
      : source{source_}, door{std::move(door_)} {}

  void knock() {
    if (!is_coming.exchange(true))
      door->post([me = shared_from_this()] {
        me->is_coming = false;
        if (me->source)
          me->source->look();
      });
  }

  event_source* source; // loop thread; null when it has gone
  std::shared_ptr<loop_door> door;
  std::atomic<bool> is_coming{false};
};

std::unique_ptr<event_source>
event_source::make(loop_context& home, std::shared_ptr<loop_door> door) {
  std::unique_ptr<event_source> result{new event_source{home}};
  result->knocker_ = std::make_shared<knocker>(result.get(), std::move(door));
  result->queue_ =
      std::make_shared<event_queue>([to = result->knocker_] { to->knock(); });
  return result;
}

event_source::~event_source() {
  knocker_->source = nullptr;
  queue_->end();
  if (at_end_)
    at_end_();
}

void event_source::read(on_piece done) {
  waiting_ = std::move(done);
  home_.set_timer(*this, home_.now() + keep_alive);
  look();
}

void event_source::on_timer() {
  give(":\n\n");
}

void event_source::look() {
  if (!waiting_)
    return;
  auto batch = queue_->take();
  if (batch.ended)
    return give({});
  if (!batch.text.empty())
    give(std::move(batch.text));
}

// The callee may destroy this.
void event_source::give(std::string text) {
  home_.set_timer(*this, time_point::max());
  if (auto done = std::exchange(waiting_, nullptr))
    done(shared_buffer{std::move(text)});
}

} // namespace wsrelay
