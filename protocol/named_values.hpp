// What a client says by name and value in a query or in cookies: anything, any
// number of times, well-formed or not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Entries that are looked at; a stranger may send any number.
inline constexpr std::size_t max_named_values = 1000;

/// Names with their values, in the order they came. All are UTF-8; anything
/// else about them is the client's, control characters included.
class named_values {
public:
  struct entry {
    std::string name;
    std::optional<std::string> value; // nothing = malformed
  };

  /// Returns the first value of `name`; nothing when there is none, or when
  /// that one is malformed: a later one does not take its place.
  std::optional<std::string> value(std::string_view name) const;

  /// Returns every value of `name` that is well-formed.
  std::vector<std::string> values(std::string_view name) const;

  /// Returns how often `name` stands, malformed values included.
  std::size_t count(std::string_view name) const noexcept;

  const std::vector<entry>& entries() const noexcept { return entries_; }

  /// Returns whether nothing was malformed, and nothing left out.
  bool is_well_formed() const noexcept { return is_well_formed_; }

  /// @private Without a name it is left out; so is what is too much. Returns
  /// whether there is room for more.
  bool add(std::optional<std::string> name, std::optional<std::string> value);

private:
  std::vector<entry> entries_;
  std::size_t seen_ = 0;
  bool is_well_formed_ = true;
};

} // namespace wsrelay
