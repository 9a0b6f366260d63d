// `inspect` for messages, which CAF's serialisation and its logs call.
#pragma once

#include <caf/meta/type_name.hpp>

namespace wsrelay {

/// @private
template <class Inspector, class... Fields>
auto inspect_fields(Inspector& f, const char* name, Fields&... fields) {
  return f(caf::meta::type_name(name), fields...);
}

// Defines `inspect` for a message and its topic in logs.
#define WSRELAY_INSPECT(type, ...)                                             \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type& x) {             \
    return inspect_fields(f, #type, __VA_ARGS__);                              \
  }

// The same for a message without fields.
#define WSRELAY_INSPECT_EMPTY(type)                                            \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type&) {               \
    return f(caf::meta::type_name(#type));                                     \
  }

} // namespace wsrelay
