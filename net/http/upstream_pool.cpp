// Idle connections.
#include "net/http/upstream_pool.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

// Whatever happens to it, it leaves its shelf, which destroys it.
class upstream_pool::idle_wire final : public wire_events,
                                       public loop_timer,
                                       public open_socket {
public:
  idle_wire(shelf& home, std::shared_ptr<upstream_wire> wire)
      : shelf_{home}, wire_{std::move(wire)} {
    wire_->attach(*this);
  }

  ~idle_wire() {
    if (wire_)
      wire_->close();
  }

  std::shared_ptr<upstream_wire> release() { return std::move(wire_); }

  void on_bytes(std::string_view) override { leave(); }
  void on_end(const std::string&) override { leave(); }
  void on_written(bool, bool) override {}
  void on_timer() override { leave(); }
  void abort() override { leave(); }
  bool is_idle() const override { return true; }

private:
  void leave() {
    std::erase_if(shelf_, [this](auto& each) { return each.get() == this; });
  }

  shelf& shelf_;
  std::shared_ptr<upstream_wire> wire_;
};

upstream_pool::upstream_pool(loop& home) : home_{home} {}

upstream_pool::~upstream_pool() = default;

std::shared_ptr<upstream_wire>
upstream_pool::take(const upstream_handler& upstream) {
  auto found = shelves_.find(upstream_key{upstream});
  if (found == shelves_.end())
    return nullptr;
  auto& shelf = found->second;
  while (!shelf.empty()) {
    auto wire = shelf.back()->release();
    shelf.pop_back();
    if (wire->is_quiet())
      return wire;
    wire->close();
  }
  return nullptr;
}

void upstream_pool::keep(const upstream_handler& upstream,
                         std::shared_ptr<upstream_wire> wire) {
  auto& shelf = shelves_[upstream_key{upstream}];
  auto& kept =
      shelf.emplace_back(std::make_unique<idle_wire>(shelf, std::move(wire)));
  home_.add(*kept);
  home_.set_timer(*kept, home_.now() + upstream.idle_timeout);
  while (shelf.size() > upstream.max_idle_connections)
    shelf.pop_front();
}

void upstream_pool::clear() {
  shelves_.clear();
}

std::size_t upstream_pool::size() const {
  std::size_t result = 0;
  for (auto& [key, shelf] : shelves_)
    result += shelf.size();
  return result;
}

} // namespace wsrelay
