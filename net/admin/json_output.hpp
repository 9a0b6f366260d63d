// JSON documents, written with RapidJSON.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

using json_writer = rapidjson::Writer<rapidjson::StringBuffer>;

/// Returns a JSON document, of valid UTF-8, that means the same: what
/// a terminal obeys or what reorders text, DEL included, is \uHHHH. JSON has
/// such characters in strings alone.
std::string printable_json(std::string_view document);

/// Adds a member. Text that is not UTF-8 gets U+FFFD where it is not.
void put(json_writer& out, const char* key, std::string_view value);
void put(json_writer& out, const char* key, std::uint64_t value);
void put(json_writer& out, const char* key,
         const std::vector<std::string>& value);

/// Returns bytes in base64.
std::string to_base64(std::string_view bytes);

/// Adds bytes of somebody else: as text under `key` if they are UTF-8, else in
/// base64 under `key` + "_base64".
void put_bytes(json_writer& out, const std::string& key,
               std::string_view bytes);

/// Adds a member that is JSON already; as text if it is not.
void put_json(json_writer& out, const char* key, std::string_view json);

/// Returns a document with what `fill` writes. No character of it can command a
/// terminal or reorder what stands there.
template <class Fill>
std::string make_json(Fill fill) {
  rapidjson::StringBuffer buffer;
  json_writer out{buffer};
  fill(out);
  return printable_json({buffer.GetString(), buffer.GetSize()});
}

/// Adds an array of objects, each filled by `put_one`.
template <class Range, class PutOne>
void put_objects(json_writer& out, const Range& range, PutOne put_one) {
  out.StartArray();
  for (auto& each : range) {
    out.StartObject();
    put_one(out, each);
    out.EndObject();
  }
  out.EndArray();
}

/// Returns such an array, one line.
template <class Range, class PutOne>
std::string make_json_array(const Range& range, PutOne put_one) {
  return make_json([&](json_writer& out) { put_objects(out, range, put_one); })
         + "\n";
}

} // namespace wsrelay
