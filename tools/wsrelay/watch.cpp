// An actor hears the events; the main thread waits for its end.
#include "tools/wsrelay/watch.hpp"

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "net/admin/json_rows.hpp"
#include "net/admin/target_names.hpp"
#include "tools/wsrelay/interruption.hpp"
#include "tools/wsrelay/text.hpp"

#include <caf/all.hpp>

#include <fmt/chrono.h>

#include <optional>

namespace wsrelay::cli {

namespace {

using namespace std::chrono;

std::string time_text(wall_time when) {
  auto ms = duration_cast<milliseconds>(when.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(system_clock::to_time_t(when)), ms);
}

const char* to_text(message_type type) {
  return type == message_type::text ? "text" : "binary";
}

bool is_message(const ws_traffic& event) {
  return event.kind == traffic_kind::in || event.kind == traffic_kind::out;
}

std::string details(const ws_traffic& event) {
  auto data = printable(event.data.view());
  if (is_message(event))
    return fmt::format("#{} {} {} B{}{}", event.number, to_text(event.type),
                       event.size, data.empty() ? "" : "  ", data);
  if (event.kind == traffic_kind::transferred)
    return "to " + data;
  return fmt::format("{} {}{}{}", wsrelay::to_text(event.reason), event.number,
                     data.empty() ? "" : "  ", data);
}

void put_details(json_writer& out, const ws_traffic& event) {
  if (is_message(event)) {
    put(out, "number", event.number);
    put(out, "type", to_text(event.type));
    put(out, "size", event.size);
    if (!event.data.empty())
      put_bytes(out, "data", event.data.view());
  } else if (event.kind == traffic_kind::transferred) {
    put(out, "target", event.data.view());
  } else {
    put(out, "reason", wsrelay::to_text(event.reason));
    put(out, "code", event.number);
    put(out, "text", event.data.view());
  }
}

// For people a target has its name, if it had one when the watch began.
ws_traffic named(ws_traffic event, const target_names& names) {
  if (event.kind == traffic_kind::transferred)
    event.data = shared_buffer{names.shown(std::string{event.data.view()})};
  return event;
}

// What the watching actor tells the main thread: how it ended.
using outcome = std::optional<command_error>; // none = as it should

struct watch_settings {
  caf::actor node;
  caf::actor connection;
  std::string pid;
  milliseconds timeout;
  bool payload;
  std::function<void(const ws_traffic&)> tell;
  std::function<void(outcome)> finish;
};

struct watcher_state {
  explicit watcher_state(caf::stateful_actor<watcher_state>* self)
      : self{self} {}

  caf::behavior start(watch_settings with) {
    settings = std::move(with);
    self->set_down_handler([this](caf::down_msg& x) { on_down(x); });
    self->monitor(settings.node);
    self->monitor(settings.connection);
    self->request(settings.connection, settings.timeout,
                  ws_watch{self, settings.payload})
        .then([this] { check_node(); },
              [this](caf::error& error) {
                end(to_command_error(error, settings.pid));
              });
    return {
        [this](const ws_traffic& event) { on_event(event); },
        [this](caf::tick_atom) { check_node(); },
        [this](caf::close_atom) { end({}); },
    };
  }

  void on_event(const ws_traffic& event) {
    if (tell(event) && event.kind == traffic_kind::ended)
      end({});
  }

  // Returns false after the end: what is seen cannot be printed.
  bool tell(const ws_traffic& event) {
    try {
      settings.tell(event);
      return true;
    } catch (const command_error& error) {
      end(error);
      return false;
    }
  }

  // A node that hangs ends nothing: it is asked from time to time.
  void check_node() {
    self->request(settings.node, settings.timeout, peer_list{})
        .then(
            [this](const std::vector<peer_entry>&) {
              self->delayed_send(self, settings.timeout, caf::tick_atom_v);
            },
            [this](caf::error&) { end(lost_node()); });
  }

  // Without a last event: killed with its node, or before it was watched.
  void on_down(const caf::down_msg& message) {
    auto lost = message.source == settings.node
                || message.reason == caf::exit_reason::remote_link_unreachable;
    if (lost)
      return end(lost_node());
    if (auto how = to_close_info(message.reason))
      tell({settings.pid, traffic_kind::ended, how->code, message_type::text, 0,
            how->text, how->reason, 0});
    end({});
  }

  void end(outcome how) {
    if (auto finish = std::exchange(settings.finish, nullptr))
      finish(std::move(how));
    self->quit();
  }

  caf::stateful_actor<watcher_state>* self;
  watch_settings settings;
};

caf::behavior watcher(caf::stateful_actor<watcher_state>* self,
                      watch_settings settings) {
  return self->state.start(std::move(settings));
}

} // namespace

std::string to_line(const ws_traffic& event, wall_time when) {
  auto out = event.missed > 0 ? fmt::format("{}  missed {} events\n",
                                            time_text(when), event.missed)
                              : std::string{};
  return out
         + fmt::format("{}  {:<5}  {}\n", time_text(when), to_text(event.kind),
                       details(event));
}

std::string to_json_line(const ws_traffic& event, wall_time when) {
  return make_json([&](json_writer& out) {
           out.StartObject();
           put(out, "time", time_text(when));
           put(out, "pid", event.client_pid.view());
           put(out, "event", to_text(event.kind));
           put_details(out, event);
           put(out, "missed", event.missed);
           out.EndObject();
         })
         + "\n";
}

void watch(node_client& node, const options& opts,
           std::function<void(const std::string&)> print) {
  auto ended = std::make_shared<std::promise<outcome>>();
  auto tell = [print = std::move(print), json = opts.json,
               names = target_names{node.names()}](auto& event) {
    auto now = system_clock::now();
    print(json ? to_json_line(event, now) : to_line(named(event, names), now));
  };
  auto actor = node.system().spawn(
      watcher, watch_settings{node.node(), node.find(opts.subject),
                              opts.subject, node.timeout(), opts.payload, tell,
                              [ended](outcome how) { ended->set_value(how); }});
  interruption stop{[actor] { caf::anon_send(actor, caf::close_atom_v); }};
  if (auto error = ended->get_future().get())
    throw *error;
}

} // namespace wsrelay::cli
