// Members by their names.
#include "net/admin/json_rows.hpp"

namespace wsrelay {

namespace {

std::uint64_t count_of(milliseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

void put_numbers(json_writer& out, const connection_numbers& numbers) {
  put(out, "target", numbers.target_pid);
  put(out, "age_ms", count_of(numbers.age));
  put(out, "messages_in", numbers.messages_in);
  put(out, "bytes_in", numbers.bytes_in);
  put(out, "messages_out", numbers.messages_out);
  put(out, "bytes_out", numbers.bytes_out);
  put(out, "queued_messages", numbers.queued_messages);
  put(out, "queued_bytes", numbers.queued_bytes);
}

void put_flag(json_writer& out, const char* key, bool value) {
  out.Key(key);
  out.Bool(value);
}

void put_events(json_writer& out, const connection_report& report) {
  out.Key("events");
  out.StartArray();
  for (auto& row : report.events) {
    out.StartObject();
    put(out, "at_ms", count_of(row.at));
    if (row.count > 1) {
      put(out, "last_ms", count_of(row.last));
      put(out, "count", std::uint64_t{row.count});
    }
    put(out, "what", row.what);
    if (!row.detail.empty())
      put(out, "detail", row.detail);
    out.EndObject();
  }
  out.EndArray();
  put(out, "events_left_out", report.events_left_out);
}

void put_living(json_writer& out, const connection_report& report) {
  put_json(out, "metadata",
           report.metadata.empty() ? "{}" : report.metadata.view());
  put(out, "message_topic", report.message_topic.view());
  if (!report.subprotocol.empty())
    put(out, "subprotocol", report.subprotocol.view());
  put(out, "heartbeat_interval_ms", count_of(report.heartbeat_interval));
  if (report.expires_at.count() > 0)
    put(out, "expires_at_ms", count_of(report.expires_at));
  put(out, "groups", report.groups);
}

void put_end(json_writer& out, const connection_report& report) {
  put(out, "cause", report.cause);
  put(out, "code", std::uint64_t{report.code});
  put(out, "reason", report.text);
  put(out, "ended_at_ms", count_of(report.ended_at));
}

} // namespace

std::string_view to_text(traffic_kind kind) noexcept {
  switch (kind) {
    case traffic_kind::in:
      return "in";
    case traffic_kind::out:
      return "out";
    case traffic_kind::transferred:
      return "transferred";
    case traffic_kind::ended:
      break;
  }
  return "ended";
}

bool is_told(const peer_info& peer) {
  return peer.version.protocol > 0;
}

void put_row(json_writer& out, const node_reload_report& report) {
  put(out, "changed", report.changed);
  put(out, "kept", report.kept);
}

void put_row(json_writer& out, const std::vector<log_level_row>& levels) {
  for (auto& row : levels)
    put(out, row.part.c_str(), row.level);
}

void put_row(json_writer& out, const connection_row& row) {
  put(out, "pid", row.client_pid.view());
  put(out, "address", row.remote_address);
  put(out, "endpoint", row.endpoint);
  if (row.numbers)
    put_numbers(out, *row.numbers);
}

void put_row(json_writer& out, const directory_row& row) {
  put(out, "name", row.name);
  put(out, "pid", row.pid);
}

void put_row(json_writer& out, const peer_info& peer) {
  put(out, "name", peer.name);
  put(out, "node", peer.node);
  if (!is_told(peer))
    return;
  put(out, "version", release_of(peer.version));
  put(out, "protocol", std::uint64_t{peer.version.protocol});
  put(out, "features", peer.version.features);
  put(out, "address", peer.address);
  put(out, "connected_ms", count_of(peer.connected));
  put(out, "heard_ms", count_of(peer.heard));
  put(out, "waiting_bytes", peer.waiting);
}

void put_row(json_writer& out, const connection_report& report) {
  put(out, "pid", report.client_pid.view());
  put(out, "address", report.remote_address);
  put(out, "endpoint", report.endpoint);
  put(out, "phase", report.phase);
  put_numbers(out, report.numbers);
  put(out, "opened_at_ms", count_of(report.opened_at));
  if (!report.trace.empty())
    put(out, "trace", report.trace);
  put_flag(out, "compressed", report.compressed);
  if (report.ended_at.count() > 0)
    put_end(out, report);
  else
    put_living(out, report);
  put_events(out, report);
}

} // namespace wsrelay
