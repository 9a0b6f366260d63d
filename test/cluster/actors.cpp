// The actors.
#include "test/cluster/actors.hpp"

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "protocol/json.hpp"
#include "test/cluster/report.hpp"

#include <caf/all.hpp>

namespace wsrelay::cluster_probe {

namespace {

void answer(caf::event_based_actor* self, const std::string& name,
            const ws_message& message) {
  auto text = fmt::format("{} {} {}", name, message.seq, message.data.view());
  self->send(message.client, ws_send{message_type::text, text});
}

void echo_back(caf::event_based_actor* self, const std::string& name,
               const ws_message& message) {
  report("message {} {} {} {}", name, message.client_pid.view(), message.seq,
         message.data.view());
  answer(self, name, message);
}

// A target for one client.
caf::behavior guest(caf::event_based_actor* self, std::string name,
                    guest_manners manners) {
  if (manners == guest_manners::immortal)
    self->set_exit_handler([](caf::exit_msg&) {});
  auto leave = [self, manners] {
    if (manners == guest_manners::polite)
      self->quit();
  };
  return {
      [](const ws_join&) {},
      [self, name](const ws_message& message) {
        echo_back(self, name, message);
      },
      [leave](const ws_leave&) { leave(); },
      [leave](const ws_refused&) { leave(); },
  };
}

// The handle is kept: CAF forgets a remote actor that nobody refers to.
void report_end(std::string_view what, const caf::actor& whom,
                const caf::error& reason) {
  report("{} {} {}", what, pid_of(whom), describe_end(reason));
}

} // namespace

caf::behavior target(caf::event_based_actor* self, std::string name) {
  self->set_error_handler([](caf::error&) {});
  return {
      [name](const ws_join& message) {
        report("join {} {}", name, message.client_pid.view());
      },
      [self, name](const ws_message& message) {
        echo_back(self, name, message);
      },
      [name](const ws_heartbeat& message) {
        report("heartbeat {} {}", name, message.client_pid.view());
      },
      [name](const ws_leave& message) {
        report("leave {} {} {} {} {}", name, message.client_pid.view(),
               to_text(message.reason), message.code, message.last_seq);
      },
      [name](const ws_refused& message) {
        report("refused {} {}", name, message.reason);
      },
      [self](caf::ok_atom) { self->quit(); },
  };
}

caf::behavior quiet_target(caf::event_based_actor* self, std::string name) {
  return {
      [name](const ws_join& message) {
        report("join {} {}", name, message.client_pid.view());
      },
      [self, name](const ws_message& message) { answer(self, name, message); },
      [](const ws_leave&) {},
  };
}

caf::behavior deaf_target(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [self](const ws_message&) -> caf::result<void> {
        return self->make_response_promise();
      },
      [](const ws_leave&) {},
  };
}

caf::behavior naming_handler(caf::event_based_actor*, std::string name,
                             std::string target_pid) {
  return {[name, target_pid](const http_request& message) {
    report("request {} {}", name, message.path);
    http_response response;
    response.headers.push_back(
        {"X-WS-Relay", fmt::format(R"({{"target_pid":"{}"}})", target_pid)});
    return response;
  }};
}

caf::behavior giving_handler(caf::event_based_actor*, std::string name,
                             caf::actor target) {
  return {[name, target](const http_request& message) {
    report("request {} {}", name, message.path);
    http_response response;
    response.relay = relay_to{target, {}, {}, {}};
    return response;
  }};
}

caf::behavior spawning_handler(caf::stateful_actor<int>* self, std::string name,
                               guest_manners manners) {
  self->state = 0;
  return {[self, name, manners](const http_request&) {
    auto is_detached = manners != guest_manners::polite && ++self->state % 2;
    http_response response;
    response.relay =
        relay_to{is_detached ? self->spawn<caf::detached>(guest, name, manners)
                             : self->spawn(guest, name, manners),
                 {},
                 {},
                 {}};
    return response;
  }};
}

caf::behavior seeing_handler(caf::event_based_actor*) {
  return {[](const http_request& message) {
    http_response response;
    response.body =
        fmt::format("{} {} {} {}", message.remote_address, message.scheme,
                    message.host, message.websocket ? "websocket" : "plain");
    return response;
  }};
}

caf::behavior long_winded_handler(caf::event_based_actor*, std::size_t size) {
  return {[size](const http_request&) {
    http_response response;
    response.headers.push_back({"X-Long", std::string(size, 'x')});
    return response;
  }};
}

caf::behavior watcher(caf::event_based_actor* self, caf::actor whom) {
  self->set_down_handler([whom](caf::down_msg& message) {
    report_end("down", whom, message.reason);
  });
  self->monitor(whom);
  return {[](caf::unit_t) {}};
}

caf::behavior linked(caf::event_based_actor* self, caf::actor whom) {
  self->attach_functor([whom](const caf::error& reason) {
    report_end("unlinked", whom, reason);
  });
  self->link_to(whom);
  return {[](caf::unit_t) {}};
}

void ask(caf::event_based_actor* self, const caf::actor& whom,
         const caf::message& what, milliseconds patience) {
  auto pid = pid_of(whom);
  auto limit = patience.count() > 0 ? caf::duration{patience} : caf::infinite;
  self->request(whom, limit, what)
      .then([pid] { report("answer {} ok", pid); },
            [pid, whom](caf::error& error) {
              report("answer {} error {}", pid, to_text(error));
            });
}

} // namespace wsrelay::cluster_probe
