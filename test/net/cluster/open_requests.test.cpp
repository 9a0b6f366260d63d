// What is asked of other nodes, with actors that are asked nothing.
#include "net/cluster/open_requests.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::open_requests_test {

namespace {

caf::node_id node_number(std::uint32_t number) {
  return caf::make_node_id(number, caf::node_id::default_data::host_id_type{1});
}

caf::message_id response_to(std::uint64_t number) {
  return caf::make_message_id(number).response_id();
}

struct fixture {
  void ask(std::uint64_t number, const caf::node_id& whom) {
    requests.add(asker_pointer(), caf::make_message_id(number), whom);
  }

  caf::strong_actor_ptr asker_pointer() {
    return caf::actor_cast<caf::strong_actor_ptr>(asker);
  }

  // Returns the numbers of the requests that were answered with an error.
  std::vector<std::uint64_t> failed() {
    std::vector<std::uint64_t> result;
    while (asker->has_next_message()) {
      auto what = asker->next_message();
      CHECK(what->mid.is_response());
      REQUIRE(what->content().match_elements<caf::error>());
      CHECK(what->content().get_as<caf::error>(0)
            == caf::sec::request_receiver_down);
      result.push_back(what->mid.request_id().integer_value());
    }
    return result;
  }

  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor asker{system};
  open_requests requests;
  caf::node_id here = node_number(1);
  caf::node_id there = node_number(2);
};

} // namespace

TEST_CASE_FIXTURE(fixture, "who has asked a node is told when it is lost, and "
                           "once") {
  ask(1, here);
  ask(2, there);
  ask(3, there);
  requests.on_lost(there);
  auto found = failed();
  std::ranges::sort(found);
  CHECK(found == std::vector<std::uint64_t>{2, 3});
  requests.on_lost(there);
  CHECK(failed().empty());
  CHECK(requests.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "what was answered is over") {
  ask(1, there);
  ask(2, there);
  requests.on_response(asker->id(), response_to(1));
  requests.on_response(asker->id() + 1, response_to(2)); // somebody else's
  requests.on_response(asker->id(), response_to(3));     // nobody's
  requests.on_lost(there);
  CHECK(failed() == std::vector<std::uint64_t>{2});
}

TEST_CASE_FIXTURE(fixture, "an answer may have another priority") {
  auto urgent = caf::make_message_id<caf::message_priority::high>(1);
  requests.add(asker_pointer(), urgent, there);
  requests.on_response(asker->id(), response_to(1));
  CHECK(requests.size() == 0);
}

TEST_CASE_FIXTURE(fixture, "requests of actors that have ended do not pile "
                           "up") {
  ask(1, there);
  for (std::uint64_t number = 0; number < 100'000; ++number) {
    caf::scoped_actor passing{system};
    requests.add(caf::actor_cast<caf::strong_actor_ptr>(passing),
                 caf::make_message_id(1), there);
    REQUIRE(requests.size() <= 64);
  }
  requests.on_lost(there);
  CHECK(failed() == std::vector<std::uint64_t>{1});
}

TEST_CASE_FIXTURE(fixture, "as many requests of a living actor as it likes") {
  constexpr std::uint64_t many = 10'000;
  for (std::uint64_t number = 1; number <= many; ++number)
    ask(number, there);
  CHECK(requests.size() == many);
  requests.on_lost(there);
  CHECK(failed().size() == many);
}

} // namespace wsrelay::open_requests_test
