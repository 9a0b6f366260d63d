// Fields of answers.
#include "net/http/answer_fields.hpp"

#include "protocol/relay_command.hpp"
#include "protocol/subprotocol.hpp"

#include <algorithm>

namespace wsrelay {

std::size_t size_of_fields(const http_fields& fields) {
  std::size_t result = 0;
  for (auto& [name, value] : fields)
    result += name.size() + value.size();
  return result;
}

std::size_t erase_relay_fields(http_fields& fields) {
  erase_hop_by_hop(fields);
  for (auto name : {relay_header, signature_header, subprotocol_header,
                    std::string_view{"Content-Length"}})
    erase_field(fields, name);
  return std::erase_if(fields, [](auto& field) {
    return !is_safe_field(field.first, field.second);
  });
}

void erase_body_fields(http_fields& fields) {
  for (auto name : {"Server", "Date", "ETag", "Last-Modified", "Accept-Ranges",
                    "Age", "Expires", "Vary", "Location"})
    erase_field(fields, name);
  std::erase_if(fields, [](auto& field) {
    return field.first.size() > 8
           && same_field(std::string_view{field.first}.substr(0, 8),
                         "Content-");
  });
}

std::string joined_values(const http_fields& fields, std::string_view name) {
  std::string result;
  for (auto& [each, value] : fields)
    if (same_field(each, name))
      result.append(result.empty() ? "" : ", ").append(value);
  return result;
}

} // namespace wsrelay
