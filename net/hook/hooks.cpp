// Actors, names, and their end.
#include "net/hook/hooks.hpp"

#include "actors/log.hpp"
#include "actors/messages.hpp"
#include "actors/tell_directory.hpp"
#include "net/hook/hook_client.hpp"
#include "net/hook/hook_target.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace wsrelay {

namespace {

// Between looks at whether all is told.
constexpr std::chrono::milliseconds stop_step{20};

// No target runs on this loop but these, which wait for nothing.
constexpr std::chrono::milliseconds in_place_budget{5};

std::shared_ptr<const http_target_config>
entry_of(const std::shared_ptr<const relay_config>& config,
         const http_target_config& entry) {
  return {config, &entry};
}

} // namespace

hooks::hooks(caf::actor_system& system, caf::actor directory)
    : system_{system}, directory_{std::move(directory)} {}

hooks::~hooks() {
  stop(std::chrono::steady_clock::now());
}

checked hooks::start(std::shared_ptr<const relay_config> config,
                     std::shared_ptr<const upstream_contexts> contexts) {
  if (config->targets.empty())
    return passed();
  begin();
  home_->call([&] {
    upstreams_ =
        std::make_shared<hook_upstreams>(*home_, names_, std::move(contexts));
  });
  for (auto& entry : config->targets)
    if (auto added = add(entry_of(config, entry)); !added)
      return added;
  return passed();
}

void hooks::begin() {
  if (home_)
    return;
  home_ = std::make_unique<loop>(system_, in_place_budget);
  home_->start("wsrelay.hooks");
}

hooks::running
hooks::spawn(std::shared_ptr<const http_target_config> settings) {
  auto self = std::make_shared<caf::actor_addr>(); // known soon
  auto port = std::make_unique<hook_client>(
      *home_, [self, directory = directory_, name = settings->name](bool open) {
        auto who = caf::actor_cast<caf::actor>(*self);
        if (who && open)
          caf::anon_send(directory, directory_put{name, who});
        else if (who)
          caf::anon_send(directory, directory_erase{name, who});
      });
  auto* shown = port.get();
  auto shared = std::make_shared<std::unique_ptr<hook_port>>(std::move(port));
  auto who = home_->call([&] {
    shown->use(upstreams_, settings);
    auto made = spawn_on(system_, home_.get(), hook_target, settings, shared);
    *self = made.address();
    return made;
  });
  caf::scoped_actor asker{system_};
  asker->request(who, caf::infinite, caf::ok_atom_v)
      .receive([] {}, [](caf::error&) {});
  auto* object = caf::actor_cast<caf::abstract_actor*>(who);
  return {who, shown, &static_cast<hook_target_actor*>(object)->state};
}

void hooks::use(const running& target,
                std::shared_ptr<const http_target_config> settings) {
  target.port->use(upstreams_, settings);
  target.state->configure(std::move(settings));
}

checked hooks::add(std::shared_ptr<const http_target_config> settings) {
  auto name = settings->name;
  auto made = spawn(std::move(settings));
  auto named =
      tell_directory(system_, directory_, directory_put{name, made.who});
  targets_.emplace(name, std::move(made));
  if (!named)
    return failure{"http.target " + name + ": " + named.error().what};
  return passed();
}

void hooks::adopt(std::shared_ptr<const relay_config> config,
                  std::shared_ptr<const upstream_contexts> contexts) {
  if (config->targets.empty() && targets_.empty())
    return;
  begin();
  end_retired();
  home_->call([&] {
    upstreams_ =
        std::make_shared<hook_upstreams>(*home_, names_, std::move(contexts));
  });
  auto before = std::exchange(targets_, {});
  for (auto& entry : config->targets) {
    auto settings = entry_of(config, entry);
    if (auto known = before.extract(entry.name)) {
      home_->call([&] { use(known.mapped(), settings); });
      targets_.insert(std::move(known));
    } else if (auto added = add(settings); !added) {
      log().error("http.target cannot be reached by its name: reason={}"
                  " hint=\"rename it, or what has the name (wsrelay targets), "
                  "then wsrelay reload\"",
                  json_string(added.error().what));
    }
  }
  for (auto& [name, target] : before) {
    home_->call([&, state = target.state] { state->retire(); });
    caf::anon_send(directory_, directory_erase{name, target.who});
    retired_.push_back(std::move(target));
  }
}

// Those whose connections have all ended.
void hooks::end_retired() {
  std::erase_if(retired_, [this](auto& each) {
    if (!is_done(each))
      return false;
    caf::anon_send_exit(each.who, caf::exit_reason::user_shutdown);
    return true;
  });
}

bool hooks::is_done(const running& target) {
  return home_->call([&] { return target.state->connections() == 0; });
}

bool hooks::are_done() {
  auto is_done = [this](auto& each) { return this->is_done(each); };
  return std::all_of(retired_.begin(), retired_.end(), is_done)
         && std::all_of(targets_.begin(), targets_.end(),
                        [&](auto& each) { return is_done(each.second); });
}

void hooks::stop(std::chrono::steady_clock::time_point deadline) {
  if (!home_)
    return;
  while (!are_done() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(stop_step);
  for (auto& [name, target] : targets_)
    retired_.push_back(std::move(target));
  targets_.clear();
  caf::scoped_actor self{system_};
  for (auto& target : retired_) {
    self->send_exit(target.who, caf::exit_reason::user_shutdown);
    self->wait_for(target.who);
  }
  retired_.clear();
  home_->drop_sockets();
  home_->call([this] { upstreams_ = nullptr; });
  home_->stop();
  home_ = nullptr;
}

} // namespace wsrelay
