// Records. Numbers are big-endian: size (of what follows), kind, type, id,
// source, dest; then what the kind has: sizes before bytes, and `data` is the
// rest.
#include "net/cluster/bundle.hpp"

#include "net/cluster/basp_numbers.hpp"
#include "net/cluster/remote_message.hpp"

#include <caf/actor_cast.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace wsrelay {

namespace {

enum class kind : std::uint8_t { message = 1, send, event, answer };

constexpr std::size_t size_bytes = 4;
constexpr std::size_t source_offset = size_bytes + 2 + 8;

// -- writing ------------------------------------------------------------------

// Appends a record, whose size is known, without looking for room again.
class record_writer {
public:
  record_writer(std::vector<char>& to, kind what, std::uint8_t type,
                const record_head& head, std::size_t content) {
    auto at = to.size();
    make_room(to, content);
    to.resize(at + min_basp_record + content);
    at_ = to.data() + at;
    number(static_cast<std::uint32_t>(min_basp_record - size_bytes + content));
    number(static_cast<std::uint8_t>(what));
    number(type);
    number(head.id);
    number(head.source);
    number(head.dest);
  }

  template <class T>
  void number(T value) noexcept {
    put_basp_number(at_, value);
    at_ += sizeof(T);
  }

  void size(std::string_view bytes) noexcept {
    number(static_cast<std::uint32_t>(bytes.size()));
  }

  void bytes(std::string_view what) noexcept {
    if (!what.empty())
      std::memcpy(at_, what.data(), what.size());
    at_ += what.size();
  }

private:
  char* at_;
};

std::uint8_t number_of(message_type type) noexcept {
  return static_cast<std::uint8_t>(type);
}

// What a record has beside what all have.
std::size_t content_size(const ws_message& x) noexcept {
  return 8 + 3 * size_bytes + x.client_pid.size() + x.topic.size()
         + x.metadata.size() + x.data.size();
}

std::size_t content_size(const ws_send& x) noexcept {
  return x.data.size();
}

std::size_t content_size(const ws_event& x) noexcept {
  return size_bytes + x.topic.size() + x.data.size();
}

void write(std::vector<char>& to, const record_head& head,
           const ws_message& x) {
  record_writer out{to, kind::message, number_of(x.type), head,
                    content_size(x)};
  out.number(x.seq);
  for (auto* part : {&x.client_pid, &x.topic, &x.metadata})
    out.size(part->view());
  for (auto* part : {&x.client_pid, &x.topic, &x.metadata, &x.data})
    out.bytes(part->view());
}

void write(std::vector<char>& to, const record_head& head, const ws_send& x) {
  record_writer out{to, kind::send, number_of(x.type), head, content_size(x)};
  out.bytes(x.data.view());
}

void write(std::vector<char>& to, const record_head& head, const ws_event& x) {
  record_writer out{to, kind::event, 0, head, content_size(x)};
  out.size(x.topic);
  out.bytes(x.topic);
  out.bytes(x.data.view());
}

// -- reading ------------------------------------------------------------------

// Takes what is there, and remembers when it was less than was asked for.
class record_source_bytes {
public:
  explicit record_source_bytes(std::string_view bytes) noexcept
      : rest_{bytes} {}

  template <class T>
  T number() noexcept {
    auto bytes = take(sizeof(T));
    return bytes.size() == sizeof(T) ? basp_number_at<T>(bytes.data()) : T{};
  }

  std::string_view take(std::size_t count) noexcept {
    if (count > rest_.size()) {
      short_ = true;
      return {};
    }
    auto result = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return result;
  }

  std::string_view rest() noexcept { return std::exchange(rest_, {}); }

  /// Returns whether all was there, and nothing is left.
  bool is_done() const noexcept { return !short_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool short_ = false;
};

message_record read_message(record_source_bytes& from, message_type type) {
  message_record result{};
  result.type = type;
  result.seq = from.number<std::uint64_t>();
  std::array<std::uint32_t, 3> sizes{};
  for (auto& size : sizes)
    size = from.number<std::uint32_t>();
  result.client_pid = from.take(sizes[0]);
  result.topic = from.take(sizes[1]);
  result.metadata = from.take(sizes[2]);
  result.data = from.rest();
  return result;
}

event_record read_event(record_source_bytes& from) {
  event_record result{};
  result.topic = from.take(from.number<std::uint32_t>());
  result.data = from.rest();
  return result;
}

// Returns whether it has the type that its kind has, and only an answer says
// nothing.
bool is_sound(kind what, message_type type, caf::message_id id) noexcept {
  if (what == kind::message || what == kind::send)
    return is_known(type);
  return number_of(type) == 0 && (what != kind::answer || id.is_response());
}

// A record has no room for priority and key, which are rare.
template <class Message>
std::size_t size_of_plain(const Message& x) noexcept {
  return x.priority || !x.key.empty() ? 0 : min_basp_record + content_size(x);
}

} // namespace

std::size_t record_bytes(const record_head& head,
                         const caf::strong_actor_ptr& sender,
                         const caf::type_erased_tuple& content) {
  if (content.empty())
    return caf::make_message_id(head.id).is_response() ? min_basp_record : 0;
  if (content.match_elements<ws_send>())
    return size_of_plain(content.get_as<ws_send>(0));
  if (content.match_elements<ws_event>())
    return size_of_plain(content.get_as<ws_event>(0));
  if (!content.match_elements<ws_message>())
    return 0;
  // Its client is who sends it, nearly always.
  auto& message = content.get_as<ws_message>(0);
  auto* client = caf::actor_cast<caf::actor_control_block*>(message.client);
  return client == sender.get() && !message.redelivered
             ? min_basp_record + content_size(message)
             : 0;
}

void write_record(std::vector<char>& to, const record_head& head,
                  const caf::type_erased_tuple& content) {
  if (content.empty())
    record_writer{to, kind::answer, 0, head, 0};
  else if (content.match_elements<ws_send>())
    write(to, head, content.get_as<ws_send>(0));
  else if (content.match_elements<ws_event>())
    write(to, head, content.get_as<ws_event>(0));
  else
    write(to, head, content.get_as<ws_message>(0));
}

basp_header bundle_header(std::size_t size) noexcept {
  basp_header result{};
  result.operation = basp_bundle;
  result.payload_len = static_cast<std::uint32_t>(size);
  return result;
}

std::size_t record_size(const char* bytes) noexcept {
  return size_bytes + basp_number_at<std::uint32_t>(bytes);
}

std::uint64_t record_source(const char* bytes) noexcept {
  return basp_number_at<std::uint64_t>(bytes + source_offset);
}

bool bundle_reader::next(bundle_record& record) {
  if (rest_.empty())
    return false;
  if (rest_.size() < min_basp_record)
    return refuse("bundle that ends within a message");
  auto size = record_size(rest_.data());
  if (size < min_basp_record || size > rest_.size())
    return refuse("bundle with a message that is longer or shorter than it is");
  if (is_long_ && size < rest_.size())
    return refuse("long bundle of more than one message");
  record_source_bytes from{rest_.substr(size_bytes, size - size_bytes)};
  rest_.remove_prefix(size);
  auto what = static_cast<kind>(from.number<std::uint8_t>());
  auto type = static_cast<message_type>(from.number<std::uint8_t>());
  auto& head = record.head;
  head.id = from.number<std::uint64_t>();
  head.source = from.number<std::uint64_t>();
  head.dest = from.number<std::uint64_t>();
  switch (what) {
    case kind::message:
      record.what = read_message(from, type);
      break;
    case kind::send:
      record.what = send_record{type, from.rest()};
      break;
    case kind::event:
      record.what = read_event(from);
      break;
    case kind::answer:
      record.what = answer_record{};
      break;
    default:
      return refuse("bundle with a message of no kind");
  }
  if (!from.is_done())
    return refuse("bundle with a message whose parts are not its own");
  auto id = caf::make_message_id(head.id);
  if (id.is_stream_message())
    return refuse("message of a CAF stream");
  return is_sound(what, type, id)
         || refuse("bundle with a message that is none of its kind");
}

bool bundle_reader::refuse(std::string why) {
  offence_ = std::move(why);
  rest_ = {};
  return false;
}

} // namespace wsrelay
