// Actors of lost nodes end a few at a time.
#include "net/cluster/lost_proxies.hpp"

#include <caf/exit_reason.hpp>

#include <doctest/doctest.h>

namespace wsrelay::lost_proxies_test {

TEST_CASE("so many end in one go, and every one of them once") {
  constexpr auto at_once = lost_proxies::at_once;
  for (auto count : {at_once - 1, at_once, at_once + 1, 3 * at_once}) {
    CAPTURE(count);
    lost_proxies lost;
    for (std::size_t i = 0; i < count; ++i)
      lost.add(nullptr, caf::exit_reason::remote_link_unreachable);
    std::size_t ended = 0, goes = 0;
    for (auto more = true; more; ++goes)
      more = lost.end_some(
          [&](const caf::strong_actor_ptr&, const caf::error& reason) {
            CHECK(reason == caf::exit_reason::remote_link_unreachable);
            ++ended;
          });
    CHECK(ended == count);
    CHECK(goes == (count + at_once - 1) / at_once);
  }
}

} // namespace wsrelay::lost_proxies_test
