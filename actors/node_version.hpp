// Which program a node is, and which ones it works with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Number of what nodes say to each other: one more in a release that appends a
/// field or adds a message. test/wire has what each one writes.
inline constexpr std::uint32_t protocol_number = 2;

/// The first one that this release works with.
inline constexpr std::uint32_t oldest_protocol = 1;

/// A feature: names are offered and withdrawn many at a time.
inline constexpr std::string_view feature_name_batches = "name-batches";

/// A feature: long lists come in pages.
inline constexpr std::string_view feature_pages = "pages";

/// A feature: reads many short messages in one of BASP
/// (net/cluster/bundle.hpp).
inline constexpr std::string_view feature_bundles = "bundles";

/// A feature: has groups, and is told of those of others.
inline constexpr std::string_view feature_groups = "groups";

/// What nodes say of themselves when they meet. What a node of protocol 1 says,
/// which is nothing, are the defaults.
struct node_version {
  std::string release = {}; // "0.2.0"
  std::uint32_t protocol = 1;
  std::uint32_t oldest = 1; // protocol that it works with
  std::vector<std::string> features = {};

  bool operator==(const node_version&) const = default;
};

/// Returns the release of this program: "0.2.0".
std::string_view release_text() noexcept;

/// Returns the same, and the commit that it was built from where that is known:
/// "0.2.0 (1a2b3c4d5e6f)".
std::string build_text();

/// Returns whether it is what a node says: names and texts that are short.
bool is_plausible(const node_version& version) noexcept;

/// The protocol that this process writes and says that it speaks:
/// `protocol_number`, unless it was told to be an earlier one. Any thread.
std::uint32_t written_protocol() noexcept;

/// Tells it, before anything is written: for tests of clusters of two releases.
void write_protocol(std::uint32_t number) noexcept;

/// Returns what this program is.
node_version this_version();

/// Returns whether a node has a feature.
bool has(const node_version& version, std::string_view feature) noexcept;

/// Returns a release: "0.2.0"; "0.1" for one that did not say it.
std::string release_of(const node_version& version);

/// Prints a version for logs: "0.2.0 (protocol 2)", "0.1 (protocol 1)".
std::string to_text(const node_version& version);

/// Returns why two nodes cannot work together, and which one to upgrade;
/// nothing when they can.
std::optional<std::string> refuse_version(const node_version& own,
                                          const node_version& other);

} // namespace wsrelay
