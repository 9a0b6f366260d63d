// Mode idle: connections are held, nothing is sent.
#include "tools/bench/workload.hpp"

namespace wsrelay::bench {

namespace {

class idle final : public workload {
public:
  void start() override {}
  void stop() override {}
  std::uint64_t awaited() const override { return 0; }
  void give_up() override {}
  void on_data(connection&, std::uint64_t, std::string_view) override {}
  void on_message(connection&, std::uint64_t) override {}
  void on_turn(connection&) override {}
};

} // namespace

std::unique_ptr<workload> make_idle(workload_env) {
  return std::make_unique<idle>();
}

} // namespace wsrelay::bench
