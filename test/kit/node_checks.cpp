// The last look at a node.
#include "test/kit/node_checks.hpp"

#include "actors/own_actors.hpp"
#include "actors/pid_text.hpp"

#include <caf/actor_cast.hpp>
#include <caf/local_actor.hpp>

#include <exception>
#include <typeinfo>
#include <utility>

namespace wsrelay::test {

namespace {

// The state's, or that of a class of its own.
std::string name_of(const caf::abstract_actor& who) {
  auto* local = dynamic_cast<const caf::monitorable_actor*>(&who);
  return local ? local->name() : "";
}

std::string described(const caf::abstract_actor& who) {
  return name_of(who) + " (" + pid_text(who.id(), who.node()) + "), a "
         + type_name(typeid(who));
}

} // namespace

std::ostream& operator<<(std::ostream& out, const refused_send& what) {
  return out << what.topic << " to " << what.client_pid << ": " << what.error;
}

node_checks::node_checks(refused_sends_ptr refused, std::string name,
                         source_line where)
    : name_{std::move(name)},
      where_{where},
      exceptions_{std::uncaught_exceptions()},
      refused_{std::move(refused)} {}

node_checks::~node_checks() {
  if (std::uncaught_exceptions() == exceptions_)
    complain();
}

void node_checks::allow_left_actors() {
  allows_actors_ = true;
}

void node_checks::allow_left_actors(const caf::actor& who) {
  allowed_.insert(who.id());
}

void node_checks::allow_left_actors(std::string name) {
  allowed_names_.insert(std::move(name));
}

std::vector<refused_send> node_checks::take_refused_sends() {
  return std::exchange(*refused_, {});
}

void node_checks::allow_refused_sends() {
  allows_refused_ = true;
}

void node_checks::expect_refused_send(errc code, source_line where) {
  if (refused_->empty() && runner_)
    (*runner_)();
  auto expected = "expected a refused send: " + printed(code);
  if (refused_->empty())
    return fail(expected + "\n  none was refused", where);
  auto next = std::move(refused_->front());
  refused_->erase(refused_->begin());
  if (!is(next.error, code))
    fail(expected + "\n  refused instead: " + printed(next), where);
}

void node_checks::set_runner(std::function<void()> run) {
  if (run)
    runner_ = std::make_shared<const std::function<void()>>(std::move(run));
  else
    runner_ = nullptr;
}

void node_checks::ignore(const caf::actor& who) {
  allowed_.insert(who.id());
}

void node_checks::note(std::string text) {
  notes_ += (notes_.empty() ? "" : "\n") + std::move(text);
}

void node_checks::note_left(const std::vector<caf::actor>& actors) {
  for (auto& each : actors) {
    auto& who = *caf::actor_cast<caf::abstract_actor*>(each);
    auto is_hidden = !who.getf(caf::abstract_actor::is_registered_flag);
    if ((!is_hidden || !is_own_actor(who)) && !allowed_.contains(who.id())
        && !allowed_names_.contains(name_of(who)))
      left_.push_back(described(who) + (is_hidden ? ", hidden" : ""));
  }
}

void node_checks::complain() const noexcept {
  auto of_node = name_.empty() ? "" : " " + name_;
  auto text = notes_;
  if (!text.empty() && !name_.empty())
    text = "at the end of the node" + of_node + ":\n" + text;
  if (!left_.empty() && !allows_actors_) {
    text += text.empty() ? "" : "\n";
    text += "actors are left at the end of the node" + of_node + ":";
    for (auto& each : left_)
      text += "\n  " + each;
  }
  if (!refused_->empty() && !allows_refused_) {
    text += text.empty() ? "" : "\n";
    text += "sends were refused" + (name_.empty() ? "" : " on" + of_node)
            + ", and nobody has expected or asked:";
    for (auto& each : *refused_)
      text += "\n  " + printed(each);
  }
  if (!text.empty())
    fail_at_end(text, where_);
}

} // namespace wsrelay::test
