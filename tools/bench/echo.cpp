// Mode echo: every connection keeps `outstanding` messages under way and gets
// them back in order; with a rate, whoever has room sends what is due.
#include "tools/bench/message_writer.hpp"
#include "tools/bench/pacer.hpp"
#include "tools/bench/workload.hpp"

#include <algorithm>
#include <vector>

namespace wsrelay::bench {

namespace {

class echo final : public workload {
public:
  explicit echo(workload_env env)
      : env_{env},
        messages_{make_payload(env.opts)},
        writer_{messages_, env.opts},
        pacer_{env.opts.rate},
        slots_(env.opts.connections),
        stamps_(std::size_t{env.opts.connections} * env.opts.outstanding) {}

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
  void on_turn(connection& from) override;
  void on_ended(connection& which, const ending&) override;

private:
  struct slot {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool bad = false; // the message that is coming in differs
  };

  // Unique in the run, so that a message of another connection is noticed.
  std::uint64_t id(const connection& c, std::uint64_t number) const {
    return number * env_.opts.connections + c.index();
  }
  std::uint64_t& stamp(const connection& c, std::uint64_t number) {
    auto outstanding = env_.opts.outstanding;
    return stamps_[c.index() * std::size_t{outstanding} + number % outstanding];
  }
  bool has_room(const connection& c) const;
  void add(connection& to, std::uint64_t stamp);
  bool send_due();
  void drop(slot& which);

  workload_env env_;
  payload messages_;
  message_writer writer_;
  pacer pacer_;
  std::vector<slot> slots_;
  std::vector<std::uint64_t> stamps_;
  std::uint64_t budget_ = never;
  std::uint64_t awaited_ = 0;
  std::size_t next_ = 0;
  bool running_ = false;
  bool saturated_ = false;
};

void echo::start() {
  running_ = true;
  saturated_ = false;
  pacer_.start(env_.io.now);
  for (auto& c : env_.connections)
    on_turn(c);
}

void echo::limit(std::uint64_t messages) {
  budget_ = messages - std::min(messages, awaited_);
}

void echo::on_data(connection& from, std::uint64_t offset,
                   std::string_view data) {
  if (!env_.opts.verify)
    return;
  auto& slot = slots_[from.index()];
  slot.bad |= !messages_.matches(id(from, slot.received), offset, data);
}

void echo::on_message(connection& from, std::uint64_t size) {
  auto& slot = slots_[from.index()];
  bool unasked = slot.received == slot.sent;
  if (unasked || slot.bad || !messages_.may_have(size))
    ++env_.counts.wrong;
  slot.bad = false;
  if (unasked)
    return;
  --awaited_;
  auto sent_at = stamp(from, slot.received++);
  env_.counts.arrive(env_.io.now - std::min(env_.io.now, sent_at));
  saturated_ = false;
}

void echo::on_turn(connection& from) {
  if (pacer_.is_on())
    return;
  while (has_room(from)) {
    while (has_room(from) && writer_.has_room())
      add(from, env_.io.now);
    from.send(writer_.take());
  }
}

bool echo::has_room(const connection& c) const {
  const auto& slot = slots_[c.index()];
  return running_ && budget_ > 0 && c.is_open() && !c.is_blocked()
         && slot.sent - slot.received < env_.opts.outstanding;
}

void echo::add(connection& to, std::uint64_t at) {
  auto& slot = slots_[to.index()];
  stamp(to, slot.sent) = at;
  writer_.add(id(to, slot.sent++), env_.io.keys);
  ++awaited_;
  --budget_;
}

// Nobody has room: on_message tells when it is worth looking again.
void echo::on_tick() {
  while (running_ && !saturated_ && pacer_.due() <= env_.io.now)
    saturated_ = !send_due();
}

// Takes turns, so that the rate spreads over all connections.
bool echo::send_due() {
  auto count = env_.connections.size();
  for (std::size_t tried = 0; tried < count; ++tried) {
    auto& c = env_.connections[next_];
    next_ = next_ + 1 == count ? 0 : next_ + 1;
    if (!has_room(c))
      continue;
    add(c, pacer_.due());
    c.send(writer_.take());
    pacer_.advance();
    return true;
  }
  return false;
}

std::uint64_t echo::next_due() const {
  return running_ && !saturated_ ? pacer_.due() : never;
}

void echo::drop(slot& which) {
  auto missing = which.sent - which.received;
  env_.counts.lost += missing;
  awaited_ -= missing;
  which.received = which.sent;
}

void echo::give_up() {
  std::for_each(slots_.begin(), slots_.end(), [this](slot& s) { drop(s); });
}

void echo::on_ended(connection& which, const ending&) {
  drop(slots_[which.index()]);
}

} // namespace

std::unique_ptr<workload> make_echo(workload_env env) {
  return std::make_unique<echo>(env);
}

} // namespace wsrelay::bench
