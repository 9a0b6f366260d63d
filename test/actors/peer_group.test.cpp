// The nodes behind a name: found, left and found again, in simulated time.
#include "actors/peer_group.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace wsrelay::peer_group_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr milliseconds interval{30'000};

// Behind each address that is reachable stands a directory.
struct fixture {
  checked_node node;
  captured_log log;
  caf::actor connector;
  caf::actor group;
  caf::actor own;
  far_node home{node, 'e'};
  strings addresses; // what the name gives; none = it fails
  bool hangs = false;
  std::map<std::string, caf::actor> there;
  std::map<std::string, std::size_t> tries;
  std::size_t look_ups = 0;
  std::vector<caf::response_promise> held;

  fixture() {
    own = home.directory;
    connector = node.system().spawn([this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](const name_lookup& message) {
                             return on_look_up(self, message);
                           },
                           [this](caf::connect_atom, const std::string& host,
                                  std::uint16_t) { return on_connect(host); }};
    });
  }

  ~fixture() {
    for (auto& [address, who] : there)
      caf::anon_send_exit(who, caf::exit_reason::kill);
    caf::anon_send_exit(group, caf::exit_reason::user_shutdown);
    node.run();
    caf::anon_send_exit(connector, caf::exit_reason::kill);
  }

  caf::result<strings> on_look_up(caf::event_based_actor* self,
                                  const name_lookup& message) {
    CHECK(message.host == "relays.example");
    ++look_ups;
    if (hangs)
      return held.emplace_back(self->make_response_promise());
    if (addresses.empty())
      return make_error(errc::no_such_peer, "no such host");
    return addresses;
  }

  caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>
  on_connect(const std::string& host) {
    ++tries[host];
    auto found = there.find(host);
    if (found == there.end())
      return caf::sec::cannot_connect_to_node;
    return {found->second.node(),
            caf::actor_cast<caf::strong_actor_ptr>(found->second),
            std::set<std::string>{}};
  }

  // A node is reachable at this address.
  void put(const std::string& address) {
    there[address] = node.system().spawn([address](caf::event_based_actor* me) {
      return caf::behavior{[me, address](const peer_hello&) {
        return peer_hello{"node at " + address, me, this_version()};
      }};
    });
  }

  void lose(const std::string& address) {
    caf::anon_send_exit(there[address],
                        caf::exit_reason::remote_link_unreachable);
    there.erase(address);
    node.run();
  }

  void start() {
    group = node.system().spawn(
        peer_group, peer_group_config{peer_config{"relays.example",
                                                  9000,
                                                  {"app1", own, this_version()},
                                                  connector,
                                                  8s,
                                                  200ms,
                                                  10s,
                                                  1,
                                                  nullptr},
                                      interval});
    node.run();
  }

  // A whole interval, with its jitter.
  void look_again() { node.advance(interval * 5 / 4 + 1ms); }

  // Whoever said hello, in order.
  strings met() {
    strings result;
    for (auto& hello : far_node::as_far(own).messages<peer_hello>())
      result.push_back(hello.name);
    std::sort(result.begin(), result.end());
    return result;
  }

  std::size_t lines(std::string_view part) {
    auto& all = log.sink->lines;
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](auto& line) {
          return line.find(part) != line.npos;
        }));
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "every address of a name is a peer, each once") {
  addresses = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.1"};
  for (auto& each : addresses)
    if (there.count(each) == 0)
      put(each);
  start();
  CHECK(met()
        == strings{"node at 192.0.2.1", "node at 192.0.2.2",
                   "node at 2001:db8::1"});
  look_again();
  CHECK(met().size() == 3); // nothing is new
  CHECK(look_ups >= 2);
}

TEST_CASE_FIXTURE(fixture, "a new address is connected at the next look-up") {
  addresses = {"192.0.2.1"};
  put("192.0.2.1");
  put("192.0.2.2");
  start();
  addresses.push_back("192.0.2.2");
  node.advance(interval * 3 / 4 - 1ms);
  CHECK(met().size() == 1);
  node.advance(interval / 2 + 2ms);
  CHECK(met().size() == 2);
}

TEST_CASE_FIXTURE(fixture, "an address that is gone stays connected, and is "
                           "tried no more once it is lost") {
  addresses = {"192.0.2.1", "192.0.2.2"};
  put("192.0.2.1");
  put("192.0.2.2");
  start();
  addresses = {"192.0.2.1"};
  look_again();
  CHECK(tries["192.0.2.2"] == 1);
  lose("192.0.2.2");
  node.advance(5min);
  CHECK(tries["192.0.2.2"] == 1);
}

TEST_CASE_FIXTURE(fixture, "an address that never answered is let go as soon "
                           "as the name does not give it") {
  addresses = {"192.0.2.9"};
  start();
  node.advance(25s);
  addresses = {"192.0.2.1"};
  look_again();
  auto before = tries["192.0.2.9"];
  CHECK(before > 2);
  node.advance(5min);
  CHECK(tries["192.0.2.9"] == before);
}

TEST_CASE_FIXTURE(fixture, "an address that comes back before it was lost is "
                           "tried again after it is") {
  addresses = {"192.0.2.1", "192.0.2.2"};
  put("192.0.2.1");
  put("192.0.2.2");
  start();
  addresses = {"192.0.2.1"};
  look_again();
  addresses = {"192.0.2.1", "192.0.2.2"};
  look_again();
  lose("192.0.2.2");
  node.advance(30s);
  CHECK(tries["192.0.2.2"] > 2);
}

TEST_CASE_FIXTURE(fixture, "a loss looks the name up at once, at most once a "
                           "second") {
  addresses = {"192.0.2.1"};
  put("192.0.2.1");
  put("192.0.2.7");
  start();
  node.advance(2s);
  auto before = look_ups;
  addresses = {"192.0.2.7"}; // it comes again with another address
  lose("192.0.2.1");
  CHECK(look_ups == before + 1);
  CHECK(met().back() == "node at 192.0.2.7");
  addresses = {"192.0.2.7", "192.0.2.8"}; // nobody is there
  look_again();
  before = look_ups;
  node.advance(10s);
  CHECK(look_ups <= before + 10);
}

TEST_CASE_FIXTURE(fixture, "a name that gives nothing is said once, and lets "
                           "who is connected be") {
  start();
  CHECK(lines("peer's name has no address: name=relays.example") == 1);
  look_again();
  look_again();
  CHECK(lines("peer's name has no address") == 1);
  addresses = {"192.0.2.1"};
  put("192.0.2.1");
  look_again();
  CHECK(met().size() == 1);
  addresses = {};
  look_again();
  look_again();
  CHECK(lines("peer's name has no address") == 2);
  CHECK(tries["192.0.2.1"] == 1);
  lose("192.0.2.1");
  node.advance(5s);
  CHECK(tries["192.0.2.1"] > 1); // nobody said that it is no address any more
}

TEST_CASE_FIXTURE(fixture, "a look-up that hangs is said once, and the next "
                           "one comes all the same") {
  hangs = true;
  start();
  node.advance(resolve_patience - 1ms);
  CHECK(lines("the look-up does not end") == 0);
  node.advance(1ms);
  CHECK(lines("the look-up does not end") == 1);
  hangs = false;
  addresses = {"192.0.2.1"};
  put("192.0.2.1");
  look_again();
  CHECK(met().size() == 1);
  for (auto& promise : held)
    promise.deliver(strings{"192.0.2.5"}); // too late
  node.run();
  CHECK(tries["192.0.2.5"] == 0);
}

TEST_CASE_FIXTURE(fixture, "the node itself is no peer, and is not tried "
                           "again") {
  addresses = {"192.0.2.1", "192.0.2.2"};
  there["192.0.2.1"] = own;
  put("192.0.2.2");
  start();
  look_again();
  look_again();
  CHECK(tries["192.0.2.1"] == 1);
  CHECK(met() == strings{"node at 192.0.2.2"});
  CHECK(lines("peer is this node itself: address=192.0.2.1:9000") == 1);
  there.erase("192.0.2.1");
}

TEST_CASE_FIXTURE(fixture, "a name with more addresses than any is cut") {
  for (std::size_t i = 0; i <= max_addresses; ++i)
    addresses.push_back(fmt::format("198.51.{}.{}", i / 256, i % 256));
  start();
  CHECK(tries.size() == max_addresses);
}

TEST_CASE_FIXTURE(fixture, "a group ends with all of its peers") {
  addresses = {"192.0.2.1", "192.0.2.9"};
  put("192.0.2.1");
  start();
  caf::anon_send_exit(group, caf::exit_reason::user_shutdown);
  node.advance(1min);
  CHECK(look_ups == 1);
  CHECK(tries["192.0.2.9"] == 1);
}

} // namespace wsrelay::peer_group_test
