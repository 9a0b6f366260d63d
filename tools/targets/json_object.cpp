// Members of a JSON object.
#include "tools/targets/json_object.hpp"

#include "protocol/json.hpp"

namespace wsrelay {

rapidjson::Document parse_object(std::string_view json) {
  rapidjson::Document result;
  if (check_json_object(json)) // which bounds its depth
    result.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  return result;
}

std::string text_member(const rapidjson::Document& object, const char* key) {
  if (!object.IsObject())
    return {};
  auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsString())
    return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

std::optional<std::uint64_t> number_member(const rapidjson::Document& object,
                                           const char* key) {
  if (!object.IsObject())
    return std::nullopt;
  auto member = object.FindMember(key);
  if (member == object.MemberEnd() || !member->value.IsUint64())
    return std::nullopt;
  return member->value.GetUint64();
}

} // namespace wsrelay
