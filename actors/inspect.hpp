// `inspect` for messages, which CAF's serialisation and its logs call. Nodes of
// other releases read what it writes, and write what it reads (CONTRIBUTING,
// "Two releases in one cluster").
#pragma once

#include "actors/message_source.hpp"
#include "actors/node_version.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/serializer.hpp>

#include <cstdint>
#include <type_traits>
#include <vector>

namespace wsrelay {

/// A field at the end of a message, or of a row, that it has since a protocol.
/// Read from a release of before it has its default. Not of what is inside of
/// others and no row: nobody could tell where that ends.
template <class T>
struct appended_field {
  T& value;
  std::uint32_t since;
};

template <std::uint32_t Since, class T>
appended_field<T> appended(T& field) {
  static_assert(Since > 1 && Since <= protocol_number);
  return {field, Since};
}

/// @private
template <class T>
caf::error load_field(caf::deserializer& source, T& field) {
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    if (auto error = source(number))
      return error;
    field = static_cast<T>(number);
    return is_known(field) ? caf::error{} : refuse_value(source, number);
  } else {
    return source(field);
  }
}

/// @private
template <class T>
caf::error save_field(caf::serializer& sink, T& field) {
  return sink(field);
}

/// @private
template <class T>
caf::error save_field(caf::serializer& sink, appended_field<T> field) {
  return field.since <= written_protocol() ? sink(field.value) : caf::error{};
}

/// @private
template <class T>
caf::error load_field(caf::deserializer& source, appended_field<T> field) {
  return bytes_left(source) > 0 ? load_field(source, field.value)
                                : caf::error{};
}

/// @private
template <class T>
T& value_of(T& field) {
  return field;
}

/// @private
template <class T>
T& value_of(appended_field<T> field) {
  return field.value;
}

/// @private
template <class Inspector, class... Fields>
typename Inspector::result_type inspect_fields(Inspector& f, const char* name,
                                               Fields&&... fields) {
  if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    caf::error error;
    static_cast<void>((!(error = load_field(f, fields)) && ...));
    return error;
  } else if constexpr (std::is_base_of_v<caf::serializer, Inspector>) {
    caf::error error;
    static_cast<void>((!(error = save_field(f, fields)) && ...));
    return error;
  } else {
    return f(caf::meta::type_name(name), value_of(fields)...);
  }
}

/// @private
template <class Inspector, class... Fields>
typename Inspector::result_type inspect_row(Inspector& f, const char* name,
                                            Fields&&... fields) {
  if constexpr (std::is_base_of_v<caf::serializer, Inspector>) {
    std::vector<char> row;
    caf::binary_serializer sink{f.context(), row};
    if (auto error = inspect_fields(sink, name, fields...))
      return error;
    return f(row);
  } else if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    return read_row(f, [&](caf::deserializer& row) {
      return inspect_fields(row, name, fields...);
    });
  } else {
    return inspect_fields(f, name, fields...);
  }
}

// Defines `inspect` for a message and its topic in logs.
#define WSRELAY_INSPECT(type, ...)                                             \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type& x) {             \
    return inspect_fields(f, #type, __VA_ARGS__);                              \
  }

// The same for what is inside of messages and may get fields later: a row is
// written with its size.
#define WSRELAY_INSPECT_ROW(type, ...)                                         \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type& x) {             \
    return inspect_row(f, #type, __VA_ARGS__);                                 \
  }

// The same for a message without fields.
#define WSRELAY_INSPECT_EMPTY(type)                                            \
  template <class Inspector>                                                   \
  typename Inspector::result_type inspect(Inspector& f, type&) {               \
    return f(caf::meta::type_name(#type));                                     \
  }

} // namespace wsrelay
