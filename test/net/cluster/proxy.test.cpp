// An actor of another node, with a test in the place of the BASP broker.
#include "net/cluster/proxy.hpp"

#include "net/system_config.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::proxy_test {

namespace {

caf::behavior quitter(caf::event_based_actor* self) {
  self->quit(caf::sec::runtime_error);
  return {};
}

} // namespace

TEST_CASE("a link of another node to an actor that has just ended does not "
          "hang, and tells of the end") {
  system_config config;
  caf::actor_system system{config};
  caf::scoped_actor broker{system};
  auto ended = system.spawn(quitter);
  broker->wait_for(ended);
  caf::node_id::default_data::host_id_type host{1};
  caf::actor_config proxy_config;
  auto load = std::make_shared<node_load>(caf::node_id{});
  auto proxy = caf::make_actor<node_proxy, caf::strong_actor_ptr>(
      caf::actor_id{7}, caf::make_node_id(1, host), &system, proxy_config,
      caf::actor_cast<caf::actor>(broker),
      std::make_shared<const proxy_context>(
          proxy_context{std::make_shared<open_requests>(), load,
                        std::make_shared<node_link>(load, nullptr),
                        std::make_shared<lost_proxies>()}));
  // As CAF does when the other node's link arrives.
  proxy->get()->add_link(caf::actor_cast<caf::abstract_actor*>(ended));
  broker->receive([](caf::monitor_atom, const caf::strong_actor_ptr&) {});
  broker->receive([&](caf::forward_atom, const caf::strong_actor_ptr&,
                      const std::vector<caf::strong_actor_ptr>&,
                      const caf::strong_actor_ptr& to, caf::message_id,
                      const caf::message& content) {
    CHECK(to == proxy);
    REQUIRE(content.match_elements<caf::exit_msg>());
    auto& message = content.get_as<caf::exit_msg>(0);
    CHECK(message.source == ended.address());
    CHECK(message.reason == caf::sec::runtime_error);
  });
}

} // namespace wsrelay::proxy_test
