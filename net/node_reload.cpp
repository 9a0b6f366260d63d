// Another configuration for a node that runs: all of it is made first, then all
// of it takes the place of what was.
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/node_messages.hpp"
#include "actors/order_line.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"
#include "net/admin/admin.hpp"
#include "net/heap.hpp"
#include "net/hook/hooks.hpp"
#include "net/http/certificate_watch.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/node.hpp"
#include "net/node_view.hpp"
#include "net/running_service.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

// A target may hold a loop.
constexpr std::chrono::milliseconds adopt_patience{5'000};

// Returns those that still have connections.
std::vector<std::shared_ptr<running_service>>
stop_empty(std::vector<std::shared_ptr<running_service>> all) {
  std::erase_if(all, [](auto& each) {
    if (!each->is_empty())
      return false;
    each->stop(std::chrono::steady_clock::now());
    return true;
  });
  return all;
}

// A file has thousands of entries.
constexpr std::size_t max_told = 20;

// "http.endpoint chat: changed", "gateway.addr: needs a restart".
std::pair<std::string_view, std::string_view> parts_of(std::string_view told) {
  auto mark = told.rfind(": ");
  if (mark == told.npos)
    return {told, {}};
  return {told.substr(0, mark), told.substr(mark + 2)};
}

void note_changes(const std::vector<std::string>& all) {
  auto count = std::min(all.size(), max_told);
  for (std::size_t i = 0; i < count; ++i) {
    auto [entry, how] = parts_of(all[i]);
    log().info("configuration changed: entry={} how={}", json_string(entry),
               how);
  }
  if (all.size() > count)
    log().info("configuration changed: more={}", all.size() - count);
}

void note(const result<config_changes>& done) {
  if (!done)
    return log().error(
        "configuration refused: reason={}"
        " hint=\"nothing has changed; repair it, then wsrelay reload\"",
        json_string(done.error().what));
  log().info("configuration reloaded: changed={}", done->changed.size());
  note_changes(done->changed);
  for (auto& kept : done->kept) {
    auto [key, why] = parts_of(kept);
    log().warn("configuration reloaded in part: key={} reason={}",
               log_value(key), json_string(why));
  }
}

void tell_where(const running_service& added) {
  for (auto& url : added.ports().urls())
    log().info("listening: service={} url={}",
               log_value(added.settings()->name), log_value(url));
}

} // namespace

/// What is ready to be used.
struct node::prepared_reload {
  std::shared_ptr<const relay_config> config;
  std::shared_ptr<const upstream_contexts> contexts;
  // those that go on, with what they go on with
  std::vector<
      std::pair<std::shared_ptr<running_service>, std::shared_ptr<service>>>
      kept;
  std::vector<std::shared_ptr<running_service>> added;
  std::shared_ptr<service> admin; // null without an admin.service
};

result<config_changes> node::reload(relay_config next) {
  std::lock_guard guard{operation_};
  if (!runs_)
    return failure{"the node drains, stops or does not run"};
  auto changes = take_changes(*view_->config(), next);
  if (auto issues = validate(next); !issues.empty())
    return failure{to_text(issues.front())};
  prepared_reload made;
  made.config = std::make_shared<const relay_config>(std::move(next));
  if (auto good = prepare(made); !good) {
    for (auto& service : made.added)
      service->stop(std::chrono::steady_clock::now());
    return good.error();
  }
  if (!runs_) {
    for (auto& service : made.added)
      service->stop(std::chrono::steady_clock::now());
    return failure{"the node stops"};
  }
  commit(made);
  return changes;
}

checked node::prepare(prepared_reload& next) {
  auto contexts = make_upstream_contexts(*next.config);
  if (!contexts)
    return contexts.error();
  next.contexts = *contexts;
  auto running = view_->running();
  for (auto& settings : next.config->services) {
    auto known = std::find_if(running.begin(), running.end(), [&](auto& each) {
      return each->settings()->name == settings.name;
    });
    if (known == running.end()) {
      auto& added = next.added.emplace_back(
          make_service(next.config, settings, next.contexts,
                       settings.is_derived, ++generation_));
      if (auto started = added->start(); !started)
        return started;
      continue;
    }
    auto made =
        (*known)->prepare(next.config, settings, next.contexts, successors_);
    if (!made)
      return made.error();
    next.kept.emplace_back(*known, *made);
  }
  if (!admin_service_)
    return passed();
  auto own = config_of_admin(*next.config);
  auto made = admin_service_->prepare(own, own->services.front(), next.contexts,
                                      nullptr);
  if (!made)
    return made.error();
  next.admin = *made;
  return passed();
}

void node::commit(prepared_reload& next) {
  heap_ = nullptr; // it looks at loops that may go
  auto has_new_token =
      next.admin
      && config_->admins.front().token != next.config->admins.front().token;
  std::vector<std::shared_ptr<running_service>> running;
  auto retired = stop_empty(retired_);
  for (auto& each : view_->running())
    if (std::none_of(next.kept.begin(), next.kept.end(),
                     [&](auto& kept) { return kept.first == each; })) {
      each->retire();
      retired.push_back(each);
    }
  for (auto& [service, made] : next.kept) {
    service->adopt(std::move(made), adopt_patience);
    running.push_back(service);
  }
  running.insert(running.end(), next.added.begin(), next.added.end());
  {
    std::lock_guard guard{mutex_};
    services_ = running;
    retired_ = std::move(retired);
    config_ = next.config;
    contexts_ = next.contexts;
  }
  auto* https = find_https_service(*config_);
  std::vector<std::shared_ptr<service>> all;
  if (next.admin) {
    admin_service_->adopt(next.admin, adopt_patience);
    if (has_new_token)
      admin_->end_streams();
    all.push_back(next.admin);
  }
  for (auto& each : running) {
    if (https)
      each->shared()->https_port = port(https->name);
    all.push_back(each->shared());
  }
  for (auto& each : next.added) {
    each->serve();
    tell_where(*each);
  }
  hooks_->adopt(config_, contexts_);
  certificates_ = watch_certificates(all);
  keep_heap();
}

/// Between the node and who gives orders, which may come when it has gone.
struct node::reload_gate {
  std::mutex mutex;
  node* owner; // null when it reloads no more
  std::function<result<relay_config>()> read;

  // Reading may take its time, and nobody waits for it.
  result<config_changes> reload() {
    std::function<result<relay_config>()> source;
    {
      std::lock_guard guard{mutex};
      source = read;
    }
    if (!source)
      return failure{"this program does not reload its configuration now"};
    auto next = source();
    if (!next)
      return next.error();
    std::lock_guard guard{mutex};
    if (!owner)
      return failure{"the node stops"};
    auto done = owner->reload(std::move(*next));
    note(done);
    return done;
  }
};

void node::on_reload_order(std::function<result<relay_config>()> read) {
  if (!gate_) {
    gate_ = std::make_shared<reload_gate>();
    gate_->owner = this;
    start_commands();
  }
  std::lock_guard guard{gate_->mutex};
  gate_->read = std::move(read);
}

void node::order_reload() {
  caf::anon_send(commands_, node_reload{});
}

// One that is under way ends first, unless it still reads.
void node::close_gate() {
  runs_ = false;
  if (auto gate = std::exchange(gate_, nullptr)) {
    std::lock_guard guard{gate->mutex};
    gate->owner = nullptr;
    gate->read = nullptr;
  }
}

namespace {

caf::error refused(std::string why) {
  return make_error(errc::invalid_message, std::move(why));
}

caf::result<std::vector<log_level_row>> change_log(caf::local_actor* self,
                                                   const node_log& message) {
  auto level = parse_log_level(message.level);
  auto part = parse_log_part(message.part);
  if (!message.level.empty() && !level)
    return refused("no such level: debug, info, warning, error or off");
  if (!message.part.empty() && !part)
    return refused(
        "no such part: node, http, connection, cluster, access or caf");
  if (level) // first: it may turn this line off
    log_order(self, "log",
              fmt::format(" level={}{}{}", message.level, part ? " part=" : "",
                          message.part));
  std::vector<log_level_row> result;
  for (std::size_t i = 0; i < log_part_count; ++i) {
    auto each = static_cast<log_part>(i);
    auto is_meant = part ? each == *part : each != log_part::access;
    if (level && is_meant)
      set_log_level(each, *level);
    result.push_back(
        {std::string{to_text(each)}, std::string{to_text(log_level(each))}});
  }
  return result;
}

} // namespace

// The reload is on a thread of its own: it reads files.
void node::start_commands() {
  auto reloader = system_.spawn<caf::detached>(
      [gate = gate_](caf::event_based_actor* self) {
        self->set_default_handler(caf::drop);
        self->set_error_handler([](caf::error&) {});
        return caf::behavior{
            [gate](node_reload) -> caf::result<node_reload_report> {
              auto done = gate->reload();
              if (!done)
                return refused(done.error().what);
              return node_reload_report{std::move(done->changed),
                                        std::move(done->kept)};
            }};
      });
  commands_ = system_.spawn([reloader](caf::event_based_actor* self) {
    self->link_to(reloader); // which ends with it
    self->set_default_handler(caf::drop);
    self->set_error_handler([](caf::error&) {});
    return caf::behavior{
        [self](const node_log& message) { return change_log(self, message); },
        [self, reloader](node_reload order) {
          log_order(self, "reload");
          return self->delegate(reloader, order);
        }};
  });
  caf::anon_send(directory_, directory_own{"wsrelay.node", commands_});
}

} // namespace wsrelay
