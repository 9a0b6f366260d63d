// Who acts next, of all nodes and links, and which nodes there are.
#include "test/kit/test_cluster.hpp"

#include "actors/directory.hpp"
#include "actors/node_messages.hpp"
#include "test/kit/cluster_member.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace wsrelay::test {

namespace {

constexpr int most_steps_at_end = 100'000;
constexpr int most_timers_at_end = 1000;

} // namespace

test_cluster::test_cluster(std::initializer_list<std::string> names,
                           cluster_options options, source_line where)
    : where_{where},
      world_{.options = std::move(options),
             .now = time_point{} + time_point::duration{1}},
      names_{names} {
  std::set<std::string> different{names_.begin(), names_.end()};
  if (names_.size() < 2 || different.size() != names_.size()
      || different.contains(""))
    throw std::invalid_argument{"a cluster has two nodes or more, with "
                                "different names"};
  for (auto& one : different)
    for (auto& other : different)
      if (one < other)
        links_.emplace(std::pair{one, other},
                       std::make_unique<cluster_link>(world_, one, other));
  for (auto& each : names_)
    begin(each);
  run();
}

test_cluster::~test_cluster() {
  try {
    end_all();
  } catch (...) { // an actor's; what is left is told
  }
  for (auto& [name, member] : members_) {
    member->look_for_left();
    member->end();
  }
  run_posted();
}

// First as long as nodes hear of each other, then each for itself.
void test_cluster::end_all() {
  for (auto& [name, member] : members_)
    member->drop_clients();
  come_to_rest();
  for (auto& [names, link] : links_)
    link->lose();
  come_to_rest();
  for (auto& [name, member] : members_)
    member->let_go();
  come_to_rest();
}

// Timers fire, too, but not without end.
void test_cluster::come_to_rest() {
  auto rest = [this] {
    for (auto left = most_steps_at_end; left > 0 && step(); --left) {
    }
  };
  rest();
  for (auto left = most_timers_at_end; left > 0; --left) {
    auto next = next_event();
    if (next == time_point::max())
      break;
    move_to(next);
    rest();
  }
}

test_node& test_cluster::operator[](std::string_view name) {
  return member(name).node();
}

cluster_link& test_cluster::link(std::string_view one, std::string_view other) {
  std::pair key{std::string{std::min(one, other)},
                std::string{std::max(one, other)}};
  auto found = links_.find(key);
  if (found == links_.end())
    throw std::invalid_argument{"no link between " + key.first + " and "
                                + key.second};
  return *found->second;
}

cluster_member& test_cluster::member(std::string_view name) {
  auto found = members_.find(name);
  if (found == members_.end())
    throw std::invalid_argument{"no node " + std::string{name} + " runs"};
  return *found->second;
}

// -- starting and ending ------------------------------------------------------

// Who stands behind another one connects to it, whoever starts first.
void test_cluster::begin(const std::string& name) {
  std::map<std::string, cluster_link*> links;
  for (auto& other : names_)
    if (other != name)
      links.emplace(other, &link(name, other));
  auto made = std::make_unique<cluster_member>(world_, name, links, where_);
  made->join(*this);
  for (auto& [other, way] : links)
    way->set_member(name, made.get());
  for (auto& other : names_) {
    if (other == name)
      break;
    made->add_peer(other);
  }
  members_.emplace(name, std::move(made));
}

void test_cluster::end(std::string_view name) {
  auto& which = member(name);
  for (auto& other : names_)
    if (other != name)
      link(name, other).set_member(name, nullptr);
  which.end();
  ended_.push_back(std::move(members_.find(name)->second));
  members_.erase(members_.find(name));
}

void test_cluster::kill(std::string_view name) {
  end(name);
  run();
}

void test_cluster::stop(std::string_view name) {
  auto& which = member(name);
  auto told = which.node().begin_request<void>(which.node().directory(),
                                               directory_stop{});
  run();
  auto deadline = now() + goodbye_patience;
  while (!told.answered() && now() < deadline)
    advance(std::chrono::duration_cast<milliseconds>(
        std::clamp<time_point::duration>(next_event() - now(), milliseconds{1},
                                         deadline - now())));
  which.end_actors();
  run();
  kill(name);
}

test_node& test_cluster::start(std::string_view name) {
  std::string key{name};
  if (std::find(names_.begin(), names_.end(), key) == names_.end()
      || members_.contains(key))
    throw std::invalid_argument{"no node " + key + " that does not run"};
  begin(key);
  run();
  return member(name).node();
}

test_node& test_cluster::restart(std::string_view name) {
  kill(name);
  return start(name);
}

// -- who acts, and when -------------------------------------------------------

void test_cluster::run() {
  while (step()) {
  }
  // Each forgets its clients that have gone.
  for (auto& [name, member] : members_)
    member->node().run();
}

void test_cluster::advance(milliseconds time) {
  run();
  auto end = now() + time;
  for (auto next = next_event(); next <= end; next = next_event()) {
    move_to(next);
    run();
  }
  move_to(end);
  run();
}

bool test_cluster::step() {
  if (stepping_)
    throw std::logic_error{"test_cluster: run inside of an actor"};
  stepping_ = true;
  try {
    auto acted = act();
    stepping_ = false;
    return acted;
  } catch (...) {
    stepping_ = false;
    throw;
  }
}

// Actors first, as a loop does it: links act when nobody is ready.
bool test_cluster::act() {
  auto acted = run_posted();
  for (auto& [name, member] : members_)
    acted = member->step() || acted;
  if (!acted)
    for (auto& [names, link] : links_)
      acted = link->step() || acted;
  return acted;
}

bool test_cluster::run_posted() {
  auto actions = std::exchange(world_.posted, {});
  for (auto& each : actions)
    each();
  return !actions.empty();
}

test_cluster::time_point test_cluster::next_event() const {
  auto result = time_point::max();
  for (auto& [name, member] : members_)
    result = std::min(result, member->next_event());
  for (auto& [names, link] : links_)
    result = std::min(result, link->next_event());
  return result;
}

void test_cluster::move_to(time_point when) {
  world_.now = std::max(world_.now, when);
  for (auto& [name, member] : members_)
    member->move_to(world_.now);
}

caf::actor test_cluster::seen_by(caf::actor_system& system,
                                 const caf::actor& who) {
  auto* block = caf::actor_cast<caf::actor_control_block*>(who);
  if (!block || block->home_system == &system)
    return who;
  for (auto& [name, member] : members_)
    if (&member->node().system() == &system)
      return member->own_handle(who);
  return who;
}

} // namespace wsrelay::test
