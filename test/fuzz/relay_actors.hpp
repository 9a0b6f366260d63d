// The actors that another node can reach in a relay, under IDs that an input
// can name: those of one input, so that none sees what the last one left.
#pragma once

#include "actors/acceptor.hpp"
#include "actors/audience.hpp"
#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "net/loop/loop.hpp"
#include "test/fuzz/input.hpp"

#include <caf/all.hpp>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace wsrelay::fuzz {

/// A client that takes everything and says nothing.
class silent_client final : public frame_port,
                            public std::enable_shared_from_this<silent_client> {
public:
  explicit silent_client(loop& home) : home_{home} {}

  bool attach(frame_sink* sink) override {
    sink_ = sink;
    return true;
  }
  std::uint64_t write(message_type, const shared_buffer&,
                      bool notify) override {
    ++written_;
    if (notify)
      later([](auto& me) { me.sink_->on_drained(me.written_); });
    return written_;
  }
  void ask_drained() override {}
  std::size_t queued_bytes() const override { return 0; }
  std::size_t queued_messages() const override { return 0; }
  std::size_t queued_cost() const override { return 0; }
  void close(std::uint16_t, std::string_view) override {
    later([](auto& me) {
      std::exchange(me.sink_, nullptr)->on_closed(end_cause::connection_lost);
    });
  }
  void resume() override {}
  void pause() override {}
  time_point now() const override { return home_.now(); }
  void wake_at(time_point) override {}

private:
  // Nothing calls the sink before the port has returned.
  template <class F>
  void later(F what) {
    home_.post([me = shared_from_this(), what] {
      if (me->sink_)
        what(*me);
    });
  }

  loop& home_;
  frame_sink* sink_ = nullptr;
  std::uint64_t written_ = 0;
};

/// A target whose clients hear each other.
struct chat_state {
  static inline const char* name = "chat";

  explicit chat_state(caf::event_based_actor* self) : clients{self} {}

  audience clients;
};

inline caf::behavior chat(caf::stateful_actor<chat_state>* self) {
  auto& clients = self->state.clients;
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  return {
      [&clients](const ws_join& message) {
        if (message.client)
          clients.add(message.client);
      },
      [&clients](const ws_message& message) {
        clients.send(ws_send{message.type, message.data});
      },
      [&clients](const ws_leave& message) {
        if (message.client)
          clients.remove(message.client);
      },
      [](const http_request&) { return http_response{}; },
      [](const std::string& text) { return text; },
      [](const std::vector<caf::actor>&) {},
  };
}

/// Lives as long as one input.
class relay_actors {
public:
  enum id : caf::actor_id {
    chat_id = 1000,
    directory_id,
    acceptor_id,
    connection_id,
    audience_id,
  };

  relay_actors(caf::actor_system& system, loop& home)
      : system_{system},
        home_{home},
        before_{system.registry().running()},
        directory_{system.spawn(directory, "fuzz")},
        acceptor_{
            spawn_on(system, &home, acceptor, acceptor_config{directory_})},
        chat_{system.spawn(chat)} {
    caf::scoped_actor self{system_};
    put(self, directory_put{"chat", chat_});
    put(self, directory_offer{"hall", chat_});
    put(self, directory_own{"wsrelay.acceptor.web.0", acceptor_});
    self->request(acceptor_, caf::infinite, caf::ok_atom_v)
        .receive([] {}, [](caf::error&) {});
    connection_ = home_.call([this] { return open(); });
    publish(chat_id, chat_);
    publish(directory_id, directory_);
    publish(acceptor_id, acceptor_);
    publish(connection_id, connection_);
    publish(audience_id, as_chat().clients.actor());
  }

  /// Ends them all, each after what it has been sent, and awaits that no actor
  /// is left that this input has brought.
  ~relay_actors() {
    for (auto* each : {&connection_, &acceptor_, &chat_, &directory_})
      caf::anon_send_exit(std::exchange(*each, nullptr),
                          caf::exit_reason::kill);
    auto& registry = system_.registry();
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{9};
    while (registry.running() > before_
           && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    expect(registry.running() == before_, "no actor is left");
    for (auto each : published_)
      registry.erase(each);
  }

  relay_actors(const relay_actors&) = delete;
  relay_actors& operator=(const relay_actors&) = delete;

  /// Waits until the directory, and then the actors of the loop, have handled
  /// what they were sent.
  void settle() {
    caf::scoped_actor self{system_};
    self->request(directory_, caf::infinite, directory_list{})
        .receive([](const std::vector<directory_entry>&) {},
                 [](caf::error&) {});
    self->request(acceptor_, caf::infinite, acceptor_list{})
        .receive([](const std::vector<connection_info>&) {},
                 [](caf::error&) {});
  }

  /// What only this node itself may end.
  void expect_own() const {
    expect(is_alive(directory_), "the directory lives");
    expect(is_alive(acceptor_), "the acceptor lives");
  }

private:
  template <class Message>
  void put(caf::scoped_actor& self, Message message) {
    self->request(directory_, caf::infinite, std::move(message))
        .receive([] {}, [](caf::error&) { expect(false, "a name is free"); });
  }

  caf::actor open() {
    connection_config config;
    config.target = chat_;
    config.directory = directory_;
    auto* object = caf::actor_cast<caf::abstract_actor*>(acceptor_);
    return static_cast<acceptor_actor*>(object)->state.open(
        std::make_shared<silent_client>(home_), std::move(config), "192.0.2.1",
        "web");
  }

  chat_state& as_chat() const {
    auto* object = caf::actor_cast<caf::abstract_actor*>(chat_);
    return static_cast<caf::stateful_actor<chat_state>*>(object)->state;
  }

  void publish(caf::actor_id id, const caf::actor& who) {
    system_.registry().put(id, caf::actor_cast<caf::strong_actor_ptr>(who));
    published_.push_back(id);
  }

  caf::actor_system& system_;
  loop& home_;
  std::size_t before_;
  caf::actor directory_;
  caf::actor acceptor_;
  caf::actor chat_;
  caf::actor connection_;
  std::vector<caf::actor_id> published_;
};

} // namespace wsrelay::fuzz
