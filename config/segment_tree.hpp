// A tree of path segments, literal ones and parameters, with a value at each
// node where a path ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wsrelay {

/// Maps paths of segments to numbers. A step along a literal segment costs one
/// look-up in a table of all edges. Refers to the text of its segments, which
/// outlives it.
class segment_tree {
public:
  using node_id = std::uint32_t;

  static constexpr node_id root = 0;
  static constexpr std::uint32_t no_value = ~std::uint32_t{0};

  segment_tree() : nodes_(1) {}

  /// Returns the node behind `from` for a literal segment, or for a parameter
  /// when there is none; makes it when it is not there.
  node_id grow(node_id from, std::optional<std::string_view> literal);

  /// Returns the node of a literal segment, or of a parameter; `root` when
  /// there is none.
  node_id literal(node_id from, std::string_view segment) const;
  node_id param(node_id from) const { return nodes_[from].param; }

  /// The value at a node; `no_value` at first.
  std::uint32_t& value(node_id at) { return nodes_[at].value; }
  std::uint32_t value(node_id at) const { return nodes_[at].value; }

  /// Returns the longest path, in segments.
  std::size_t depth() const noexcept { return depth_; }

private:
  struct node {
    node_id param = root;
    std::uint32_t value = no_value;
    std::uint32_t depth = 0;
  };

  struct edge {
    node_id from;
    std::string_view segment;

    bool operator==(const edge&) const = default;
  };

  struct edge_hash {
    std::size_t operator()(const edge& x) const noexcept {
      return std::hash<std::string_view>{}(x.segment)
             ^ (x.from * std::size_t{0x9E3779B97F4A7C15});
    }
  };

  node_id add_node(node_id below);

  std::vector<node> nodes_;
  std::unordered_map<edge, node_id, edge_hash> edges_;
  std::size_t depth_ = 0;
};

} // namespace wsrelay
