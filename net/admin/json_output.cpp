// Members of JSON documents.
#include "net/admin/json_output.hpp"

#include "protocol/code_point.hpp"
#include "protocol/json.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstdint>
#include <iterator>

namespace wsrelay {

namespace {

void put_raw(json_writer& out, std::string_view json, rapidjson::Type type) {
  out.RawValue(json.data(), json.size(), type);
}

} // namespace

std::string to_base64(std::string_view bytes) {
  // One more: OpenSSL ends it with a null.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string printable_json(std::string_view document) {
  std::string out;
  out.reserve(document.size());
  for_each_code_point(document, [&](code_point what, std::string_view bytes) {
    // Below a space are the line breaks between values, and nothing else.
    if (what.code >= 0x20
        && (is_control_code(what.code) || is_deceiving(what.code)))
      fmt::format_to(std::back_inserter(out), "\\u{:04X}",
                     static_cast<std::uint32_t>(what.code));
    else
      out += bytes;
  });
  return out;
}

void put(json_writer& out, const char* key, std::string_view value) {
  out.Key(key);
  put_raw(out, json_string(value), rapidjson::kStringType);
}

void put(json_writer& out, const char* key,
         const std::vector<std::string>& value) {
  out.Key(key);
  out.StartArray();
  for (auto& each : value)
    out.String(each.c_str(), static_cast<rapidjson::SizeType>(each.size()));
  out.EndArray();
}

void put(json_writer& out, const char* key, std::uint64_t value) {
  out.Key(key);
  out.Uint64(value);
}

void put_bytes(json_writer& out, const std::string& key,
               std::string_view bytes) {
  if (is_valid_utf8(bytes))
    put(out, key.c_str(), bytes);
  else
    put(out, (key + "_base64").c_str(), to_base64(bytes));
}

void put_json(json_writer& out, const char* key, std::string_view json) {
  if (!check_json(json))
    return put(out, key, json);
  out.Key(key);
  put_raw(out, json, rapidjson::kObjectType);
}

} // namespace wsrelay
