// The chat's JSON.
#include "tools/targets/chat_message.hpp"

#include "protocol/json.hpp"
#include "tools/targets/json_object.hpp"

#include <fmt/format.h>

namespace wsrelay {

namespace {

template <class Range, class F>
std::string json_array(const Range& range, F to_json) {
  std::string result;
  for (auto& element : range)
    result += (result.empty() ? "" : ",") + to_json(element);
  return "[" + result + "]";
}

std::string json_names(const std::vector<std::string>& names) {
  return json_array(names, [](auto& name) { return json_string(name); });
}

} // namespace

result<chat_message> parse_chat_message(std::string_view json) {
  auto object = parse_object(json);
  auto type = text_member(object, "type");
  if (type == "hello") {
    auto name = text_member(object, "name");
    if (name.empty() || name.size() > max_chat_name)
      return failure{"a name has 1 to 64 bytes"};
    return chat_message{chat_message::kind::hello, std::move(name)};
  }
  if (type == "say") {
    auto text = text_member(object, "text");
    if (text.empty() || text.size() > max_chat_text)
      return failure{"a text has 1 to 4096 bytes"};
    return chat_message{chat_message::kind::say, std::move(text)};
  }
  return failure{"say hello, or say something"};
}

std::string chat_line_json(const chat_line& line) {
  return fmt::format(R"({{"from":{},"text":{}}})", json_string(line.from),
                     json_string(line.text));
}

std::string chat_error_json(std::string_view text) {
  return fmt::format(R"({{"text":{}}})", json_string(text));
}

std::string chat_change_json(std::string_view name,
                             const std::vector<std::string>& members) {
  return fmt::format(R"({{"name":{},"members":{}}})", json_string(name),
                     json_names(members));
}

std::string chat_welcome_json(std::string_view room, std::string_view you,
                              const std::vector<std::string>& members,
                              const std::deque<chat_line>& history) {
  return fmt::format(R"({{"room":{},"you":{},"members":{},"history":{}}})",
                     json_string(room), json_string(you), json_names(members),
                     json_array(history, chat_line_json));
}

std::string room_of(std::string_view metadata) {
  auto room = text_member(parse_object(metadata), "room");
  return room.empty() ? "lobby" : room;
}

} // namespace wsrelay
