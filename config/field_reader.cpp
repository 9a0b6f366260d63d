// Reads members by their type.
#include "config/read_entries.hpp"

namespace wsrelay {

void field_reader::operator()(std::string_view key,
                              std::chrono::milliseconds& out) {
  out = in_.duration(key).value_or(out);
}

void field_reader::operator()(std::string_view key,
                              std::optional<std::chrono::milliseconds>& out) {
  if (in_.is_off(key))
    out.reset();
  else if (auto value = in_.duration(key, ", or off"))
    out = value;
}

void field_reader::operator()(std::string_view key, bool& out) {
  out = in_.flag(key).value_or(out);
}

} // namespace wsrelay
