// Checks topics and wraps data into the envelope.
#include "protocol/topic.hpp"

#include "protocol/json.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

namespace wsrelay {

bool is_reserved(std::string_view topic) noexcept {
  return topic.starts_with("ws.");
}

checked check_topic(std::string_view topic) {
  if (topic.empty())
    return failure{"a topic may not be empty"};
  if (topic.size() > max_topic_length)
    return failure{
        fmt::format("a topic may not exceed {} bytes", max_topic_length)};
  if (!is_plain_utf8(topic))
    return failure{"a topic must be UTF-8 without control characters"};
  if (is_reserved(topic))
    return failure{R"(topics that begin with "ws." are reserved)"};
  return passed();
}

checked check_message_topic(std::string_view topic) {
  return topic == default_message_topic ? passed() : check_topic(topic);
}

result<std::string> make_envelope(std::string_view topic,
                                  std::string_view json) {
  if (auto valid = check_topic(topic); !valid)
    return valid.error();
  if (auto valid = check_json(json); !valid)
    return failure{"the data is " + valid.error().what};
  auto name = json_string(topic);
  std::string out;
  out.reserve(name.size() + json.size() + 19); // 19: the text around them
  return out.append(R"({"topic":)")
      .append(name)
      .append(R"(,"data":)")
      .append(json)
      .append("}");
}

} // namespace wsrelay
