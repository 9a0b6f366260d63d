// One JSON object each.
#include "actors/backend_text.hpp"

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "protocol/json.hpp"
#include "protocol/topic.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

#include <iterator>

namespace wsrelay {

namespace {

// Bytes of what names nobody.
constexpr std::size_t most_shown = 300;

// What the members of a message cost beside its payload, most of the time.
constexpr std::size_t usual_members = 192;

// Begins with its type; members follow.
class object {
public:
  explicit object(std::string_view type, std::size_t payload = 0) {
    out_.reserve(payload + usual_members);
    out_.append(R"({"type":")").append(type).append(1, '"');
  }

  object& json(std::string_view key, std::string_view value) {
    begin(key).append(value);
    return *this;
  }

  object& text(std::string_view key, std::string_view value) {
    append_json_string(begin(key), value);
    return *this;
  }

  object& text_if(std::string_view key, std::string_view value) {
    return value.empty() ? *this : text(key, value);
  }

  object& number(std::string_view key, std::uint64_t value) {
    return json(key, fmt::format_int{value}.c_str());
  }

  object& flag_if(std::string_view key, bool value) {
    return value ? json(key, "true") : *this;
  }

  object& ref(std::uint64_t value) {
    return value == 0 ? *this : number("ref", value);
  }

  object& metadata(const shared_buffer& value) {
    return json("metadata", value.empty() ? "{}" : value.view());
  }

  object& fields(std::string_view key, const http_fields& all) {
    std::string list = "[";
    for (auto& [name, value] : all)
      fmt::format_to(std::back_inserter(list), "{}[{},{}]",
                     list.size() > 1 ? "," : "", json_string(name),
                     json_string(value));
    return json(key, list + "]");
  }

  object& texts(std::string_view key, const std::vector<std::string>& all) {
    std::string list = "[";
    for (auto& each : all)
      list += (list.size() > 1 ? "," : "") + json_string(each);
    return json(key, list + "]");
  }

  ws_send take() {
    out_ += "}";
    return {message_type::text, shared_buffer{out_}};
  }

  // With bytes as its last member, behind it where they are no text.
  ws_send take(std::string_view key, std::string_view bytes, bool is_text) {
    if (is_text) {
      text(key, bytes);
      return take();
    }
    out_ += "}";
    auto size = static_cast<std::uint32_t>(out_.size());
    std::string whole;
    whole.reserve(sizeof size + out_.size() + bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8)
      whole += static_cast<char>(size >> shift);
    whole.append(out_).append(bytes);
    return {message_type::binary, shared_buffer{std::move(whole)}};
  }

private:
  std::string& begin(std::string_view key) {
    return out_.append(R"(,")").append(key).append(R"(":)");
  }

  std::string out_;
};

object of_client(std::string_view type, std::string_view name,
                 const shared_buffer& pid, std::size_t payload = 0) {
  object result{type, payload};
  result.text("name", name).text("pid", pid.view());
  return result;
}

ws_send error_about(const backend_order& order, bool has_verb,
                    std::string_view error, std::string_view text) {
  object out{"error"};
  if (!order.id.empty())
    out.json("id", order.id);
  else if (has_verb)
    out.text("of", to_text(order.what))
        .text_if("to", std::string_view{order.to}.substr(0, most_shown));
  while (text.starts_with(error) && text.substr(error.size()).starts_with(": "))
    text.remove_prefix(error.size() + 2);
  return out.ref(order.ref).text("error", error).text("text", text).take();
}

} // namespace

ws_send backend_text(std::string_view name, const ws_join& message,
                     std::uint64_t ref) {
  return of_client("join", name, message.client_pid)
      .ref(ref)
      .metadata(message.metadata)
      .text_if("subprotocol", message.subprotocol.view())
      .text_if("traceparent", message.traceparent.view())
      .text_if("state", message.state.view())
      .take();
}

ws_send backend_text(std::string_view name, const ws_message& message) {
  auto topic = message.topic.view();
  return of_client("message", name, message.client_pid, message.data.size())
      .text_if("topic", topic == default_message_topic ? "" : topic)
      .number("seq", message.seq)
      .flag_if("redelivered", message.redelivered)
      .take("data", message.data.view(), message.type == message_type::text);
}

ws_send backend_text(std::string_view name, const ws_heartbeat& message) {
  return of_client("heartbeat", name, message.client_pid)
      .number("uptime_ms", static_cast<std::uint64_t>(message.uptime.count()))
      .number("message_count", message.message_count)
      .metadata(message.metadata)
      .take();
}

ws_send backend_text(std::string_view name, const ws_leave& message,
                     std::uint64_t ref) {
  return of_client("leave", name, message.client_pid)
      .ref(ref)
      .text("reason", to_text(message.reason))
      .number("code", message.code)
      .text("text", message.text)
      .number("last_seq", message.last_seq)
      .metadata(message.metadata)
      .take();
}

ws_send backend_text(std::string_view name, const ws_overflow& message) {
  return of_client("overflow", name, message.client_pid)
      .number("dropped", message.dropped)
      .number("queued", message.queued)
      .take();
}

ws_send backend_text(std::string_view name, const ws_drained& message) {
  return of_client("drained", name, message.client_pid)
      .number("dropped", message.dropped)
      .take();
}

ws_send backend_text(std::string_view name, const ws_refused& message) {
  return object{"refused"}
      .text("name", name)
      .text("reason", message.reason)
      .metadata(message.metadata)
      .take();
}

ws_send backend_text(std::string_view name, const http_request& message,
                     std::uint64_t ref) {
  object out{"http"};
  out.text("name", name)
      .ref(ref)
      .text("method", message.method)
      .text("target", message.target)
      .text("path", message.path)
      .text("query", message.query)
      .fields("headers", message.headers)
      .fields("params", message.params)
      .text("remote_address", message.remote_address)
      .text("scheme", message.scheme)
      .text("host", message.host)
      .flag_if("websocket", message.websocket)
      .text_if("pid", message.client_pid);
  if (!message.certificate.empty()) {
    out.text("certificate_subject", message.certificate.subject);
    out.texts("certificate_names", message.certificate.names);
  }
  if (message.body.empty())
    return out.take();
  return out.take("body", message.body.view(),
                  is_valid_utf8(message.body.view()));
}

ws_send backend_ok(std::string_view id,
                   const std::vector<std::string>& waiting) {
  object out{"ok"};
  out.json("id", id);
  if (!waiting.empty())
    out.texts("waiting", waiting);
  return out.take();
}

ws_send backend_error(const backend_order& order, std::string_view error,
                      std::string_view text) {
  return error_about(order, true, error, text);
}

ws_send backend_error(const backend_order& order, const backend_fault& why) {
  return error_about(order, why.has_verb, "invalid_message", why.what);
}

ws_send backend_error(const backend_order& order, const caf::error& why) {
  auto is_own = why.category() == errc_category;
  auto word = is_own ? to_text(static_cast<errc>(why.code()))
              : why == caf::sec::request_receiver_down
                      || why == caf::exit_reason::remote_link_unreachable
                  ? "no_such_target"
                  : "failed";
  return backend_error(order, word, to_text(why));
}

ws_send backend_end(std::string_view what, std::string_view to,
                    const caf::error& reason) {
  object out{what};
  out.text("to", to);
  if (auto told = to_close_info(reason))
    return out.text("reason", to_text(told->reason))
        .number("code", told->code)
        .text("text", told->text)
        .take();
  return out.text("reason", reason ? to_text(reason) : "normal").take();
}

} // namespace wsrelay
