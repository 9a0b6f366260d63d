// How the few messages that are many look on a connection: one after the other,
// each cut out by its size, in one message of BASP. Pure functions.
#pragma once

#include "actors/messages.hpp"
#include "net/cluster/basp_check.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>
#include <caf/type_erased_tuple.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wsrelay {

/// Who sends what to whom: actors by their ids, on the two nodes of the
/// connection.
struct record_head {
  std::uint64_t id;     // `caf::message_id`
  std::uint64_t source; // 0 = nobody
  std::uint64_t dest;
};

/// A `ws_message` whose client is who sends it. Views into the bytes.
struct message_record {
  std::uint64_t seq;
  message_type type;
  std::string_view client_pid;
  std::string_view topic;
  std::string_view metadata;
  std::string_view data;
};

struct send_record {
  message_type type;
  std::string_view data;
};

struct event_record {
  std::string_view topic;
  std::string_view data;
};

/// An answer that says nothing but that it is one.
struct answer_record {};

struct bundle_record {
  record_head head;
  std::variant<message_record, send_record, event_record, answer_record> what;
};

/// Returns how many bytes a message of `sender` takes as a record; 0: it is
/// none of these.
std::size_t record_bytes(const record_head& head,
                         const caf::strong_actor_ptr& sender,
                         const caf::type_erased_tuple& content);

/// Appends the record. `sender`'s id stands in `head`. @pre it takes some bytes
void write_record(std::vector<char>& to, const record_head& head,
                  const caf::type_erased_tuple& content);

/// Returns the header of a bundle with so many bytes of records.
basp_header bundle_header(std::size_t size) noexcept;

/// Returns the size of the record that `bytes` begin with, its own four bytes
/// included, and who has sent it. @pre it was written here
std::size_t record_size(const char* bytes) noexcept;
std::uint64_t record_source(const char* bytes) noexcept;

/// Reads what another node has bundled.
class bundle_reader {
public:
  /// What is longer than `max_basp_part` is one record: nobody gets a turn
  /// between those of a bundle. @pre `bytes` outlive the reader, and what is
  /// read.
  explicit bundle_reader(std::string_view bytes) noexcept
      : rest_{bytes}, is_long_{bytes.size() > max_basp_part} {}

  /// Reads the next record. Returns false at the end, and where it is none.
  bool next(bundle_record& record);

  /// Returns why nothing more is read: "" at the end.
  const std::string& offence() const noexcept { return offence_; }

private:
  bool refuse(std::string why);

  std::string_view rest_;
  bool is_long_;
  std::string offence_;
};

} // namespace wsrelay
