// What a message that is read needs to know of its bytes: where they end.
#pragma once

#include <caf/deserializer.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace wsrelay {

/// A source of messages of other nodes.
class message_source : public caf::deserializer {
public:
  using reader = std::function<caf::error(caf::deserializer&)>;

  using deserializer::deserializer;

  /// Returns how many bytes are left.
  virtual std::size_t bytes_left() const = 0;

  /// Keeps an error, if it is the first one: CAF 0.17.6 drops those of what is
  /// inside of something else. Returns it.
  virtual caf::error keep(caf::error error) = 0;

  /// Calls `read` with a source of the next `size` bytes, which then are read.
  virtual caf::error read_row(std::size_t size, const reader& read) = 0;
};

/// Returns how many bytes are left in a source; all that there can be where it
/// does not say.
std::size_t bytes_left(const caf::deserializer& source);

/// Returns the error for a value that no release has written so far, and that
/// is an error of its message alone.
caf::error refuse_value(caf::deserializer& source, std::uint64_t value);

/// Reads a row: its size, and what `read` reads of it. What is left of it is
/// skipped.
caf::error read_row(caf::deserializer& source,
                    const message_source::reader& read);

} // namespace wsrelay
