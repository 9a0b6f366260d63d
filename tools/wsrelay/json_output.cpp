// Members of JSON documents.
#include "tools/wsrelay/json_output.hpp"

#include "protocol/json.hpp"
#include "protocol/utf8.hpp"

#include <openssl/evp.h>

namespace wsrelay::cli {

namespace {

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

void put_raw(json_writer& out, std::string_view json, rapidjson::Type type) {
  out.RawValue(json.data(), json.size(), type);
}

} // namespace

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

} // namespace wsrelay::cli
