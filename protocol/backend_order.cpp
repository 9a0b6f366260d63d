// A table of members, each with its reader.
#include "protocol/backend_order.hpp"

#include "protocol/duration.hpp"
#include "protocol/json.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace wsrelay {

namespace {

using rapidjson::Value;

constexpr std::string_view verb_names[] = {
    "offer",      "withdraw",    "ok",          "error",   "response",
    "taken",      "send",        "event",       "close",   "control",
    "group_send", "group_event", "group_close", "monitor", "demonitor",
    "link",       "unlink"};

// RapidJSON's own takes 64 KiB from the heap for each document.
struct memory {
  alignas(std::max_align_t) char bytes[2048];
};
using document_in_place =
    rapidjson::GenericDocument<rapidjson::UTF8<>,
                               rapidjson::MemoryPoolAllocator<>,
                               rapidjson::MemoryPoolAllocator<>>;

constexpr std::size_t max_id = 256;             // bytes
constexpr std::size_t most_shown = 64;          // bytes of what is unknown
constexpr std::size_t head_size = 4;            // of a binary message
constexpr double max_seconds = 253'402'300'799; // the end of the year 9999

std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

std::string json_of(const Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer writer{out};
  value.Accept(writer);
  return {out.GetString(), out.GetSize()};
}

// -- readers: whether a value fits, with what it says -------------------------

bool read(const Value& value, std::string& out) {
  if (!value.IsString())
    return false;
  out = text_of(value);
  return true;
}

bool read(const Value& value, std::optional<std::string>& out) {
  return read(value, out.emplace());
}

bool read(const Value& value, bool& out) {
  out = value.IsTrue();
  return value.IsBool();
}

bool read(const Value& value, std::uint64_t& out) {
  out = value.IsUint64() ? value.GetUint64() : 0;
  return value.IsUint64();
}

bool read(const Value& value, std::uint16_t& out) {
  out = value.IsUint() ? static_cast<std::uint16_t>(value.GetUint()) : 0;
  return value.IsUint() && value.GetUint() <= 0xFFFF;
}

bool read(const Value& value, std::vector<std::string>& out) {
  if (!value.IsArray() || value.Size() > max_backend_names)
    return false;
  for (auto& each : value.GetArray())
    if (!read(each, out.emplace_back()))
      return false;
  return true;
}

// [["Name","value"],...]: names may stand twice.
bool read(const Value& value, http_fields& out) {
  if (!value.IsArray())
    return false;
  for (auto& each : value.GetArray()) {
    if (!each.IsArray() || each.Size() != 2)
      return false;
    auto& [name, content] = out.emplace_back();
    if (!read(each[0], name) || !read(each[1], content))
      return false;
  }
  return true;
}

bool read_id(const Value& value, backend_order& out) {
  if (!value.IsString() && !value.IsNumber())
    return false;
  auto id = json_of(value);
  if (id.size() > max_id)
    return false;
  out.id = std::move(id);
  return true;
}

bool read_data(const Value& value, backend_order& out) {
  if (value.IsString() && out.what != backend_verb::event
      && out.what != backend_verb::group_event)
    return read(value, out.data);
  out.data = json_of(value);
  return out.what == backend_verb::event
         || out.what == backend_verb::group_event;
}

bool read_object(const Value& value, std::string& out) {
  out = json_of(value);
  return value.IsObject();
}

bool read_metadata(const Value& value, backend_order& out) {
  return read_object(value, out.metadata.emplace());
}

bool read_relay(const Value& value, backend_order& out) {
  return read_object(value, out.relay);
}

// As in a relay command: "30s", here also "off".
bool read_heartbeat(const Value& value, backend_order& out) {
  if (!value.IsString())
    return false;
  if (text_of(value) == "off") {
    out.heartbeat_interval = std::chrono::milliseconds{0};
    return true;
  }
  auto interval = parse_duration(text_of(value));
  if (interval)
    out.heartbeat_interval = *interval;
  return static_cast<bool>(interval);
}

// Seconds since 1970, with a fraction if need be.
bool read_expiry(const Value& value, backend_order& out) {
  if (!value.IsNumber() || !(value.GetDouble() >= 0)
      || value.GetDouble() > max_seconds)
    return false;
  out.expires_at = std::chrono::milliseconds{
      static_cast<std::int64_t>(value.GetDouble() * 1000)};
  return true;
}

template <auto Member>
bool read_member(const Value& value, backend_order& out) {
  return read(value, out.*Member);
}

using bits = std::uint32_t;

constexpr bits bit(backend_verb what) {
  return bits{1} << static_cast<unsigned>(what);
}

template <class... Verbs>
constexpr bits of(Verbs... verbs) {
  return (bit(verbs) | ...);
}

struct member {
  std::string_view name;
  std::string_view wanted;
  bool (*read)(const Value&, backend_order&);
  bits may;  // verbs that may have it
  bits must; // verbs that must
};

using verb = backend_verb;

constexpr bits all_verbs = ~bits{0};
constexpr bits named = of(verb::offer, verb::withdraw);
constexpr bits answers = of(verb::ok, verb::error, verb::response);
constexpr bits groups =
    of(verb::group_send, verb::group_event, verb::group_close);
constexpr bits events = of(verb::event, verb::group_event);
constexpr bits sends = of(verb::send, verb::group_send) | events;
constexpr bits closes = of(verb::close, verb::group_close);
constexpr bits addressed = ~(named | answers);

constexpr member members[] = {
    {"id", "a number or a short string", read_id, all_verbs, 0},
    {"names", "a list of names", read_member<&backend_order::names>, named,
     named},
    {"acks", "true or false", read_member<&backend_order::acks>,
     of(verb::offer), 0},
    {"ref", "a number", read_member<&backend_order::ref>, answers, answers},
    {"to", "a string", read_member<&backend_order::to>, addressed & ~groups,
     addressed & ~groups},
    {"group", "a string", read_member<&backend_order::to>, groups, groups},
    {"text", "a string", read_member<&backend_order::text>, of(verb::error), 0},
    {"reason", "a string", read_member<&backend_order::text>, closes, 0},
    {"seq", "a number", read_member<&backend_order::seq>, of(verb::taken),
     of(verb::taken)},
    {"topic", "a string", read_member<&backend_order::topic>, events, events},
    {"priority", "true or false", read_member<&backend_order::priority>, sends,
     0},
    {"key", "a string", read_member<&backend_order::key>, sends, 0},
    {"code", "a number", read_member<&backend_order::code>, closes, 0},
    {"except", "a string", read_member<&backend_order::except>, groups, 0},
    {"data", "a string", read_data, sends, sends},
    {"body", "a string", read_member<&backend_order::data>, of(verb::response),
     0},
    {"target", "a string", read_member<&backend_order::target>,
     of(verb::control), 0},
    {"message_topic", "a string", read_member<&backend_order::message_topic>,
     of(verb::control), 0},
    {"heartbeat_interval", "a duration or \"off\"", read_heartbeat,
     of(verb::control), 0},
    {"metadata", "an object", read_metadata, of(verb::control), 0},
    {"expires_at", "a time in seconds since 1970", read_expiry,
     of(verb::control), 0},
    {"join_groups", "a list of names", read_member<&backend_order::join_groups>,
     of(verb::control), 0},
    {"leave_groups", "a list of names",
     read_member<&backend_order::leave_groups>, of(verb::control), 0},
    {"status", "a number", read_member<&backend_order::status>,
     of(verb::response), 0},
    {"headers", "a list of pairs", read_member<&backend_order::headers>,
     of(verb::response), 0},
    {"relay", "an object", read_relay, of(verb::response), 0},
};

class order_reader {
public:
  order_reader(const Value& from, bool has_data, backend_order& out)
      : from_{from}, has_data_{has_data}, out_{out} {}

  std::string run() {
    auto fault = read_all();
    if (!fault.empty()) // which names what it is about
      for (auto name : {"id", "ref", "to", "group"})
        if (auto found = from_.FindMember(name); found != from_.MemberEnd())
          peek(name, found->value);
    return fault;
  }

  bool has_verb() const noexcept { return has_verb_; }

private:
  std::string read_all() {
    if (auto bad = read_verb(); !bad.empty())
      return bad;
    has_verb_ = true;
    bits seen = 0;
    for (auto& each : from_.GetObject())
      if (auto bad = take(each.name, each.value, seen); !bad.empty())
        return bad;
    for (auto& each : members)
      if ((each.must & bit(out_.what)) != 0 && (seen & bit_of(each)) == 0
          && !(has_data_ && each.name == "data"))
        return fmt::format("{} is missing", each.name);
    return {};
  }

  static bits bit_of(const member& each) {
    return bits{1} << static_cast<unsigned>(&each - members);
  }

  void peek(std::string_view name, const Value& value) {
    if (name == "id")
      read_id(value, out_);
    else if (name == "ref")
      read(value, out_.ref);
    else
      read(value, out_.to);
  }

  std::string read_verb() {
    auto found = from_.FindMember("type");
    if (found == from_.MemberEnd() || !found->value.IsString())
      return "type is missing";
    auto name = text_of(found->value);
    auto known = std::find(std::begin(verb_names), std::end(verb_names), name);
    if (known == std::end(verb_names))
      return fmt::format("unknown type {}",
                         json_string(name.substr(0, most_shown)));
    out_.what = static_cast<backend_verb>(known - verb_names);
    return {};
  }

  std::string take(const Value& key, const Value& value, bits& seen) {
    auto name = text_of(key);
    if (name == "type") {
      auto is_first = (seen & type_bit) == 0;
      seen |= type_bit;
      return is_first ? "" : "type stands twice";
    }
    auto known =
        std::find_if(std::begin(members), std::end(members), [&](auto& each) {
          return each.name == name && (each.may & bit(out_.what)) != 0;
        });
    if (known == std::end(members))
      return fmt::format("unknown member {}",
                         json_string(name.substr(0, most_shown)));
    if ((seen & bit_of(*known)) != 0
        || (has_data_ && (name == "data" || name == "body")))
      return fmt::format("{} stands twice", name);
    seen |= bit_of(*known);
    return known->read(value, out_)
               ? ""
               : fmt::format("{} is not {}", name, known->wanted);
  }

  static constexpr bits type_bit = bits{1} << 31;
  static_assert(std::size(members) < 31);

  const Value& from_;
  bool has_data_;
  bool has_verb_ = false;
  backend_order& out_;
};

bool may_have_bytes(backend_verb what) {
  return what == backend_verb::send || what == backend_verb::group_send
         || what == backend_verb::response;
}

// Whether the parser by itself refuses all that is no JSON for us: it is
// lenient on escaped surrogates, a byte order mark, what is no UTF-8 or stands
// behind a NUL, and nests without end.
bool is_plain(std::string_view json) {
  auto nested = std::count_if(json.begin(), json.end(),
                              [](char c) { return c == '{' || c == '['; });
  return nested <= static_cast<std::ptrdiff_t>(max_json_depth)
         && json.find('\0') == json.npos && json.find("\\u") == json.npos
         && !json.starts_with("\xEF\xBB\xBF") && is_valid_utf8(json);
}

std::optional<std::size_t> size_of_head(std::string_view bytes) {
  if (bytes.size() < head_size)
    return std::nullopt;
  std::size_t size = 0;
  for (auto byte : bytes.substr(0, head_size))
    size = size << 8 | static_cast<unsigned char>(byte);
  return size <= bytes.size() - head_size ? std::optional{size} : std::nullopt;
}

} // namespace

std::string_view to_text(backend_verb what) noexcept {
  return verb_names[static_cast<std::size_t>(what)];
}

std::optional<backend_fault>
read_backend_order(std::string_view bytes, bool is_binary, backend_order& out) {
  auto head = bytes;
  if (is_binary) {
    auto size = size_of_head(bytes);
    if (!size)
      return backend_fault{"its first four bytes do not count a head"};
    head = bytes.substr(head_size, *size);
  }
  if (!is_plain(head))
    if (auto json = check_json_object(head); !json)
      return backend_fault{json.error().what};
  memory values, stack; // most orders need no more
  rapidjson::MemoryPoolAllocator<> pool{values.bytes, sizeof values.bytes};
  rapidjson::MemoryPoolAllocator<> stack_pool{stack.bytes, sizeof stack.bytes};
  document_in_place document{&pool, sizeof stack.bytes / 2, &stack_pool};
  document.Parse(head.data(), head.size());
  if (document.HasParseError() || !document.IsObject()) {
    auto json = check_json_object(head);
    return backend_fault{json ? "not a JSON object" : json.error().what};
  }
  order_reader reader{document, is_binary, out};
  auto why = reader.run();
  if (why.empty() && is_binary && !may_have_bytes(out.what))
    why = "it has no bytes behind it";
  if (!why.empty())
    return backend_fault{std::move(why), reader.has_verb()};
  if (is_binary) {
    out.is_binary = true;
    out.data = bytes.substr(head_size + head.size());
  }
  return std::nullopt;
}

} // namespace wsrelay
