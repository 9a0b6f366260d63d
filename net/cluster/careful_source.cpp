// The limits of what is read.
#include "net/cluster/careful_source.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_value.hpp>
#include <caf/uniform_type_info_map.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace wsrelay {

namespace {

// Names as CAF writes them: "@<>+TYPE+TYPE".
constexpr std::string_view no_elements = "@<>";

constexpr std::array<std::string_view, 16> local_types{
    "@acceptor_closed_msg",
    "@acceptor_passivated_msg",
    "@accept_handle",
    "@config_value",
    "@connection_closed_msg",
    "@connection_handle",
    "@connection_passivated_msg",
    "@down", // nodes have an operation for it
    "@downstream_msg",
    "@group",
    "@group_down",
    "@new_connection_msg",
    "@new_data_msg",
    "@open_stream_msg",
    "@timeout",
    "@upstream_msg",
};

// What directories tell and ask each other, but for lists.
constexpr std::array<std::string_view, 8> short_types{
    "directory.erase",    "directory.erases", "directory.get",
    "directory.put",      "directory.puts",   "directory.puts-answer",
    "directory.page-get", "peer.hello",
};

bool is_short(std::string_view type) {
  return std::find(short_types.begin(), short_types.end(), type)
         != short_types.end();
}

bool is_local(std::string_view type) {
  return type.starts_with('@')
         && std::find(local_types.begin(), local_types.end(), type)
                != local_types.end();
}

} // namespace

std::string careful_source::type() const {
  constexpr std::size_t max_size = 128;
  auto begin = std::min(no_elements.size() + 1, type_.size());
  auto result = type_.substr(begin, max_size);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c <= ' ' || c > '~'; },
      '?');
  return result;
}

caf::error careful_source::begin_object(std::uint16_t& number,
                                        std::string& name) {
  if (auto error = source_.begin_object(number, name))
    return keep(std::move(error));
  if (depth_ == 0)
    type_ = name;
  if (name == no_elements) // CAF does not call `end_object` for it
    return caf::none;
  if (++depth_ > max_depth)
    offence_ = "messages in messages, deeper than any";
  else
    check_types(name);
  return offence_.empty() ? caf::error{} : keep(caf::sec::unknown_type);
}

// That the types of the outermost message are known CAF says itself.
void careful_source::check_types(std::string_view name) {
  auto& known = context()->system().types();
  name.remove_prefix(std::min(no_elements.size() + 1, name.size()));
  while (!name.empty()) {
    auto type = name.substr(0, name.find('+'));
    name.remove_prefix(std::min(type.size() + 1, name.size()));
    if (is_local(type))
      offence_ = "message of the type " + std::string{type};
    else if (depth_ == 1 && is_short(type) && bytes_left() > max_short)
      offence_ = fmt::format("{} of {} bytes", type, bytes_left());
    else if (depth_ > 1 && !known.make_value(std::string{type}))
      keep(make_error(caf::sec::unknown_type, std::string{type}));
  }
}

caf::error careful_source::keep(caf::error error) {
  if (error && !failure_)
    failure_ = error;
  return error;
}

caf::error careful_source::read_row(std::size_t size, const reader& read) {
  if (size > source_.remaining())
    return keep(caf::sec::end_of_stream);
  careful_source row{context(), rest().substr(0, size)};
  row.depth_ = depth_;
  source_.skip(size);
  auto error = read(row);
  if (offence_.empty())
    offence_ = row.offence_;
  if (!error)
    error = row.failure_;
  return error ? keep(std::move(error)) : caf::error{};
}

caf::error careful_source::end_object() {
  --depth_;
  return source_.end_object();
}

// At most five bytes of seven bits.
caf::error careful_source::begin_sequence(std::size_t& size) {
  std::uint64_t sum = 0;
  std::uint8_t next = 0x80;
  for (int shift = 0; (next & 0x80) != 0; shift += 7) {
    if (shift > 28)
      return keep(caf::sec::end_of_stream);
    if (auto error = source_.apply_raw(1, &next))
      return keep(std::move(error));
    sum |= std::uint64_t{next & 0x7fu} << shift;
  }
  if (sum > source_.remaining())
    return keep(caf::sec::end_of_stream);
  size = sum;
  return caf::none;
}

} // namespace wsrelay
