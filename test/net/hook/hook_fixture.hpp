// An http.target whose server is the test.
#pragma once

#include "net/hook/hook_target.hpp"

#include "test/support/checked_node.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// A request that waits for its answer.
struct hook_question {
  http_request request;
  time_point deadline;
  hook_port::on_result done;

  std::string field(std::string_view name) const {
    return std::string{find_field(request.headers, name).value_or("")};
  }

  /// "connected {}", "message 1 hi", "disconnected ..".
  std::string text() const {
    if (request.method != "POST")
      return request.method;
    auto kind =
        field("ce-type").substr(std::string_view{"org.wsrelay."}.size());
    auto number = kind == "message" ? field("ce-seq") + " " : "";
    return kind + " " + number + std::string{request.body.view()};
  }
};

/// What the port and the test share.
struct hook_script {
  std::deque<hook_question> questions; // that have no answer yet
  std::vector<std::string> heard;      // all of them
  std::vector<bool> openings;          // set_open
  std::function<time_point()> now;
  time_point wake_time = time_point::max();
  std::function<void()> wake;
  double share = 0; // of chance: the longest delays
};

class fake_hook_port final : public hook_port {
public:
  explicit fake_hook_port(std::shared_ptr<hook_script> script)
      : script_{std::move(script)} {}

  ~fake_hook_port() override {
    script_->questions.clear();
    script_->wake = nullptr;
  }

  time_point now() const override { return script_->now(); }
  milliseconds unix_now() const override {
    return milliseconds{1'700'000'000'123};
  }
  double random_share() override { return script_->share; }

  void ask(http_request what, time_point deadline, on_result done) override {
    script_->questions.push_back({std::move(what), deadline, std::move(done)});
    script_->heard.push_back(script_->questions.back().text());
  }

  void wake_at(time_point when, std::function<void()> wake) override {
    script_->wake_time = when;
    script_->wake = std::move(wake);
  }

  void set_open(bool open) override { script_->openings.push_back(open); }

private:
  std::shared_ptr<hook_script> script_;
};

/// Spawn it once: `settings` is what it begins with.
class hook_fixture {
public:
  hook_fixture() {
    settings.name = "game";
    settings.request_target = "/hook?key=1";
    script->now = [this] { return node.now(); };
  }

  ~hook_fixture() {
    if (!target)
      return;
    node.lose_all();
    while (!script->questions.empty())
      answer(204);
    caf::anon_send_exit(target, caf::exit_reason::user_shutdown);
    target = nullptr;
    node.run();
  }

  const caf::actor& begin() {
    auto port = std::make_shared<std::unique_ptr<hook_port>>(
        std::make_unique<fake_hook_port>(script));
    target =
        spawn_on(node.system(), nullptr, hook_target,
                 std::make_shared<const http_target_config>(settings), port);
    node.run();
    return target;
  }

  /// A client whose `connected` is answered.
  fake_client connect(const client_options& options = {}) {
    auto client = node.connect(target ? target : begin(), options);
    node.run();
    answer(204);
    return client;
  }

  /// Answers the oldest question.
  void answer(std::uint16_t status, std::string type = {},
              std::string body = {}, http_fields more = {}) {
    http_response response;
    response.status = status;
    response.headers = std::move(more);
    if (!type.empty())
      response.headers.emplace_back("Content-Type", std::move(type));
    response.body = shared_buffer{std::move(body)};
    finish({std::move(response), true, {}});
  }

  /// There is none: before or after the request was sent.
  void fail(bool was_sent) { finish({{}, was_sent, "refused"}); }

  void finish(hook_result what) {
    REQUIRE(!script->questions.empty());
    auto question = std::move(script->questions.front());
    script->questions.pop_front();
    question.done(std::move(what));
    node.run();
  }

  /// Lets time pass; what is due happens.
  void advance(milliseconds time) {
    auto until = node.now() + time;
    while (script->wake && script->wake_time <= until) {
      auto step = std::chrono::ceil<milliseconds>(
          std::max(script->wake_time - node.now(), time_point::duration{0}));
      node.advance(step);
      if (auto wake = std::exchange(script->wake, nullptr))
        wake();
      node.run();
    }
    if (node.now() < until)
      node.advance(std::chrono::ceil<milliseconds>(until - node.now()));
  }

  std::vector<std::string> take_heard() {
    return std::exchange(script->heard, {});
  }

  checked_node node;
  std::shared_ptr<hook_script> script = std::make_shared<hook_script>();
  http_target_config settings;
  caf::actor target;
};

} // namespace wsrelay::test
