// Another node, made believe: actors that are said to live there. The test says
// what they send, and sees what comes to them.
#pragma once

#include "actors/caf_compat.hpp"
#include "test/support/checked_node.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>

#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// An actor of another node. What it gets stays in `got`.
class far_actor : public caf::actor_proxy {
public:
  using actor_proxy::actor_proxy;
  using actor_proxy::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    auto content = what->move_content_to_message();
    if (what->mid.is_request())
      asked.emplace_back(what->sender, what->mid);
    got.push_back(std::move(content));
  }

  void kill_proxy(caf::execution_unit* context, caf::error reason) override {
    cleanup(std::move(reason), context);
  }

  /// Returns the messages of a type, in their order.
  template <class T>
  std::vector<T> messages() const {
    std::vector<T> result;
    for (auto& each : got)
      if (each.match_elements<T>())
        result.push_back(each.get_as<T>(0));
    return result;
  }

  std::vector<caf::message> got;
  std::vector<std::pair<caf::strong_actor_ptr, caf::message_id>> asked;
};

/// A node whose id is made of one hexadecimal digit.
class far_node {
public:
  far_node(test_node& here, char digit)
      : here_{here},
        id_{*caf::make_node_id(1, std::string(40, digit))},
        directory{spawn()} {}

  ~far_node() { lose(); }

  caf::actor spawn() {
    caf::actor_config config;
    auto made = caf::make_actor<far_actor, caf::strong_actor_ptr>(
        ++last_id_, id_, &here_.system(), config);
    all_.push_back(made);
    return caf::actor_cast<caf::actor>(made);
  }

  static far_actor& as_far(const caf::actor& who) {
    return *static_cast<far_actor*>(caf::actor_cast<caf::abstract_actor*>(who));
  }

  /// Its directory sends a request; runs. The answer stands at its end of
  /// `got`.
  template <class Message>
  caf::message ask(const caf::actor& whom, Message message) {
    auto* object = caf::actor_cast<caf::abstract_actor*>(whom);
    enqueue_to(object, caf::actor_cast<caf::strong_actor_ptr>(directory),
               caf::make_message_id(++last_request_),
               caf::make_message(std::move(message)), nullptr);
    here_.run();
    auto& got = as_far(directory).got;
    return got.empty() ? caf::message{} : got.back();
  }

  /// The same, for requests without a result. No error: done.
  template <class Message>
  caf::error try_to(const caf::actor& whom, Message message) {
    caf::message answer = ask(whom, std::move(message));
    return answer.match_elements<caf::error>() ? answer.get_as<caf::error>(0)
                                               : caf::error{};
  }

  /// Its directory answers what it was asked first; runs.
  template <class Message>
  void answer(Message message) {
    answer_with(caf::make_message(std::move(message)));
  }

  /// The same without a result.
  void answer() { answer_with(caf::message{}); }

  /// One of its actors ends; runs.
  void end(const caf::actor& who, caf::error reason = {}) {
    as_far(who).kill_proxy(nullptr, std::move(reason));
    here_.run();
  }

  /// Every actor of it ends: the node is lost. Runs.
  void lose() {
    for (auto& each : all_)
      static_cast<far_actor*>(each->get())
          ->kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
    here_.run();
  }

  const caf::node_id& id() const noexcept { return id_; }

private:
  void answer_with(caf::message content) {
    auto& asked = as_far(directory).asked;
    if (asked.empty())
      return;
    auto [who, id] = asked.front();
    asked.erase(asked.begin());
    enqueue_to(who, caf::actor_cast<caf::strong_actor_ptr>(directory),
               id.response_id(), std::move(content), nullptr);
    here_.run();
  }

  test_node& here_;
  caf::node_id id_;
  caf::actor_id last_id_ = 0;
  std::uint64_t last_request_ = 0;
  std::vector<caf::strong_actor_ptr> all_;

public:
  caf::actor directory;
};

} // namespace wsrelay::test
