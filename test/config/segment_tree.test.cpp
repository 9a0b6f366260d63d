// Paths of segments and what stands at their ends.
#include "config/segment_tree.hpp"

#include <doctest/doctest.h>

namespace wsrelay::segment_tree_test {

TEST_CASE("an empty tree has no way and no value") {
  segment_tree tree;
  CHECK(tree.literal(segment_tree::root, "a") == segment_tree::root);
  CHECK(tree.param(segment_tree::root) == segment_tree::root);
  CHECK(tree.value(segment_tree::root) == segment_tree::no_value);
  CHECK(tree.depth() == 0);
}

TEST_CASE("a way that was grown is found and not grown again") {
  segment_tree tree;
  auto a = tree.grow(segment_tree::root, "a");
  auto ab = tree.grow(a, "b");
  auto any = tree.grow(a, std::nullopt);
  CHECK(tree.grow(segment_tree::root, "a") == a);
  CHECK(tree.grow(a, std::nullopt) == any);
  CHECK(tree.literal(segment_tree::root, "a") == a);
  CHECK(tree.literal(a, "b") == ab);
  CHECK(tree.param(a) == any);
  CHECK(tree.literal(segment_tree::root, "b") == segment_tree::root);
  CHECK(tree.literal(ab, "b") == segment_tree::root);
  CHECK(tree.depth() == 2);
}

TEST_CASE("each node has a value of its own") {
  segment_tree tree;
  auto a = tree.grow(segment_tree::root, "a");
  auto empty = tree.grow(segment_tree::root, "");
  tree.value(a) = 7;
  tree.value(segment_tree::root) = 0;
  CHECK(tree.value(a) == 7);
  CHECK(tree.value(empty) == segment_tree::no_value);
  CHECK(tree.value(segment_tree::root) == 0);
}

} // namespace wsrelay::segment_tree_test
