// Questions to the actors of a node, with an end to the waiting.
#pragma once

#include "actors/node_messages.hpp"
#include "net/admin/command_error.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace wsrelay {

/// Says what an error means for a command. `asked` is what was to answer.
command_error to_command_error(const caf::error& error,
                               const std::string& asked);

/// The node was lost.
command_error lost_node();

/// Returns whether an error says that a node of an earlier release does not
/// know the question.
bool is_unknown_there(const caf::error& error);

/// A connected node. Its functions block, for the timeout at most, and throw
/// `command_error`.
class node_client {
public:
  node_client(caf::actor_system& system, caf::actor directory,
              milliseconds timeout);

  caf::actor_system& system() const noexcept { return system_; }
  const caf::actor& node() const noexcept { return node_; }
  milliseconds timeout() const noexcept { return timeout_; }
  void set_timeout(milliseconds timeout) noexcept { timeout_ = timeout; }

  /// Returns the directory to ask: of the node, or of the chosen peer.
  const caf::actor& directory() const noexcept { return directory_; }

  /// Asks this peer's directory from now on.
  void choose_peer(const std::string& name);

  /// The same, of one that is known already.
  void choose(caf::actor directory) { directory_ = std::move(directory); }

  /// Returns the actor of a name or PID.
  caf::actor find(const std::string& target);

  /// Returns every name that the directory knows, or those of these that begin
  /// with `prefix`, sorted.
  std::vector<directory_row> names(std::string_view prefix = {});

  /// The same of the directory of a peer; nothing when it does not answer.
  std::vector<directory_row> names_of(const peer_entry& peer);

  /// Returns the nodes that the directory's node is connected to.
  std::vector<peer_entry> peers();

  /// The same in full; of a node of protocol 1, without what only later ones
  /// know: `version.protocol` is 0.
  std::vector<peer_info> peer_details();

  /// Asks a directory. What does not know the question is no node of wsrelay.
  template <class Result, class Message>
  Result ask_directory(const caf::actor& whom, Message message,
                       const std::string& asked);

  /// Sends a request. `Result` may be void. `asked` is for the error's text.
  template <class Result, class Message>
  auto ask(const caf::actor& whom, Message message, const std::string& asked);

  /// Sends a request to each at once, and waits once for all of them. Each
  /// one's answer is its own; throws only when the node is lost.
  template <class Result, class Message>
  std::vector<caf::expected<Result>>
  ask_all(const std::vector<std::pair<caf::actor, Message>>& questions);

private:
  template <class Answer, class Message>
  std::future<caf::expected<Answer>> request(const caf::actor& whom,
                                             Message message);

  void check_node() const;

  [[noreturn]] void fail(const caf::actor& whom, const caf::error& error,
                         const std::string& asked);
  std::vector<peer_info> peers_of_before();
  caf::expected<std::vector<directory_row>> names_at(const caf::actor& whom,
                                                     std::string_view prefix);
  caf::expected<std::vector<directory_row>>
  names_of_before(const caf::actor& whom, std::string_view prefix);

  [[noreturn]] void fail_directory(const caf::error& error,
                                   const std::string& asked);

  caf::actor_system& system_;
  caf::actor node_; // its directory; its end is the node's
  caf::actor directory_;
  milliseconds timeout_;
};

template <class Result, class Message>
auto node_client::ask(const caf::actor& whom, Message message,
                      const std::string& asked) {
  using answer_type =
      std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
  auto answer = request<answer_type>(whom, std::move(message)).get();
  if (!answer)
    fail(whom, answer.error(), asked);
  return std::move(*answer);
}

template <class Result, class Message>
Result node_client::ask_directory(const caf::actor& whom, Message message,
                                  const std::string& asked) {
  auto answer = request<Result>(whom, std::move(message)).get();
  if (!answer)
    fail_directory(answer.error(), asked);
  return std::move(*answer);
}

template <class Result, class Message>
auto node_client::ask_all(
    const std::vector<std::pair<caf::actor, Message>>& questions)
    -> std::vector<caf::expected<Result>> {
  std::vector<std::future<caf::expected<Result>>> open;
  for (auto& [whom, message] : questions)
    open.push_back(request<Result>(whom, message));
  std::vector<caf::expected<Result>> answers;
  for (auto& one : open)
    answers.push_back(one.get());
  check_node();
  return answers;
}

// An actor waits, since it hears of the node's end meanwhile.
template <class Answer, class Message>
auto node_client::request(const caf::actor& whom, Message message)
    -> std::future<caf::expected<Answer>> {
  auto answer = std::make_shared<std::promise<caf::expected<Answer>>>();
  auto waiter = [node = node_, whom, timeout = timeout_, answer,
                 message = std::move(message)](caf::event_based_actor* self) {
    auto failed = [self, node, answer](const caf::error& error) {
      answer->set_value(error);
      self->demonitor(node); // else the node keeps what is left of this
      self->quit();
    };
    auto done = [self, node, answer](Answer& value) {
      answer->set_value(std::move(value));
      self->demonitor(node);
      self->quit();
    };
    self->set_down_handler([failed](caf::down_msg&) {
      failed(caf::exit_reason::remote_link_unreachable);
    });
    self->monitor(node);
    auto reply = self->request(whom, timeout, message);
    if constexpr (std::is_same_v<Answer, std::monostate>)
      reply.then(
          [done] {
            std::monostate nothing;
            done(nothing);
          },
          failed);
    else
      reply.then(done, failed);
  };
  auto result = answer->get_future();
  system_.spawn(std::move(waiter));
  return result;
}

} // namespace wsrelay
