// graphql-transport-ws, of the npm package graphql-ws.
#include "test/dialects/dialects.hpp"

#include "actors/answer.hpp"

#include <caf/all.hpp>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>

namespace wsrelay::dialects {

namespace {

std::string json_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer{out};
  value.Accept(writer);
  return out.GetString();
}

ws_send text(std::string what) {
  return {message_type::text, what};
}

void answer_graphql(caf::event_based_actor* self, const ws_message& message) {
  rapidjson::Document json;
  json.Parse(message.data.data(), message.data.size());
  if (json.HasParseError() || !json.IsObject() || !json.HasMember("type"))
    return self->send(message.client, ws_close{4400, "Invalid message"});
  std::string type = json["type"].GetString();
  if (type == "connection_init")
    return self->send(message.client, text(R"({"type":"connection_ack"})"));
  if (type == "ping")
    return self->send(message.client, text(R"({"type":"pong"})"));
  if (type != "subscribe")
    return;
  auto id = json_of(json["id"]);
  auto query = json_of(json["payload"]["query"]);
  self->send(message.client,
             text(R"({"type":"next","id":)" + id
                  + R"(,"payload":{"data":{"query":)" + query + "}}}"));
  self->send(message.client, text(R"({"type":"complete","id":)" + id + "}"));
}

} // namespace

caf::behavior graphql(caf::event_based_actor* self) {
  self->set_default_handler(drop_unexpected);
  return {
      [](const ws_join&) {},
      [self](const ws_message& message) { answer_graphql(self, message); },
      [](const ws_leave&) {},
  };
}

} // namespace wsrelay::dialects
