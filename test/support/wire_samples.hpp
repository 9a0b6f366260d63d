// One of each message that crosses nodes, every field of which says something:
// what `test/wire` keeps the bytes of.
#pragma once

#include "actors/absent_peers.hpp"
#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "actors/operator_order.hpp"

#include <caf/message.hpp>

#include <string>
#include <vector>

namespace wsrelay::test {

/// A message, and the name of its type; of errors, which have one type, a name
/// that no type has.
struct wire_sample {
  std::string name;
  caf::message content;
};

/// Returns one of each. `who` stands wherever a message has a handle.
inline std::vector<wire_sample> wire_samples(const caf::actor& who) {
  auto make = [](std::string name, auto content) {
    return wire_sample{std::move(name), caf::make_message(std::move(content))};
  };
  ws_control control;
  control.target = who;
  control.target_pid = "chat@app1";
  control.message_topic = std::string{"topic"};
  control.heartbeat_interval = milliseconds{30'000};
  control.metadata = shared_buffer{R"({"c":3})"};
  control.expires_at = milliseconds{1'700'000'000'500};
  control.is_successor = true;
  control.join_groups = {"a"};
  control.leave_groups = {"b", "c"};
  http_request request{"GET",
                       "/a?b=1",
                       "/a",
                       "b=1",
                       {{"Host", "h"}},
                       {{"id", "1"}},
                       "body",
                       "192.0.2.1",
                       "https",
                       "h.example",
                       true,
                       {"CN=ann", {"DNS:a"}},
                       "7@x"};
  http_response response{201,
                         {{"A", "b"}},
                         "made",
                         relay_to{who,
                                  "topic",
                                  milliseconds{1'000},
                                  R"({"d":4})",
                                  "mqtt",
                                  milliseconds{1'700'000'000'500},
                                  "user-1",
                                  5,
                                  true,
                                  "chat",
                                  "lobby",
                                  {"a", "b"}}};
  node_version version{"1.2.3", 7, 6, {"pages", "names"}};
  connection_numbers numbers{"7@x", milliseconds{1}, 2, 3, 4, 5, 6, 7};
  connection_report report{
      "1@x",
      "192.0.2.1",
      "chat",
      "relaying",
      numbers,
      milliseconds{1'700'000'000'500},
      "0af7",
      true,
      {{milliseconds{1}, milliseconds{2}, 3, "joined", "7@x"}},
      4,
      R"({"a":1})",
      "topic",
      "mqtt",
      milliseconds{30'000},
      milliseconds{1'700'000'000'600},
      {"a", "b"},
      "timeout",
      1006,
      "text",
      milliseconds{1'700'000'000'700}};
  return {
      make("ws.buffer", shared_buffer{"bytes"}),
      make("ws.join",
           ws_join{who, "1@x", R"({"a":1})", "mqtt", "00-ab-cd-01", "lobby"}),
      make("ws.message",
           ws_message{who, "1@x", "topic", 1ull << 40, message_type::binary,
                      std::string{"\0\xff\n", 3}, R"({"b":2})", true}),
      make("ws.heartbeat",
           ws_heartbeat{who, "1@x", milliseconds{1'500}, 7, R"({"b":2})"}),
      make("ws.leave", ws_leave{who, "1@x", leave_reason::timeout, 1006, "text",
                                9, R"({"b":2})"}),
      make("ws.refused", ws_refused{R"({"a":1})", "origin"}),
      make("ws.overflow", ws_overflow{who, "1@x", 3, 1ull << 33}),
      make("ws.drained", ws_drained{who, "1@x", 5}),
      make("ws.send", ws_send{message_type::binary, "payload", true, "key"}),
      make("ws.close", ws_close{4000, "bye"}),
      make("ws.control", control),
      make("ws.event", ws_event{"news", "[1]", true, "key"}),
      make("connection.stats-get", connection_stats_get{true}),
      make("connection.stats",
           connection_stats{who, "1@x", numbers, R"({"a":1})"}),
      make("connection.report-get", connection_report_get{}),
      make("connection.report", report),
      make("acceptor.ended-get", acceptor_ended_get{1ull << 40}),
      make("acceptor.ended", std::vector<connection_report>{report, report}),
      make("ws.watch", ws_watch{who, true}),
      make("ws.traffic",
           ws_traffic{"1@x", traffic_kind::ended, 1013, message_type::binary, 5,
                      "too slow", leave_reason::slow_consumer, 9}),
      make("http.request", request),
      make("http.response", response),
      make("directory.put", directory_put{"chat", who}),
      make("directory.offer", directory_offer{"chat", who}),
      make("directory.offers",
           directory_offers{{{"chat", who}, {"news", who}}}),
      make("directory.puts", directory_puts{{{"chat", who}, {"news", who}}}),
      make("directory.puts-answer", directory_puts_answer{{1, 70'000}, {2}}),
      make("directory.erases",
           directory_erases{{{"chat", who}, {"news", who}}}),
      make("drain.watch", drain_watch{who}),
      make("node.draining", node_draining{milliseconds{25'000}}),
      make("acceptor.count-get", acceptor_count_get{}),
      make("operator.order",
           operator_order{"close", "7@x", "chat", "chat2", 4000}),
      make("peer.step-back", peer_step_back{"app1", true}),
      make("node.drain", node_drain{}),
      make("node.reload", node_reload{}),
      make("node.reload-report", node_reload_report{{"a: added"}, {"b.c"}}),
      make("node.log", node_log{"debug", "http"}),
      make("node.log-levels",
           std::vector<log_level_row>{{"http", "info"}, {"access", "off"}}),
      make("directory.erase", directory_erase{"chat", who}),
      make("directory.get", directory_get{"chat@app1"}),
      make("directory.list", directory_list{}),
      make("directory.entries",
           std::vector<directory_entry>{{"chat", who}, {"news", who}}),
      make("directory.count-get", directory_count_get{}),
      make("directory.page-get", directory_page_get{"wsrelay.", "chat"}),
      make("directory.page",
           directory_page{{{"chat", "1@x"}, {"news", "2@x"}}, true}),
      make("group.send",
           group_send{"room-7", {message_type::binary, "x", true, "k"}, "1@x"}),
      make("group.event",
           group_event{"room-7", {"news", "{}", true, "k"}, "1@x"}),
      make("group.close", group_close{"room-7", {4001, "bye"}, "1@x"}),
      make("group.count-get", group_count_get{"room-7", true}),
      make("group.count", group_count{3, 2, false}),
      make("group.news", group_news{{"a", "b"}, {"c"}}),
      make("group.relay", group_relay{"room-7",
                                      "1@x",
                                      true,
                                      {message_type::binary, "x", true, "k"},
                                      {4001, "bye"}}),
      make("audience.open", audience_open{who}),
      make("audience.opened", audience_opened{who}),
      make("audience.change", audience_change{{1, 1ull << 40}, {3}}),
      make("node.lost", node_lost{who.node()}),
      make("peer.hello", peer_hello{"app1", who, version}),
      make("peer.list", peer_list{}),
      make("peer.details", peer_details{}),
      make("peer.absent-get", absent_peers_get{}),
      make("peer.absent",
           std::vector<absent_peer>{
               {"app1:9000", false, "refused", milliseconds{70'000}},
               {"app2:9000", true, "", milliseconds{1}}}),
      make("peer.infos",
           std::vector<peer_info>{{"app1", "aa#1", version, "192.0.2.1:9000",
                                   milliseconds{1}, milliseconds{2}, 3},
                                  {"app2", "bb#2"}}),
      make("peer.hellos",
           std::vector<peer_entry>{{"app1", who}, {"app2", who}}),
      make("acceptor.list", acceptor_list{}),
      make("acceptor.connections",
           std::vector<connection_info>{{who, "1@x", "192.0.2.1", "chat"}}),
      make("acceptor.stats", acceptor_stats{}),
      make(
          "acceptor.rows",
          std::vector<connection_row>{{"1@x", "192.0.2.1", "chat", numbers},
                                      {"2@x", "192.0.2.2", "chat", caf::none}}),
      make("acceptor.page-get", acceptor_page_get{1ull << 40, true}),
      make("acceptor.page",
           connection_page{
               {{{"1@x", "192.0.2.1", "chat", numbers}, R"({"a":1})"},
                {{"2@x", "192.0.2.2", "chat", caf::none}}},
               2,
               true}),
      make("peer.goodbye", peer_goodbye{}),
      make("error", make_error(errc::busy, "later")),
      make("ending",
           caf::error{static_cast<std::uint8_t>(
                          static_cast<int>(leave_reason::slow_consumer) + 1),
                      ending_category,
                      caf::make_message(std::uint16_t{1013},
                                        std::string{"too slow"})}),
  };
}

} // namespace wsrelay::test
