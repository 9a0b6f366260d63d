// Events of RapidJSON values. A header of its own: who makes JSON in another
// way needs no RapidJSON.
#pragma once

#include "actors/messages.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>
#include <utility>

namespace wsrelay {

/// Returns a value as JSON text, for metadata, say. What has no text, a number
/// that is not finite, leaves text that is no JSON either: whoever gets it
/// refuses it with `invalid_json`.
inline shared_buffer json_buffer(const rapidjson::Value& value) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> out{text};
  value.Accept(out);
  return std::string_view{text.GetString(), text.GetSize()};
}

/// Returns an event whose data is `value`, which is written here: it may change
/// or end afterwards.
inline ws_event make_event(std::string topic, const rapidjson::Value& value) {
  return {std::move(topic), json_buffer(value)};
}

} // namespace wsrelay
