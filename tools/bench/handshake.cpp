// Mode handshake: every client connects, upgrades, has one message echoed,
// closes, and begins again. Latency is that of the whole round.
#include "tools/bench/message_writer.hpp"
#include "tools/bench/workload.hpp"

#include <utility>
#include <vector>

namespace wsrelay::bench {

namespace {

class handshake final : public workload {
public:
  explicit handshake(workload_env env)
      : env_{env},
        messages_{make_payload(env.opts)},
        writer_{messages_, env.opts},
        slots_(env.opts.connections) {}

  bool waits_for_all() const override { return false; }
  void start() override {}
  void stop() override { running_ = false; }
  std::uint64_t awaited() const override { return awaited_; }
  void give_up() override;
  void on_data(connection& from, std::uint64_t offset,
               std::string_view data) override;
  void on_message(connection& from, std::uint64_t size) override;
  void on_turn(connection&) override {}
  void on_opened(connection& which) override;
  void on_ended(connection& which, const ending& how) override;

private:
  struct slot {
    bool active = false;
    bool bad = false; // the message that is coming in differs
  };

  workload_env env_;
  payload messages_;
  message_writer writer_;
  std::vector<slot> slots_;
  std::uint64_t awaited_ = 0;
  bool running_ = true;
};

void handshake::on_opened(connection& which) {
  slots_[which.index()].active = true;
  ++awaited_;
  writer_.add(which.index(), env_.io.keys);
  which.send(writer_.take());
}

void handshake::on_data(connection& from, std::uint64_t offset,
                        std::string_view data) {
  auto& slot = slots_[from.index()];
  if (env_.opts.verify)
    slot.bad |= !messages_.matches(from.index(), offset, data);
}

void handshake::on_message(connection& from, std::uint64_t size) {
  auto& slot = slots_[from.index()];
  if (std::exchange(slot.bad, false) || !messages_.may_have(size))
    ++env_.counts.wrong;
  from.close();
}

void handshake::on_ended(connection& which, const ending& how) {
  auto& slot = slots_[which.index()];
  bool was_active = std::exchange(slot.active, false);
  if (was_active)
    --awaited_;
  if (how.kind != ending::kind::clean) {
    env_.counts.lost += was_active;
    return;
  }
  if (was_active)
    env_.counts.arrive(env_.io.now - which.started());
  if (running_)
    which.start();
}

void handshake::give_up() {
  for (auto& slot : slots_)
    env_.counts.lost += std::exchange(slot.active, false);
  awaited_ = 0;
}

} // namespace

std::unique_ptr<workload> make_handshake(workload_env env) {
  return std::make_unique<handshake>(env);
}

} // namespace wsrelay::bench
