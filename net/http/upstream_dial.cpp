// One address after the other.
#include "net/http/upstream_dial.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace wsrelay {

upstream_dial::upstream_dial(loop& home, dial_plan plan, completion done)
    : home_{home}, plan_{std::move(plan)}, done_{std::move(done)} {}

upstream_dial::~upstream_dial() {
  drop_wire();
}

void upstream_dial::start() {
  try_next({});
}

void upstream_dial::try_next(std::string why) {
  drop_wire();
  home_.set_timer(*this, time_point::max());
  if (next_ == plan_.addresses.size())
    return finish(failure{std::move(why)});
  set_share();
  try {
    connect();
  } catch (const std::exception& error) { // there is no memory
    drop_wire();
    finish(failure{error.what()});
  }
}

void upstream_dial::connect() {
  wire_ = make_upstream_wire(home_, plan_.context);
  wire_->connect({plan_.addresses[next_++], plan_.port}, plan_.host,
                 [this](std::string why) { on_connected(std::move(why)); });
}

// The last address has all that is left, until the owner's own deadline.
void upstream_dial::set_share() {
  auto left = plan_.addresses.size() - next_;
  if (left > 1)
    home_.set_timer(*this, home_.now() + (plan_.deadline - home_.now()) / left);
}

void upstream_dial::on_timer() {
  on_connected("no answer");
}

void upstream_dial::on_connected(std::string why) {
  if (!why.empty())
    return try_next(fmt::format("{} port {}: {}",
                                plan_.addresses[next_ - 1].to_string(),
                                plan_.port, why));
  finish(std::exchange(wire_, nullptr));
}

void upstream_dial::finish(result<std::shared_ptr<upstream_wire>> what) {
  home_.set_timer(*this, time_point::max());
  auto done = std::move(done_);
  done(std::move(what)); // this may be gone
}

void upstream_dial::drop_wire() {
  if (auto old = std::exchange(wire_, nullptr))
    old->close();
}

} // namespace wsrelay
