// Lists, and requests to one connection.
#include "tools/wsrelay/commands.hpp"

#include "actors/directory.hpp"
#include "actors/pid_text.hpp"
#include "tools/wsrelay/call.hpp"
#include "tools/wsrelay/json_output.hpp"
#include "tools/wsrelay/text.hpp"

#include <fmt/format.h>

#include <vector>

namespace wsrelay::cli {

namespace {

// Prints an array of objects, each written by `put_one`.
template <class Range, class PutOne>
std::string to_json_array(const Range& range, PutOne put_one) {
  return make_json([&](json_writer& out) {
           out.StartArray();
           for (auto& each : range) {
             out.StartObject();
             put_one(out, each);
             out.EndObject();
           }
           out.EndArray();
         })
         + "\n";
}

// -- ps -----------------------------------------------------------------------

void put_numbers(json_writer& out, const connection_numbers& numbers) {
  put(out, "target", numbers.target_pid);
  put(out, "age_ms", static_cast<std::uint64_t>(numbers.age.count()));
  put(out, "messages_in", numbers.messages_in);
  put(out, "bytes_in", numbers.bytes_in);
  put(out, "messages_out", numbers.messages_out);
  put(out, "bytes_out", numbers.bytes_out);
  put(out, "queued_messages", numbers.queued_messages);
  put(out, "queued_bytes", numbers.queued_bytes);
}

std::string to_json(const std::vector<connection_row>& rows) {
  return to_json_array(rows, [](json_writer& out, auto& row) {
    put(out, "pid", row.client_pid.view());
    put(out, "address", row.remote_address);
    put(out, "endpoint", row.endpoint);
    if (row.numbers)
      put_numbers(out, *row.numbers);
  });
}

std::string to_lines(const std::vector<connection_row>& rows) {
  std::vector<table_row> table;
  for (auto& row : rows) {
    table_row cells{std::string{row.client_pid.view()}, "?", row.remote_address,
                    row.endpoint};
    cells.resize(11, "?");
    if (auto& numbers = row.numbers) {
      cells[1] = numbers->target_pid.empty() ? "-" : numbers->target_pid;
      cells[4] = age_text(numbers->age);
      auto cell = 5u;
      for (auto value : {numbers->messages_in, numbers->bytes_in,
                         numbers->messages_out, numbers->bytes_out,
                         numbers->queued_messages, numbers->queued_bytes})
        cells[cell++] = fmt::format("{}", value);
    }
    table.push_back(std::move(cells));
  }
  return to_table({"PID", "TARGET", "ADDRESS", "ENDPOINT", "AGE", "IN", "BYTES",
                   "OUT", "BYTES", "QUEUED", "BYTES"},
                  table, 4);
}

std::vector<directory_entry> list_names(session& node) {
  return node.ask<std::vector<directory_entry>>(node.directory(),
                                                directory_list{}, "the node");
}

bool is_acceptor(const directory_entry& entry) {
  return entry.name.starts_with(acceptor_prefix);
}

std::string ps(session& node, const options& opts) {
  std::vector<connection_row> all;
  for (auto& entry : list_names(node)) {
    if (!is_acceptor(entry))
      continue;
    auto rows = node.ask<std::vector<connection_row>>(
        entry.who, acceptor_stats{}, entry.name);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return opts.json ? to_json(all) : to_lines(all);
}

// -- names --------------------------------------------------------------------

std::string text_of(const caf::actor& who) {
  return pid_text(who.id(), who.node());
}

std::string targets(session& node, const options& opts) {
  auto all = list_names(node);
  if (!opts.all)
    std::erase_if(all, [](auto& x) { return x.name.starts_with(own_prefix); });
  if (opts.json)
    return to_json_array(all, [](json_writer& out, auto& entry) {
      put(out, "name", entry.name);
      put(out, "pid", text_of(entry.who));
    });
  std::vector<table_row> table;
  for (auto& entry : all)
    table.push_back({entry.name, text_of(entry.who)});
  return to_table({"NAME", "PID"}, table, 2);
}

std::string peers(session& node, const options& opts) {
  auto all = node.ask<std::vector<peer_hello>>(node.directory(), peer_list{},
                                               "the node");
  if (opts.json)
    return to_json_array(all, [](json_writer& out, auto& peer) {
      put(out, "name", peer.name);
      put(out, "node", to_string(peer.directory.node()));
    });
  std::vector<table_row> table;
  for (auto& peer : all)
    table.push_back({peer.name, to_string(peer.directory.node())});
  return to_table({"NAME", "NODE"}, table, 2);
}

// -- one connection -----------------------------------------------------------

// Silence is success, for people; programs get a document.
std::string done(const options& opts) {
  return opts.json ? "{\"ok\":true}\n" : "";
}

template <class Message>
std::string tell(session& node, const options& opts, Message message) {
  node.ask<void>(node.find(opts.subject), std::move(message), opts.subject);
  return done(opts);
}

std::string transfer(session& node, const options& opts) {
  ws_control control;
  control.target_pid = opts.target;
  node.ask<void>(node.find(opts.subject), std::move(control),
                 opts.subject + " to " + opts.target);
  return done(opts);
}

std::string send(session& node, const options& opts) {
  auto type = opts.binary ? message_type::binary : message_type::text;
  return tell(node, opts, ws_send{type, opts.text});
}

} // namespace

std::string run_command(session& node, const options& opts) {
  switch (opts.what) {
    case command::ps:
      return ps(node, opts);
    case command::targets:
      return targets(node, opts);
    case command::peers:
      return peers(node, opts);
    case command::send:
      return send(node, opts);
    case command::close:
      return tell(node, opts, ws_close{opts.code, opts.reason});
    case command::transfer:
      return transfer(node, opts);
    case command::call:
      return call(node, opts);
    case command::watch:
    case command::completion:
      break;
  }
  return {};
}

} // namespace wsrelay::cli
