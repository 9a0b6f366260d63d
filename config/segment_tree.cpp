// Grows a tree of segments and walks it.
#include "config/segment_tree.hpp"

#include <algorithm>

namespace wsrelay {

segment_tree::node_id segment_tree::add_node(node_id below) {
  auto depth = nodes_[below].depth + 1;
  depth_ = std::max<std::size_t>(depth_, depth);
  nodes_.push_back({root, no_value, depth});
  return static_cast<node_id>(nodes_.size() - 1);
}

segment_tree::node_id
segment_tree::grow(node_id from, std::optional<std::string_view> literal) {
  if (literal) {
    auto& at = edges_[{from, *literal}];
    return at != root ? at : at = add_node(from);
  }
  if (nodes_[from].param == root) {
    auto made = add_node(from); // moves the nodes
    nodes_[from].param = made;
  }
  return nodes_[from].param;
}

segment_tree::node_id segment_tree::literal(node_id from,
                                            std::string_view segment) const {
  auto i = edges_.find({from, segment});
  return i == edges_.end() ? root : i->second;
}

} // namespace wsrelay
