// A client that does not read, whose route says what becomes of its messages,
// and targets that hear of it.
#pragma once

#include "actors/audience.hpp"
#include "actors/ending.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// Bytes of a message, unless a test says so: what it costs beside them does
/// not matter.
inline constexpr std::size_t part = 10'000;

/// An output limit that has room for nine of them. Three of these have been
/// given to the socket, six wait.
inline constexpr std::size_t room_for_nine = 100'000;

/// Payload and what a message costs beside it.
inline constexpr std::size_t part_cost = part + queued_message_cost;

inline const std::vector<overflow_policy> all_policies{
    overflow_policy::close, overflow_policy::drop_newest,
    overflow_policy::drop_oldest, overflow_policy::latest};

inline const std::vector<overflow_policy> dropping_policies{
    overflow_policy::drop_newest, overflow_policy::drop_oldest,
    overflow_policy::latest};

inline std::string name_of(overflow_policy policy) {
  constexpr const char* names[] = {"close", "drop_newest", "drop_oldest",
                                   "latest"};
  return names[static_cast<std::size_t>(policy)];
}

/// What is sent to the client: a name, and as many dots as make up its size.
struct letter {
  letter(const char* text) : name{text} {}
  letter(std::string text, std::size_t bytes = part)
      : name{std::move(text)}, size{bytes} {}

  std::string padded(std::size_t bytes) const {
    auto rest = bytes > name.size() ? bytes - name.size() : 0;
    return name + std::string(rest, '.');
  }

  ws_send as_send() const {
    return {message_type::text, padded(size), priority, key};
  }

  /// The envelope has the size; its topic is the name unless one is set.
  ws_event as_event() const {
    auto& its_topic = topic.empty() ? name : topic;
    auto around = 22 + its_topic.size(); // {"topic":"","data":""}
    return {
        its_topic,
        shared_buffer{'"' + padded(size > around ? size - around : 0) + '"'},
        priority, key};
  }

  std::string name;
  std::size_t size = part;
  bool priority = false;
  std::string key{};
  std::string topic{};
};

inline letter urgent(std::string name, std::size_t size = part) {
  letter result{std::move(name), size};
  result.priority = true;
  return result;
}

inline letter keyed(std::string name, std::string key,
                    std::size_t size = part) {
  letter result{std::move(name), size};
  result.key = std::move(key);
  return result;
}

inline letter about(std::string name, std::string topic) {
  letter result{std::move(name)};
  result.topic = std::move(topic);
  return result;
}

/// The name of what a client got. The event that tells of a hole, whose topic
/// is "gap", is "gap=COUNT".
inline std::string name_of(const client_message& got) {
  constexpr std::string_view gap = R"({"topic":"gap","data":{"dropped":)";
  constexpr std::string_view data = R"("data":")";
  std::string_view all = got.data;
  if (all.starts_with(gap))
    return "gap="
           + std::string{all.substr(gap.size(), all.find('}') - gap.size())};
  auto found = all.starts_with('{') ? all.find(data) : all.npos;
  auto from = found == all.npos ? 0 : found + data.size();
  return std::string{all.substr(from, all.find_first_of(".\"", from) - from)};
}

/// In which form a letter is sent.
enum class way : std::uint8_t {
  send,
  event,
  request,
  audience,
  audience_event,
};

inline const std::vector<way> all_ways{way::send, way::event, way::request,
                                       way::audience, way::audience_event};

/// A target that also hears what becomes of a slow client: "join",
/// "overflow 2", "drained 5", "leave closed". It ends with this object.
class hearer {
public:
  explicit hearer(test_node& node) : record_{std::make_shared<record>()} {
    auto behavior = [me = record_](caf::event_based_actor* self) {
      return caf::behavior{
          [me](const ws_join&) { me->log.push_back("join"); },
          [](const ws_message&) {},
          [me, self](const ws_leave& x) -> caf::result<void> {
            me->log.push_back("leave " + std::string{to_text(x.reason)});
            if (me->is_mute)
              return self->make_response_promise<void>();
            return caf::unit;
          },
          [me](const ws_overflow& x) {
            me->log.push_back("overflow " + std::to_string(x.dropped));
            me->overflows.push_back(x);
          },
          [me](const ws_drained& x) {
            me->log.push_back("drained " + std::to_string(x.dropped));
            me->drains.push_back(x);
          },
      };
    };
    actor_ = node.system().spawn(behavior);
  }

  ~hearer() { end(caf::exit_reason::kill); }

  hearer(const hearer&) = delete;
  hearer& operator=(const hearer&) = delete;

  const caf::actor& actor() const noexcept { return actor_; }
  operator const caf::actor&() const noexcept { return actor_; }

  const strings& log() const noexcept { return record_->log; }
  const std::vector<ws_overflow>& overflows() const noexcept {
    return record_->overflows;
  }
  const std::vector<ws_drained>& drains() const noexcept {
    return record_->drains;
  }

  /// Never answers a ws_leave from now on.
  void be_mute() { record_->is_mute = true; }

  void end(caf::exit_reason how) { caf::anon_send_exit(actor_, how); }

private:
  struct record {
    strings log;
    std::vector<ws_overflow> overflows;
    std::vector<ws_drained> drains;
    bool is_mute = false;
  };

  std::shared_ptr<record> record_;
  caf::actor actor_;
};

struct slow_options {
  overflow_policy policy = overflow_policy::drop_newest;
  std::string event{}; // "gap", so that `name_of` knows it; "" = none
  bool reports = false;
  std::size_t limit = room_for_nine;
};

/// A client that does not read from the beginning, and two targets.
struct slow {
  explicit slow(const slow_options& options) {
    connection_config config;
    config.target = target;
    config.directory = node.directory();
    config.output_limit = options.limit;
    config.overflow = std::make_shared<const overflow_options>(
        overflow_options{options.policy, options.event});
    config.reports_overflow = options.reports;
    config.flows = counts;
    client.emplace(spawn_on(node.system(), nullptr, connection,
                            frame_port_ptr{port}, std::move(config)),
                   port);
    node.run();
    everybody.add(client->actor());
    client->stall();
  }

  /// Sends one, and runs. Those that are asked for are answered in `answers`.
  void send(const letter& what, way how = way::send) {
    switch (how) {
      case way::send:
        node.send(client->actor(), what.as_send());
        break;
      case way::event:
        node.send(client->actor(), what.as_event());
        break;
      case way::request:
        replies.emplace_back(what.name, begin(what.as_send()));
        break;
      case way::audience:
        everybody.send(what.as_send());
        break;
      case way::audience_event:
        everybody.send(what.as_event());
        break;
    }
    node.run();
  }

  void ask(const letter& what) { send(what, way::request); }

  /// Sends so many of the usual size; their names go on counting: 1, 2, 3 ...
  void fill(std::size_t count, way how = way::send) {
    for (std::size_t i = 0; i < count; ++i)
      send(letter{std::to_string(++filled)}, how);
  }

  template <class Message>
  pending_reply<void> begin(Message message) {
    return node.begin_request<void>(client->actor(), std::move(message));
  }

  /// The client reads all, and goes on reading. Names, with a blank between.
  std::string read() {
    client->read_again();
    node.run();
    std::string result;
    for (auto& each : client->take())
      result += (result.empty() ? "" : " ") + name_of(each);
    return result;
  }

  /// What became of each that was asked for: "1=ok 2=dropped 3=waits".
  std::string answers() const {
    std::string result;
    for (auto& [name, reply] : replies)
      result += (result.empty() ? "" : " ") + name + "=" + outcome_of(reply);
    return result;
  }

  connection_numbers numbers() {
    auto stats =
        node.request<connection_stats>(client->actor(), connection_stats_get{});
    REQUIRE(stats);
    return stats->numbers;
  }

  static std::string outcome_of(const pending_reply<void>& reply) {
    if (!reply.answered())
      return "waits";
    if (reply.succeeded())
      return "ok";
    auto text = to_text(reply.error());
    return text.substr(0, text.find(':'));
  }

  checked_node node;
  hearer target{node};
  hearer other{node};
  std::shared_ptr<flow_counts> counts = std::make_shared<flow_counts>();
  std::shared_ptr<fake_frame_port> port = node.make_port();
  std::optional<fake_client> client;
  caf::scoped_actor self{node.system(), true};
  audience everybody{self.ptr()};
  std::vector<std::pair<std::string, pending_reply<void>>> replies;
  std::size_t filled = 0;
};

} // namespace wsrelay::test
