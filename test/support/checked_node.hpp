// The node of every test of actors: at its end nothing may be left running.
#pragma once

#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

namespace wsrelay::test {

/// A node that checks at its end, when every client is lost, that as many
/// actors run as at its start.
class checked_node : public test_node {
public:
  checked_node() : start_{running_actors()} {}

  ~checked_node() {
    lose_all();
    CHECK(running_actors() == start_);
  }

private:
  std::size_t start_;
};

} // namespace wsrelay::test
