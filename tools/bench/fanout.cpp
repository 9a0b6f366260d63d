// Mode fanout: the first connection sends, all connections, it too, receive.
// Unpaced, the next message follows when all have the last one. A message
// shorter than ours is a notice of the server ("bob joined") and not counted.
#include "tools/bench/message_writer.hpp"
#include "tools/bench/pacer.hpp"
#include "tools/bench/workload.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace wsrelay::bench {

namespace {

// A target learns of a connection some time after the client has its 101.
constexpr std::uint64_t settle_time = 300'000'000;

// Unpaced: who has not got a message after this long will not.
constexpr std::uint64_t drain_time = 2'000'000'000;

class fanout final : public workload {
public:
  explicit fanout(workload_env env)
      : env_{env},
        messages_{make_payload(env.opts)},
        writer_{messages_, env.opts},
        pacer_{env.opts.rate},
        slots_(env.opts.connections) {}

  void start() override;
  void stop() override { running_ = false; }
  void limit(std::uint64_t messages) override;
  void on_tick() override;
  std::uint64_t next_due() const override;
  std::uint64_t awaited() const override { return awaited_; }
  void give_up() override;
  void on_data(connection& from, std::uint64_t offset,
               std::string_view data) override;
  void on_message(connection& from, std::uint64_t size) override;
  void on_turn(connection&) override {}
  void on_ended(connection& which, const ending&) override;

private:
  struct slot {
    std::uint64_t received = 0;
    bool bad = false; // the message that is coming in differs
  };

  std::uint64_t& stamp(std::uint64_t number) {
    return stamps_[number % stamps_.size()];
  }
  bool may_send() const;
  void send(std::uint64_t at);

  workload_env env_;
  payload messages_;
  message_writer writer_;
  pacer pacer_;
  std::vector<slot> slots_;
  // Of the latest messages; who lags behind them shows no latency.
  std::array<std::uint64_t, 65536> stamps_{};
  std::uint64_t open_at_ = never;
  std::uint64_t last_sent_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t budget_ = never;
  std::uint64_t awaited_ = 0;
  bool running_ = false;
};

void fanout::start() {
  running_ = true;
  open_at_ = env_.io.now + settle_time;
  pacer_.start(open_at_);
}

// Deliveries come in whole rounds of one per connection.
void fanout::limit(std::uint64_t messages) {
  auto more = messages - std::min(messages, awaited_);
  budget_ = (more + env_.counts.opened - 1)
            / std::max<std::uint64_t>(1, env_.counts.opened);
}

void fanout::on_data(connection& from, std::uint64_t offset,
                     std::string_view data) {
  auto& slot = slots_[from.index()];
  if (env_.opts.verify)
    slot.bad |= !messages_.matches(slot.received, offset, data);
}

void fanout::on_message(connection& from, std::uint64_t size) {
  auto& slot = slots_[from.index()];
  bool bad = std::exchange(slot.bad, false);
  if (size < messages_.size())
    return;
  bool unasked = slot.received == sent_;
  if (unasked || bad)
    ++env_.counts.wrong;
  if (unasked)
    return;
  --awaited_;
  auto number = slot.received++;
  bool known = sent_ - number <= stamps_.size();
  env_.counts.arrive(known ? env_.io.now - std::min(env_.io.now, stamp(number))
                           : 0);
}

bool fanout::may_send() const {
  const auto& sender = env_.connections.front();
  return running_ && budget_ > 0 && env_.io.now >= open_at_ && sender.is_open()
         && !sender.is_blocked();
}

void fanout::on_tick() {
  while (may_send() && pacer_.due() <= env_.io.now) {
    send(pacer_.due());
    pacer_.advance();
  }
  if (pacer_.is_on() || !may_send())
    return;
  if (awaited_ > 0 && env_.io.now - last_sent_ > drain_time)
    give_up();
  if (awaited_ == 0)
    send(env_.io.now);
}

void fanout::send(std::uint64_t at) {
  last_sent_ = env_.io.now;
  stamp(sent_) = at;
  writer_.add(sent_++, env_.io.keys);
  env_.connections.front().send(writer_.take());
  --budget_;
  for (auto& c : env_.connections) {
    if (c.is_open())
      ++awaited_;
    else
      slots_[c.index()].received = sent_;
  }
}

std::uint64_t fanout::next_due() const {
  if (running_ && env_.io.now < open_at_)
    return open_at_;
  return may_send() ? pacer_.due() : never;
}

void fanout::give_up() {
  env_.counts.lost += std::exchange(awaited_, 0);
  for (auto& slot : slots_)
    slot.received = sent_;
}

void fanout::on_ended(connection& which, const ending&) {
  auto& slot = slots_[which.index()];
  auto missing = sent_ - std::exchange(slot.received, sent_);
  env_.counts.lost += missing;
  awaited_ -= missing;
}

} // namespace

std::unique_ptr<workload> make_fanout(workload_env env) {
  return std::make_unique<fanout>(env);
}

} // namespace wsrelay::bench
