// The node of every test of actors: at its end nothing may be left running.
#pragma once

#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

#include <doctest/doctest.h>

namespace wsrelay::test {

/// A node that checks at its end, when every client is lost, that as many
/// actors run as at its start, also where they have a name. Tests of the relay
/// itself refuse sends all the time, and say so where it matters.
class checked_node : public test_node {
public:
  checked_node() : start_{running_actors()} { allow_refused_sends(); }

  ~checked_node() {
    lose_all();
    CHECK(running_actors() == start_);
  }

private:
  std::size_t start_;
};

} // namespace wsrelay::test
