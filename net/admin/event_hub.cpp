// Events of connections.
#include "net/admin/event_hub.hpp"

#include "net/admin/json_output.hpp"

#include <algorithm>

namespace wsrelay {

bool event_hub::add(const std::shared_ptr<event_queue>& listener) {
  std::lock_guard guard{mutex_};
  if (closed_ || listeners_.size() >= max_listeners)
    return false;
  listeners_.push_back(listener);
  count_ = listeners_.size();
  return true;
}

void event_hub::remove(const std::shared_ptr<event_queue>& listener) {
  std::lock_guard guard{mutex_};
  std::erase(listeners_, listener);
  count_ = listeners_.size();
}

void event_hub::publish(std::string_view name, std::string_view data) {
  std::lock_guard guard{mutex_};
  for (auto& each : listeners_)
    each->push(name, data);
}

void event_hub::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  for (auto& each : listeners_)
    each->end();
}

void event_hub::on_open(const connection_info& what) {
  publish("opened", make_json([&](json_writer& out) {
            out.StartObject();
            put(out, "pid", what.client_pid.view());
            put(out, "address", what.remote_address);
            put(out, "endpoint", what.endpoint);
            out.EndObject();
          }));
}

void event_hub::on_end(const ended_connection& what) {
  auto report = report_of(what, node_);
  publish("ended", make_json([&](json_writer& out) {
            out.StartObject();
            put(out, "pid", report.client_pid.view());
            put(out, "address", report.remote_address);
            put(out, "endpoint", report.endpoint);
            put(out, "cause", report.cause);
            put(out, "code", std::uint64_t{report.code});
            out.EndObject();
          }));
}

} // namespace wsrelay
