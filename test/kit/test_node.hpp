// A node in the test's thread: actors, clients and one clock, all of which
// move only when the test says so.
#pragma once

#include "actors/connection.hpp"
#include "actors/messages.hpp"
#include "actors/undelivered.hpp"
#include "test/kit/client_group.hpp"
#include "test/kit/fake_client.hpp"
#include "test/kit/node_checks.hpp"
#include "test/kit/node_driver.hpp"
#include "test/kit/pending_reply.hpp"
#include "test/kit/simulated_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/expected.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// A CAF configuration that knows wsrelay's messages and has a simulated clock.
/// Derive from it to add message types of your own.
struct test_config : caf::actor_system_config, undelivered_sink {
  test_config();

  void on_undelivered(std::string_view client_pid, std::string_view topic,
                      const caf::error& why) const override;

  std::string node_name{}; // in a cluster, "" = in none

  const refused_sends_ptr refused_sends =
      std::make_shared<std::vector<refused_send>>();
};

/// What a connection starts with; the route and the relay command in one.
struct client_options {
  std::string metadata = "{}";
  std::string message_topic{default_message_topic};
  milliseconds heartbeat_interval{0}; // 0 = off
  std::string subprotocol{};          // "" = none
  milliseconds expires_in{0};         // the session's end, 0 = never
  std::uint32_t window = 128;
  std::size_t window_bytes = 4 * 1024 * 1024;
  std::size_t output_limit = 4 * 1024 * 1024;
  std::size_t max_metadata = 16 * 1024;
  milliseconds join_timeout{10'000};
  overflow_options overflow{};
  bool report_overflow = false; // the target gets ws_overflow, ws_drained
  rate_options rate{};
  parking_options parking{};
  std::string target_name{}; // whoever has it next is the target's successor
  std::vector<std::string> groups{};
  std::string name{}; // the client's, in texts of failures; "" = its PID
};

/// The node. Declare it before the handles of actors, which it must outlive.
/// Its end ends every client, then every actor; what fails a test there is told
/// in node_checks.hpp.
class test_node : public node_checks {
public:
  explicit test_node(
      std::unique_ptr<test_config> config = std::make_unique<test_config>(),
      source_line where = source_line::here());

  /// The same; what could happen in another order does so in the one of the
  /// seed: who of several actors runs, which socket is read or written, and how
  /// much. From one sender to one receiver the order stays.
  explicit test_node(
      seed order,
      std::unique_ptr<test_config> config = std::make_unique<test_config>(),
      source_line where = source_line::here());
  ~test_node();

  test_node(const test_node&) = delete;
  test_node& operator=(const test_node&) = delete;

  /// Returns where to spawn.
  caf::actor_system& system() noexcept { return system_; }

  /// Returns the directory actor (`directory_*` of messages.hpp).
  const caf::actor& directory() const noexcept { return directory_; }

  /// Registers an actor under a name, until it ends. Runs.
  caf::expected<void> put(std::string name, const caf::actor& who);

  /// Connects a client to a target. The target gets its ws.join in `run`.
  fake_client connect(const caf::actor& target,
                      const client_options& options = {});

  /// The same by name, `NAME@NODE` or PID, as a route has it. Runs. Throws
  /// `std::invalid_argument` when there is no such actor.
  fake_client connect(std::string_view target,
                      const client_options& options = {});

  /// Returns this node's handle of an actor of whichever node of the cluster.
  /// `connect` and what sends take any handle, also as `target`, `who` or
  /// `client` of a message. Elsewhere in one it has to be this node's.
  caf::actor here(const caf::actor& who);

  /// Lets every actor and client act until nothing is left to do. Fails after
  /// five million steps.
  void run();

  /// Does one thing: an actor handles a message, a socket is read, or written.
  /// Returns whether there was one.
  bool step();

  /// Steps until `is_there()`, which is asked before each step. Returns false
  /// when nothing is left to do and it is not.
  template <class Predicate>
  bool run_until(Predicate is_there) {
    while (!is_there())
      if (!step())
        return false;
    return true;
  }

  /// Moves the clock by `time`. What is due meanwhile happens in order of time,
  /// and everything that follows from it before the clock moves on.
  void advance(milliseconds time);

  /// Runs, moves the clock to the next time at which something is due, and runs
  /// again. Returns false when nothing is.
  bool advance_to_next();

  /// Returns the simulated time.
  time_point now() const { return scheduler_.now(); }

  /// Sends a message without a sender.
  template <class... Ts>
  void send(const caf::actor& whom, Ts&&... content) {
    caf::anon_send(here(whom), with_own_handles(std::forward<Ts>(content))...);
  }

  /// Sends a request and does not run: the answer comes later.
  template <class Result, class Message>
  pending_reply<Result> begin_request(const caf::actor& whom, Message message) {
    return {system_, here(whom), with_own_handles(std::move(message))};
  }

  /// Sends a request, runs, returns the answer; `sec::request_timeout` when
  /// none has come.
  template <class Result, class Message>
  caf::expected<Result> request(const caf::actor& whom, Message message) {
    auto reply = begin_request<Result>(whom, std::move(message));
    run();
    return reply.get();
  }

  /// Asks a handler actor as the relay does. Runs.
  caf::expected<http_response> ask(const caf::actor& handler,
                                   http_request request);

  /// The same by name; `no_such_target` when nobody has the name.
  caf::expected<http_response> ask(std::string_view handler,
                                   http_request request);

  /// The `nth` request with a `Message`, from now on and 1 for the next, fails
  /// with `why`; who was asked never sees it. `ws_join`, `directory_get`,
  /// `http_request` or a message of yours.
  template <class Message>
  void fail_request(caf::error why, std::size_t nth = 1) {
    scheduler_.add({matches<Message>,
                    nth,
                    std::move(why),
                    {},
                    "fail_request<" + type_name(typeid(Message)) + ">("
                        + std::to_string(nth) + ")"});
  }

  /// The receiver of the `nth` `Message` does nothing for so long when it would
  /// handle it.
  template <class Message>
  void delay_message(milliseconds time, std::size_t nth = 1) {
    scheduler_.add({matches<Message>,
                    nth,
                    {},
                    time,
                    "delay_message<" + type_name(typeid(Message)) + ">("
                        + std::to_string(time.count()) + "ms, "
                        + std::to_string(nth) + ")"});
  }

  /// No fault comes true any more, of messages or of clients. Those that are
  /// left at the node's end fail the test: they have tested nothing.
  void forget_faults();

  /// Tells a handler's answer that no client comes, as the relay does it when a
  /// check refuses the request: its target gets a `ws_refused`. Runs.
  void refuse(const http_response& answer, std::string reason = "command");

  /// Every client's socket ends. Runs.
  void lose_all();

  /// Returns how many actors live, connections and the directory included.
  std::size_t running_actors();

  /// For tests of the relay itself: a port that `run` and `advance` serve.
  std::shared_ptr<fake_frame_port> make_port();

private:
  friend class cluster_member;

  template <class Message>
  static bool matches(const caf::type_erased_tuple& content) {
    return content.match_elements<Message>();
  }

  template <class T>
  static constexpr bool is_handle = std::is_same_v<T, caf::actor>;

  template <class T>
  T with_own_handles(T content) {
    if constexpr (std::is_same_v<T, caf::actor>)
      content = here(content);
    if constexpr (requires { requires is_handle<decltype(content.target)>; })
      content.target = here(content.target);
    if constexpr (requires { requires is_handle<decltype(content.who)>; })
      content.who = here(content.who);
    if constexpr (requires { requires is_handle<decltype(content.client)>; })
      content.client = here(content.client);
    return content;
  }

  test_node(std::unique_ptr<test_config> config, std::optional<seed> order,
            source_line where);
  void set_policies(const client_options& options, connection_config& config);
  bool come_to_rest(std::size_t steps);
  void end();
  void drop_clients();
  void note_faults();
  bool step_here();
  bool do_something();
  bool step_ports();
  bool step_any();
  time_point next_event() const;
  time_point next_event_here() const;
  void move_to(time_point when);

  std::unique_ptr<test_config> config_;
  caf::actor_system system_;
  simulated_scheduler scheduler_;
  std::vector<std::shared_ptr<fake_frame_port>> ports_;
  std::vector<std::shared_ptr<fake_frame_port>> unused_; // ended, with faults
  caf::actor directory_;
  std::shared_ptr<parking_lot> lot_; // null before a client that may park
  std::size_t next_port_ = 0; // the one whose turn it is; 0 = the actors'
  bool running_ = false;
  node_driver* driver_ = nullptr; // null = it is alone
};

} // namespace wsrelay::test
