// Ours, and CAF's own, which a program without `net` reads with.
#include "actors/message_source.hpp"

#include "actors/error.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/sec.hpp>

#include <fmt/format.h>

#include <limits>

namespace wsrelay {

namespace {

caf::error read_row_of_caf(caf::binary_deserializer& source, std::size_t size,
                           const message_source::reader& read) {
  if (size > source.remaining())
    return caf::sec::end_of_stream;
  caf::binary_deserializer row{source.context(),
                               source.remainder().subspan(0, size)};
  source.skip(size);
  return read(row);
}

} // namespace

std::size_t bytes_left(const caf::deserializer& source) {
  if (auto* ours = dynamic_cast<const message_source*>(&source))
    return ours->bytes_left();
  if (auto* of_caf = dynamic_cast<const caf::binary_deserializer*>(&source))
    return of_caf->remaining();
  return std::numeric_limits<std::size_t>::max();
}

caf::error refuse_value(caf::deserializer& source, std::uint64_t value) {
  auto error = make_error(errc::invalid_message,
                          fmt::format("no such value: {}", value));
  auto* ours = dynamic_cast<message_source*>(&source);
  return ours ? ours->keep(std::move(error)) : error;
}

caf::error read_row(caf::deserializer& source,
                    const message_source::reader& read) {
  std::size_t size = 0;
  if (auto error = source.begin_sequence(size))
    return error;
  if (auto* ours = dynamic_cast<message_source*>(&source))
    return ours->read_row(size, read);
  if (auto* of_caf = dynamic_cast<caf::binary_deserializer*>(&source))
    return read_row_of_caf(*of_caf, size, read);
  return caf::sec::end_of_stream;
}

} // namespace wsrelay
