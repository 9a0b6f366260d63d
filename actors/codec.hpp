// How the value types of the messages that CAF does not know are serialised.
#pragma once

#include "protocol/shared_buffer.hpp"

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/save_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <string>

namespace wsrelay {

/// A shared buffer travels as a string. Locally nothing is copied.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shared_buffer& x) {
  std::string bytes;
  if constexpr (Inspector::reads_state) {
    bytes.assign(x.view());
    return f(caf::meta::type_name("shared_buffer"), bytes);
  } else {
    auto load = [&x, &bytes]() -> caf::error {
      x = shared_buffer{bytes};
      return caf::none;
    };
    return f(caf::meta::type_name("shared_buffer"), bytes,
             caf::meta::load_callback(load));
  }
}

} // namespace wsrelay
