// How the value types of the messages that CAF does not know are serialised.
#pragma once

#include "protocol/shared_buffer.hpp"

#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/serializer.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

namespace wsrelay {

/// As CAF writes a string, from the buffer's own memory.
inline caf::error save(caf::serializer& sink, const shared_buffer& x) {
  auto size = x.size();
  if (auto error = sink.begin_sequence(size))
    return error;
  if (size > 0) // a serializer does not change what it is given
    if (auto error = sink.apply_raw(size, const_cast<char*>(x.data())))
      return error;
  return sink.end_sequence();
}

/// As CAF reads a string. Where the source is not to be trusted it checks the
/// size (`careful_source`).
inline caf::error load(caf::deserializer& source, shared_buffer& x) {
  std::size_t size = 0;
  if (auto error = source.begin_sequence(size))
    return error;
  buffer_builder built;
  if (size > 0)
    if (auto error = source.apply_raw(size, built.extend(size, size)))
      return error;
  x = built.finish();
  return source.end_sequence();
}

/// A shared buffer travels as a string. Locally nothing is copied.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shared_buffer& x) {
  if constexpr (std::is_base_of_v<caf::serializer, Inspector>) {
    return save(f, x);
  } else if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    return load(f, x);
  } else {
    std::string bytes{x.view()};
    return f(caf::meta::type_name("shared_buffer"), bytes);
  }
}

} // namespace wsrelay
