// All connections of the node as a table that is asked for again and again:
// filtered, sorted, a part at a time.
#pragma once

#include "net/admin/connection_pages.hpp"
#include "net/admin/target_names.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay {

/// Which of them, in which order.
struct connection_query {
  std::string endpoint; // "" = any
  std::string target;   // name or PID
  std::string address;
  std::string search;       // part of a PID, an address, an endpoint or target
  std::string metadata_key; // has this member,
  std::optional<std::string> metadata_value; // as this text
  std::string sort = "pid";                  // a member of a row
  bool descending = false;
  std::size_t offset = 0;
  std::size_t limit = 100;
};

/// Returns whether rows can be sorted by this member.
bool is_sort_key(std::string_view key);

/// A listing, as it was a moment ago.
struct connection_listing {
  std::vector<connection_page_row> rows;
  std::shared_ptr<const target_names> names;
  std::vector<command_error> missing;
};

/// What of a listing a query wants.
struct connection_part {
  std::size_t matched = 0;
  std::vector<const connection_page_row*> rows;
};

connection_part select(const connection_listing& from,
                       const connection_query& query);

/// Listings for many who ask: each is good for a second, and one is made at a
/// time. Any thread; blocks. Throws `command_error`.
class connection_table {
public:
  static constexpr std::chrono::seconds max_age{1};

  std::shared_ptr<const connection_listing> get(node_client& node,
                                                bool with_metadata);

private:
  struct entry {
    std::shared_ptr<const connection_listing> listing;
    std::chrono::steady_clock::time_point made;
  };

  std::mutex mutex_;
  entry plain_;
  entry with_metadata_;
};

} // namespace wsrelay
