// The recording target.
#include "test/kit/probe.hpp"

#include "actors/caf_compat.hpp"
#include "test/kit/probe_record.hpp"
#include "test/kit/test_node.hpp"

#include <caf/all.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace wsrelay::test {

namespace {

WSRELAY_ATOM(quit)
WSRELAY_ATOM(crash)
WSRELAY_ATOM(release)

} // namespace

probe::probe(test_node& node, std::string name)
    : name_{std::move(name)},
      runner_{node.runner()},
      record_{std::make_shared<record>()} {
  auto behavior = [me =
                       record_](caf::event_based_actor* self) -> caf::behavior {
    // CAF's own handler prints.
    self->set_exception_handler([](std::exception_ptr&) -> caf::error {
      return caf::sec::runtime_error;
    });
    return {
        [me, self](const ws_join& x) { return me->on_join(self, x); },
        [me, self](const ws_message& x) {
          me->add(me->messages, x);
          return me->answer(self, me->holds);
        },
        [me, self](const ws_heartbeat& x) {
          me->add(me->heartbeats, x);
          return me->answer(self, me->holds);
        },
        [me](const ws_leave& x) { me->add(me->leaves, x); },
        [me](const ws_refused& x) { me->add(me->refusals, x); },
        [me](const ws_overflow& x) { me->add(me->overflows, x); },
        [me](const ws_drained& x) { me->add(me->drains, x); },
        [me](release_atom) { me->release(); },
        [self](quit_atom, caf::error& reason) {
          self->quit(std::move(reason));
        },
        [](crash_atom) { throw std::runtime_error{"a probe that crashes"}; },
    };
  };
  actor_ = node.system().spawn(std::move(behavior));
}

// Held answers refer to the actor that owes them.
probe::~probe() {
  caf::anon_send_exit(actor_, caf::exit_reason::kill);
  record_->held.clear();
  record_->holds = false;
  accept_joins();
}

const std::vector<std::string>& probe::log() const noexcept {
  return record_->log;
}

const std::vector<ws_join>& probe::joins() const noexcept {
  return record_->joins;
}

const std::vector<ws_message>& probe::messages() const noexcept {
  return record_->messages;
}

const std::vector<ws_heartbeat>& probe::heartbeats() const noexcept {
  return record_->heartbeats;
}

const std::vector<ws_leave>& probe::leaves() const noexcept {
  return record_->leaves;
}

const std::vector<ws_refused>& probe::refusals() const noexcept {
  return record_->refusals;
}

const std::vector<ws_overflow>& probe::overflows() const noexcept {
  return record_->overflows;
}

const std::vector<ws_drained>& probe::drains() const noexcept {
  return record_->drains;
}

void probe::clear() {
  record_->log.clear();
  record_->places.clear();
  record_->taken = 0;
  record_->joins.clear();
  record_->messages.clear();
  record_->heartbeats.clear();
  record_->leaves.clear();
  record_->refusals.clear();
  record_->overflows.clear();
  record_->drains.clear();
}

void probe::accept_joins() {
  record_->joins_are = record::joins_answer::accept;
}

// No error is no refusal.
void probe::refuse_joins(caf::error why) {
  record_->joins_are =
      why ? record::joins_answer::refuse : record::joins_answer::accept;
  record_->refusal = std::move(why);
}

void probe::hold_joins() {
  record_->joins_are = record::joins_answer::hold;
}

void probe::hold() {
  record_->holds = true;
}

void probe::release() {
  record_->holds = false;
  if (record_->joins_are == record::joins_answer::hold)
    accept_joins();
  caf::anon_send(actor_, release_atom_v);
}

void probe::end(caf::error reason) {
  caf::anon_send(actor_, quit_atom_v, std::move(reason));
}

void probe::crash() {
  caf::anon_send(actor_, crash_atom_v);
}

} // namespace wsrelay::test
