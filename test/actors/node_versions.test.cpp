// Two releases: who works with whom, what each is told, and what one reads that
// another has written.
#include "actors/directory.hpp"
#include "actors/node_version.hpp"
#include "actors/peer.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>

#include <set>

namespace wsrelay::node_versions_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

node_version of_protocol(std::uint32_t protocol, std::uint32_t oldest = 1) {
  return {"9.0.0", protocol, oldest, {}};
}

constexpr auto too_new = protocol_number + 1;

struct fixture {
  checked_node node;
  captured_log log;
  caf::actor own = node.system().spawn(directory, std::string{"relay1"});
  far_node far{node, 'a'};
  std::vector<node_known> known;
  std::vector<node_refused> refused;
  caf::actor links = node.system().spawn([this](caf::event_based_actor*) {
    return caf::behavior{
        [this](const node_known& message) { known.push_back(message); },
        [this](const node_refused& message) { refused.push_back(message); },
        [this](link_details_get) {
          return std::vector<link_details>{
              {far.id(), "192.0.2.1:9000", 3s, 2s, 77}};
        }};
  });

  fixture() { node.send(own, directory_start{links}); }
  ~fixture() {
    for (auto& who : {own, links})
      caf::anon_send_exit(who, caf::exit_reason::kill);
  }

  caf::message hello(node_version version) {
    return far.ask(own, peer_hello{"app1", far.directory, std::move(version)});
  }

  std::vector<peer_info> peers() {
    auto found = node.request<std::vector<peer_info>>(own, peer_details{});
    REQUIRE(found);
    return *found;
  }
};

// What a test writes and reads in between.
std::vector<char> bytes_of(test_node& node, const peer_hello& hello) {
  std::vector<char> bytes;
  caf::binary_serializer sink{node.system(), bytes};
  auto copy = hello;
  REQUIRE_FALSE(sink(copy));
  return bytes;
}

peer_hello hello_of(test_node& node, const std::vector<char>& bytes) {
  peer_hello result;
  caf::binary_deserializer source{node.system(), bytes};
  REQUIRE_FALSE(source(result));
  return result;
}

} // namespace

TEST_CASE("two protocols work together when neither is older than the other "
          "one's oldest") {
  node_version own{"2.0.0", 5, 3, {}};
  for (std::uint32_t theirs : {3, 4, 5, 6, 7})
    CHECK_FALSE(refuse_version(own, {"x", theirs, 1, {}}));
  auto too_old = refuse_version(own, {"1.0.0", 2, 1, {}});
  REQUIRE(too_old);
  CHECK(*too_old
        == "the other node is 1.0.0 (protocol 2), this one 2.0.0 (protocol 5): "
           "they need protocol 3 or later, upgrade the other one");
  CHECK_FALSE(refuse_version(own, {"3.0.0", 7, 5, {}}));
  auto too_young = refuse_version(own, {"3.0.0", 7, 6, {}});
  REQUIRE(too_young);
  CHECK(too_young->ends_with("protocol 6 or later, upgrade this one"));
}

TEST_CASE("what a node says of itself is short, and text") {
  CHECK(is_plausible(this_version()));
  CHECK(is_plausible({}));
  CHECK(is_plausible({std::string(64, 'x'), 2, 2, {std::string(64, 'x')}}));
  CHECK_FALSE(is_plausible({std::string(65, 'x'), 2, 1, {}}));
  CHECK_FALSE(is_plausible({"1.0\n", 2, 1, {}}));
  CHECK_FALSE(is_plausible({"1.0", 2, 3, {}}));
  CHECK_FALSE(is_plausible({"1.0", 2, 1, {std::string(65, 'x')}}));
  CHECK(is_plausible({"1.0", 2, 1, std::vector<std::string>(64, "x")}));
  CHECK_FALSE(is_plausible({"1.0", 2, 1, std::vector<std::string>(65, "x")}));
}

TEST_CASE_FIXTURE(fixture, "a node that says no version is protocol 1, and "
                           "welcome") {
  auto answer = hello({});
  REQUIRE(answer.match_elements<peer_hello>());
  CHECK(answer.get_as<peer_hello>(0).version == this_version());
  REQUIRE(peers().size() == 1);
  CHECK(peers()[0].name == "app1");
  CHECK(peers()[0].version.protocol == 1);
  CHECK(
      log.sink->has("peer connected: name=app1 version=\"0.1 (protocol 1)\""));
  REQUIRE(known.size() == 1);
  CHECK(known[0].node == far.id());
}

TEST_CASE_FIXTURE(fixture, "a peer is told of with what its connection knows") {
  hello(of_protocol(1));
  REQUIRE(peers().size() == 1);
  auto info = peers()[0];
  CHECK(info.node == to_string(far.id()));
  CHECK(info.version.release == "9.0.0");
  CHECK(info.address == "192.0.2.1:9000");
  CHECK(info.connected == 3s);
  CHECK(info.heard == 2s);
  CHECK(info.waiting == 77);
}

TEST_CASE_FIXTURE(fixture, "a node that cannot work with this one is told so, "
                           "and its connection ends") {
  auto answer = hello(of_protocol(too_new, too_new));
  REQUIRE(answer.match_elements<caf::error>());
  auto& error = answer.get_as<caf::error>(0);
  CHECK(is(error, errc::incompatible));
  // Each side is told from its own point of view.
  CHECK(to_text(error).find("upgrade the other one") != std::string::npos);
  CHECK(log.sink->has(
      "peer refused: name=app1 reason=\"the other node is 9.0.0"));
  CHECK(log.sink->has("upgrade this one"));
  CHECK(peers().empty());
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].node == far.id());
  CHECK(known.empty());
}

TEST_CASE_FIXTURE(fixture, "no other node says whose connection ends") {
  auto answer = hello({});
  far.try_to(own, node_refused{far.id()});
  CHECK(refused.empty());
}

TEST_CASE_FIXTURE(fixture, "a version that is none is refused") {
  auto answer = hello({std::string(1'000, 'x'), 2, 1, {}});
  REQUIRE(answer.match_elements<caf::error>());
  CHECK(is(answer.get_as<caf::error>(0), errc::invalid_message));
  CHECK(peers().empty());
}

TEST_CASE(
    "whoever connects to a node that it cannot work with lets it be, says "
    "so once, and tries again ever more rarely") {
  checked_node node;
  captured_log log;
  std::size_t tries = 0;
  // As one of a release that does not refuse anybody.
  auto remote = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const peer_hello&) {
      return peer_hello{"app1", self, of_protocol(too_new, too_new)};
    }};
  });
  auto connector = node.system().spawn([&](caf::event_based_actor*) {
    return caf::behavior{
        [&](caf::connect_atom, const std::string&,
            std::uint16_t) -> caf::result<caf::node_id, caf::strong_actor_ptr,
                                          std::set<std::string>> {
          ++tries;
          return {remote.node(), caf::actor_cast<caf::strong_actor_ptr>(remote),
                  std::set<std::string>{}};
        }};
  });
  far_node far{node, 'a'};
  auto& own = far_node::as_far(far.directory);
  auto actor = node.system().spawn(
      peer, peer_config{"app1.example",
                        9001,
                        {"relay1", far.directory, this_version()},
                        connector,
                        8s,
                        200ms,
                        10s,
                        1});
  node.run();
  CHECK(tries == 1);
  CHECK(own.messages<peer_hello>().empty());
  REQUIRE(own.messages<node_refused>().size() == 1);
  node.advance(60s);
  CHECK(tries > 8);
  CHECK(tries < 30);
  auto said = std::count_if(
      log.sink->lines.begin(), log.sink->lines.end(), [](auto& line) {
        return line.find("peer cannot be reached") != line.npos;
      });
  CHECK(said == 1);
  CHECK(log.sink->has("reason=\"incompatible: the other node is 9.0.0"));
  for (auto& who : {actor, connector, remote})
    caf::anon_send_exit(who, caf::exit_reason::kill);
}

TEST_CASE("a hello of protocol 1 is read with defaults, and written without "
          "what came later") {
  checked_node node;
  probe who{node};
  auto now = bytes_of(node, {"app1", who.actor(), this_version()});
  write_protocol(1);
  auto before = bytes_of(node, {"app1", who.actor(), this_version()});
  CHECK(this_version() == node_version{});
  write_protocol(protocol_number);
  REQUIRE(before.size() < now.size());
  CHECK(std::equal(before.begin(), before.end(), now.begin()));
  CHECK(hello_of(node, before).version == node_version{});
  CHECK(hello_of(node, now).version == this_version());
}

TEST_CASE("a row of a later protocol is read without its new fields, and the "
          "next one after it as well") {
  checked_node node;
  std::vector<char> bytes;
  caf::binary_serializer sink{node.system(), bytes};
  auto row = [&](std::string name, const std::string& more) {
    peer_info info{std::move(name), "aa#1", {"3.0.0", 9, 2, {"x"}}};
    std::vector<char> one;
    caf::binary_serializer inner{node.system(), one};
    REQUIRE_FALSE(inner(info));
    std::vector<char> fields;
    caf::binary_deserializer outer{node.system(), one};
    REQUIRE_FALSE(outer(fields));
    fields.insert(fields.end(), more.begin(), more.end());
    REQUIRE_FALSE(sink(fields));
  };
  auto count = std::size_t{2};
  REQUIRE_FALSE(sink.begin_sequence(count));
  row("app1", "fields of then");
  row("app2", {});
  std::vector<peer_info> read;
  caf::binary_deserializer source{node.system(), bytes};
  REQUIRE_FALSE(source(read));
  REQUIRE(read.size() == 2);
  CHECK(read[0].name == "app1");
  CHECK(read[1].name == "app2");
  CHECK(read[1].version.features == std::vector<std::string>{"x"});
  CHECK(source.remaining() == 0);
}

TEST_CASE("a value that no release has is an error of its message") {
  checked_node node;
  std::vector<char> bytes;
  caf::binary_serializer sink{node.system(), bytes};
  ws_send send{static_cast<message_type>(7), "x"};
  REQUIRE_FALSE(sink(send));
  caf::binary_deserializer source{node.system(), bytes};
  auto error = source(send);
  CHECK(is(error, errc::invalid_message));
  CHECK(to_text(error) == "invalid_message: no such value: 7");
  CHECK_FALSE(to_close_info(
      caf::error{200, ending_category,
                 caf::make_message(std::uint16_t{1000}, std::string{})}));
}

} // namespace wsrelay::node_versions_test
