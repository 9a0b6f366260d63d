// An HTTP session over memory, in simulated time, whose host is the test.
#pragma once

#include "net/http/session.hpp"
#include "test/net/http/memory_stream.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace wsrelay::test {

using namespace std::chrono_literals;

/// Answers what the test says, and counts what is left.
class fake_host final : public http_host {
public:
  struct question {
    http_request request;
    std::string peer;
    on_result done;
  };

  class task final : public http_task {
  public:
    explicit task(fake_host& owner) : owner_{owner} { ++owner_.tasks; }
    ~task() override { --owner_.tasks; }
    milliseconds patience() const override { return owner_.patience; }

  private:
    fake_host& owner_;
  };

  reader_limits limits() const override { return limits_; }
  const service_config& settings() const override { return settings_; }
  bool is_stopping() const override { return stopping; }

  std::unique_ptr<http_task> serve(http_request request,
                                   const client_peer& peer,
                                   on_result done) override {
    if (throws)
      throw std::length_error{"host"};
    questions.push_back({std::move(request), peer.address, std::move(done)});
    if (at_once)
      answer(*at_once);
    return std::make_unique<task>(*this);
  }

  void upgrade(std::unique_ptr<byte_stream> stream, std::string_view key,
               admission admitted) override {
    upgraded = std::move(stream);
    upgrade_key = key;
    endpoint = admitted.endpoint;
  }

  void refuse(std::unique_ptr<byte_stream> stream, std::string_view key,
              const refused_upgrade& refused) override {
    upgraded = std::move(stream);
    upgrade_key = key;
    refusal = refused.reason;
  }

  void on_bad_request(const problem& why, const std::string&) override {
    bad.push_back(std::to_string(why.status) + " " + why.check);
  }

  void on_cut_off(std::string_view check, const std::string& peer) override {
    cut_off.push_back(std::string{check} + " " + peer);
  }

  /// Answers the last question.
  void answer(http_response response, std::unique_ptr<body_source> source = {},
              std::optional<std::uint64_t> length = {}) {
    auto done = questions.back().done;
    done(http_answer{std::move(response), std::move(source), length});
  }

  void admit() {
    auto done = questions.back().done;
    admission admitted;
    admitted.endpoint = "endpoint";
    done(std::move(admitted));
  }

  reader_limits limits_;
  service_config settings_;
  bool stopping = false;
  bool throws = false;
  std::optional<http_response> at_once;
  milliseconds patience{5000};
  int tasks = 0; // alive
  std::vector<question> questions;
  std::vector<std::string> bad;
  std::vector<std::string> cut_off; // for what, and whose
  std::unique_ptr<byte_stream> upgraded;
  std::string upgrade_key;
  std::string refusal; // of an upgrade
  std::string endpoint;
};

/// Gives what the test put in, a piece at a time.
class fake_source final : public body_source {
public:
  struct record {
    std::vector<std::optional<std::string>> pieces; // nullopt = lost
    bool waits = false; // answers `give` and not at once
    milliseconds patience{30'000};
    on_piece asked;
    int alive = 0;
  };

  fake_source(std::shared_ptr<record> from, std::optional<std::uint64_t> size)
      : from_{std::move(from)}, size_{size} {
    ++from_->alive;
  }
  ~fake_source() override { --from_->alive; }

  std::optional<std::uint64_t> size() const override { return size_; }
  milliseconds patience() const override { return from_->patience; }
  void read(on_piece done) override {
    from_->asked = std::move(done);
    if (!from_->waits)
      give(*from_);
  }

  /// Answers what was asked for.
  static void give(record& from) {
    auto done = std::exchange(from.asked, nullptr);
    if (from.pieces.empty())
      return done(shared_buffer{});
    auto piece = from.pieces.front();
    from.pieces.erase(from.pieces.begin());
    done(piece ? std::optional{shared_buffer{*piece}} : std::nullopt);
  }

private:
  std::shared_ptr<record> from_;
  std::optional<std::uint64_t> size_;
};

/// One session. Its end checks that nothing of it is left.
struct session_fixture {
  session_fixture() {
    auto& settings = host->settings_;
    settings.request_timeout = 10s;
    settings.idle_timeout = 60s;
    settings.write_timeout = 30s;
  }

  ~session_fixture() {
    if (record.events && !record.closed)
      record.events->on_abort();
    turn();
    CHECK(host->tasks == 0);
    CHECK(host.use_count() == 1);
  }

  void start() {
    auto made = std::make_unique<memory_stream>(record);
    stream = made.get();
    start_http_session(home, std::move(made), host, client_peer{"192.0.2.1"});
  }

  /// Some turns of the loop.
  void turn(int count = 8) {
    for (int i = 0; i < count && record.events; ++i) {
      stream->turn();
      home.run();
    }
  }

  void receive(std::string_view bytes) {
    if (record.events)
      stream->receive(bytes);
    turn();
  }

  void receive_end() {
    if (record.events)
      stream->receive_end();
    turn();
  }

  void advance(time_point::duration by) {
    home.advance(by);
    turn();
  }

  /// Answers the last question.
  void answer(http_response response) {
    host->answer(std::move(response));
    turn();
  }

  /// Just before a deadline nothing has happened, at it something has.
  template <class Condition>
  void check_deadline(time_point::duration after, Condition happened) {
    advance(after / 2);
    CHECK(!happened());
    advance(after - after / 2 - 1ms);
    CHECK(!happened());
    advance(1ms);
    CHECK(happened());
  }

  /// Whether the session has closed the stream.
  auto closed() {
    return [this] { return record.closed; };
  }

  /// Returns what was sent since the last call, without the Date.
  std::string take_output() {
    auto result = std::exchange(record.output, {});
    for (auto at = result.find("Date: "); at != std::string::npos;
         at = result.find("Date: "))
      result.erase(at, result.find("\r\n", at) + 2 - at);
    return result;
  }

  bool answered(std::string_view status) {
    return take_output().starts_with("HTTP/1.1 " + std::string{status});
  }

  static http_response text(std::string body) {
    http_response result;
    result.body = body;
    return result;
  }

  simulated_loop home;
  std::shared_ptr<fake_host> host = std::make_shared<fake_host>();
  stream_record record;
  memory_stream* stream = nullptr;
};

} // namespace wsrelay::test
