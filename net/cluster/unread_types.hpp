// What could not be read of which node: said once.
#pragma once

#include <caf/node_id.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace wsrelay {

/// Types of messages by node, as long as it is connected.
class unread_types {
public:
  /// Of a node, which may invent names.
  static constexpr std::size_t max_types = 64;

  /// Returns whether this is to be said: a type that is new of the node, and
  /// not one too many.
  bool is_new(const caf::node_id& node, const std::string& type) {
    auto& known = types_[node];
    return known.size() < max_types && known.insert(type).second;
  }

  void forget(const caf::node_id& node) { types_.erase(node); }

private:
  std::map<caf::node_id, std::set<std::string>> types_;
};

} // namespace wsrelay
