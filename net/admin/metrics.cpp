// Each family: what it is called, what it counts, where the numbers are.
#include "net/admin/metrics.hpp"

#include "actors/log.hpp"
#include "actors/node_version.hpp"
#include "net/admin/metric_families.hpp"
#include "net/admin/process_figures.hpp"

#include <chrono>
#include <map>

namespace wsrelay {

namespace {

using prometheus::MetricType;

constexpr auto counter_type = MetricType::Counter;
constexpr auto gauge_type = MetricType::Gauge;
constexpr auto histogram_type = MetricType::Histogram;

// Of nodes: any may call itself as it likes.
constexpr std::size_t max_peers = 1000;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

class metrics_writer {
public:
  metrics_writer(const admin_view& view, const node_sample* sample)
      : view_{view}, sample_{sample}, services_{view.services()} {
    for (auto& each : services_)
      for (auto& [endpoint, totals] : totals_of(*each.shared->ledger))
        totals_[each.label()][endpoint].add(totals);
    for (auto& each : services_)
      if (each.retired)
        retired_sockets_[each.label()] += each.shared->places->taken();
    std::erase_if(services_, [](auto& each) { return each.retired; });
  }

  std::string write() {
    write_node();
    write_connections();
    write_messages();
    write_times();
    write_sockets();
    write_limits();
    write_loops();
    write_cluster();
    write_process();
    return out_.to_text();
  }

private:
  using labels = metric_families::labels;

  // -- by endpoint ------------------------------------------------------------

  // Calls `add(labels, totals)` for each endpoint of each service.
  template <class Add>
  void for_each_endpoint(Add add) {
    for (auto& [service, endpoints] : totals_)
      for (auto& [endpoint, totals] : endpoints)
        add(labels{{"service", service}, {"endpoint", endpoint}}, totals);
  }

  template <class Member>
  void count(const char* name, const char* help, Member member) {
    out_.begin(counter_type, name, help);
    for_each_endpoint([&](const labels& by, const traffic_totals& from) {
      out_.add(by, static_cast<double>(from.*member));
    });
  }

  // The same in two directions or outcomes.
  template <class Member>
  void count_both(const char* name, const char* help, const char* label,
                  std::pair<const char*, Member> one,
                  std::pair<const char*, Member> other) {
    out_.begin(counter_type, name, help);
    for_each_endpoint([&](const labels& by, const traffic_totals& from) {
      for (auto& [value, member] : {one, other}) {
        auto with = by;
        with.emplace_back(label, value);
        out_.add(with, static_cast<double>(from.*member));
      }
    });
  }

  void write_connections() {
    out_.begin(gauge_type, "wsrelay_connections",
               "WebSockets that are open, by the phase of their life.");
    for_each_endpoint([&](const labels& by, const traffic_totals& from) {
      for (std::size_t i = 0; i < from.phases.size(); ++i) {
        auto with = by;
        with.emplace_back("phase", to_text(static_cast<connection_phase>(i)));
        out_.add(with, static_cast<double>(from.phases[i]));
      }
    });
    count("wsrelay_requests_total",
          "Requests that an endpoint was found for, whatever came of them.",
          &traffic_totals::requests);
    count("wsrelay_connections_opened_total", "WebSockets that were opened.",
          &traffic_totals::opened);
    write_ends();
    count_both("wsrelay_transfers_total",
               "Connections that were to move to another target.", "outcome",
               std::pair{"moved", &traffic_totals::transfers},
               std::pair{"failed", &traffic_totals::failed_transfers});
    count("wsrelay_parked_total",
          "Connections that had to wait for a successor of their target.",
          &traffic_totals::parked);
  }

  // Only what has happened: there are 380 pairs for each endpoint.
  void write_ends() {
    out_.begin(counter_type, "wsrelay_connections_closed_total",
               "WebSockets that have ended, by cause and close code.");
    for_each_endpoint([&](const labels& by, const traffic_totals& from) {
      for (std::size_t cause = 0; cause < end_cause_count; ++cause)
        for (std::size_t kind = 0; kind < close_code_kinds; ++kind)
          if (auto ends = from.ended[cause][kind]) {
            auto with = by;
            with.emplace_back("cause", to_text(static_cast<end_cause>(cause)));
            with.emplace_back("code", close_code_text(kind));
            out_.add(with, static_cast<double>(ends));
          }
    });
  }

  void write_messages() {
    count_both("wsrelay_messages_total",
               "Messages of clients (in) and to clients (out).", "direction",
               std::pair{"in", &traffic_totals::messages_in},
               std::pair{"out", &traffic_totals::messages_out});
    count_both("wsrelay_message_bytes_total",
               "Payload of messages of clients (in) and to clients (out).",
               "direction", std::pair{"in", &traffic_totals::bytes_in},
               std::pair{"out", &traffic_totals::bytes_out});
    count("wsrelay_messages_dropped_total",
          "Messages to clients that read too slowly.",
          &traffic_totals::dropped);
    count("wsrelay_read_pauses_total",
          "How often a client was not read for a while: its target does not "
          "keep up, or it is too fast.",
          &traffic_totals::pauses);
  }

  void time(const char* name, const char* help,
            duration_totals traffic_totals::*member) {
    out_.begin(histogram_type, name, help);
    for_each_endpoint([&](const labels& by, const traffic_totals& from) {
      if ((from.*member).total() > 0)
        out_.add(by, from.*member);
    });
  }

  void write_times() {
    time("wsrelay_answer_seconds",
         "From a client's message to its target's having handled it; sampled.",
         &traffic_totals::answers);
    time("wsrelay_write_seconds",
         "From a message to a client to the kernel's having taken it; sampled.",
         &traffic_totals::writes);
    time("wsrelay_handler_seconds", "How long handler actors took to answer.",
         &traffic_totals::handlers);
    time("wsrelay_upstream_seconds", "How long upstreams took to answer.",
         &traffic_totals::upstreams);
  }

  // -- by service -------------------------------------------------------------

  static const std::string& name_of(const service_view& of) {
    return of.shared->settings.name;
  }

  template <class Value>
  void of_services(MetricType type, const char* name, const char* help,
                   Value value) {
    out_.begin(type, name, help);
    for (auto& each : services_)
      out_.add(labels{{"service", name_of(each)}},
               static_cast<double>(value(*each.shared)));
  }

  // Those that relay, and the admin's.
  template <class Add>
  void for_each_listener(Add add) const {
    for (auto& each : services_)
      add(*each.shared);
    if (auto own = view_.listener())
      add(*own);
  }

  void write_sockets() {
    of_services(counter_type, "wsrelay_accepts_total",
                "Sockets that were accepted.",
                [](service& from) { return from.accepted.load(); });
    of_services(gauge_type, "wsrelay_sockets",
                "Sockets that are open, WebSockets or not.",
                [](service& from) { return from.places->taken(); });
    for (auto& [name, sockets] : retired_sockets_)
      out_.add(labels{{"service", name}}, static_cast<double>(sockets));
    of_services(gauge_type, "wsrelay_sockets_max",
                "How many may be open: max_connections.",
                [](service& from) { return from.places->limit(); });
    out_.begin(counter_type, "wsrelay_refusals_total",
               "Requests and sockets that were refused, by the check.");
    for_each_listener([&](const service& from) {
      for (auto& [check, refused] : from.ledger->refusals())
        out_.add(labels{{"service", from.settings.name}, {"check", check}},
                 static_cast<double>(refused));
    });
    out_.begin(gauge_type, "wsrelay_certificate_expiry_timestamp_seconds",
               "When the first certificate of a service expires.");
    for_each_listener([&](const service& from) {
      if (auto when = from.certificates_expire())
        out_.add(labels{{"service", from.settings.name}},
                 seconds(when->time_since_epoch()));
    });
  }

  void write_limits() {
    out_.begin(counter_type, "wsrelay_limit_reached_total",
               "How often each limit was reached.");
    for (auto& each : services_)
      for (auto& [limit, reached] : rows_of(each.shared->limits_reached()))
        out_.add(
            labels{{"service", name_of(each)}, {"limit", std::string{limit}}},
            static_cast<double>(reached));
    out_.begin(gauge_type, "wsrelay_limit_table_entries",
               "Addresses, keys and parked connections that are counted now.");
    for (auto& each : services_) {
      auto& from = *each.shared;
      auto add = [&](const char* table, std::size_t entries) {
        out_.add(labels{{"service", name_of(each)}, {"table", table}},
                 static_cast<double>(entries));
      };
      add("addresses", from.addresses->open_addresses());
      add("keys", from.keys.size());
      add("parked", from.lot ? from.lot->connections() : 0);
    }
    of_services(gauge_type, "wsrelay_parked_bytes",
                "What was read of parked connections' clients.",
                [](service& from) { return from.lot ? from.lot->bytes() : 0; });
  }

  // -- by loop ----------------------------------------------------------------

  template <class Add>
  void for_each_loop(Add add) {
    for (auto& each : services_)
      for (std::size_t i = 0; i < each.loops.size(); ++i)
        add(labels{{"service", name_of(each)}, {"loop", std::to_string(i)}},
            *each.loops[i]);
  }

  void write_loops() {
    out_.begin(histogram_type, "wsrelay_loop_turn_seconds",
               "How long a loop was busy between two waits.");
    for_each_loop([&](const labels& by, const loop& from) {
      duration_totals turns;
      turns.add(from.counts().turns);
      out_.add(by, turns);
    });
    out_.begin(gauge_type, "wsrelay_loop_lag_seconds",
               "How long it took a second ago to call a loop.");
    if (sample_)
      for (auto& [where, lag] : sample_->lags)
        out_.add(
            {{"service", where.first}, {"loop", std::to_string(where.second)}},
            seconds(lag));
    out_.begin(gauge_type, "wsrelay_output_queue_bytes",
               "Bytes that wait for the kernel to take them.");
    for_each_loop([&](const labels& by, const loop& from) {
      out_.add(by, static_cast<double>(from.counts().queued.get()));
    });
    out_.begin(counter_type, "wsrelay_target_runs_total",
               "Runs of targets, on a loop or handed over to the scheduler.");
    for_each_loop([&](const labels& by, const loop& from) {
      auto in_place = by, handed_over = by;
      in_place.emplace_back("where", "loop");
      handed_over.emplace_back("where", "scheduler");
      out_.add(in_place, static_cast<double>(from.counts().in_place.get()));
      out_.add(handed_over,
               static_cast<double>(from.counts().handed_over.get()));
    });
  }

  // -- the node ---------------------------------------------------------------

  void one(MetricType type, const char* name, const char* help, double value) {
    out_.begin(type, name, help);
    out_.add(labels{}, value);
  }

  void write_node() {
    out_.begin(gauge_type, "wsrelay_build_info", "The release that runs.");
    out_.add(labels{{"version", std::string{release_text()}}}, 1);
    one(gauge_type, "wsrelay_ready", "Whether new clients are welcome.",
        view_.state() == node_state::ready ? 1 : 0);
    one(counter_type, "wsrelay_log_lines_lost_total",
        "Lines of the log that nobody got.",
        static_cast<double>(lost_log_lines()));
  }

  void write_cluster() {
    if (!sample_)
      return;
    one(gauge_type, "wsrelay_directory_names",
        "Names of actors that are known here.",
        static_cast<double>(sample_->names));
    std::map<std::string, const peer_info*> by_name;
    for (auto& admin : view_.config()->admins)
      for (auto& name : admin.required_peers)
        by_name.emplace(name, nullptr);
    for (auto& peer : sample_->peers)
      if (by_name.size() < max_peers)
        by_name[peer.name] = &peer;
    out_.begin(gauge_type, "wsrelay_peer_up",
               "Whether a node is connected; of those that are required also "
               "where it is not.");
    for (auto& [name, peer] : by_name)
      out_.add(labels{{"peer", name}}, peer ? 1 : 0);
    out_.begin(gauge_type, "wsrelay_peer_heard_seconds",
               "How long ago something was heard of a node.");
    for (auto& [name, peer] : by_name)
      if (peer)
        out_.add(labels{{"peer", name}}, seconds(peer->heard));
    out_.begin(gauge_type, "wsrelay_peer_queue_bytes",
               "Bytes that wait for a node.");
    for (auto& [name, peer] : by_name)
      if (peer)
        out_.add(labels{{"peer", name}}, static_cast<double>(peer->waiting));
  }

  // As every client library of Prometheus calls them.
  void write_process() {
    auto from = read_process_figures();
    one(counter_type, "process_cpu_seconds_total",
        "User and system time that was spent.", from.cpu_seconds);
    one(gauge_type, "process_start_time_seconds",
        "When the process was started, since 1970.", from.start_time);
    one(gauge_type, "process_resident_memory_bytes", "Resident memory.",
        static_cast<double>(from.resident_bytes));
    one(gauge_type, "process_virtual_memory_bytes", "Virtual memory.",
        static_cast<double>(from.virtual_bytes));
    one(gauge_type, "process_threads", "Threads.",
        static_cast<double>(from.threads));
    one(gauge_type, "process_open_fds", "Descriptors that are open.",
        static_cast<double>(from.descriptors));
    one(gauge_type, "process_max_fds", "Descriptors that may be open.",
        static_cast<double>(from.max_descriptors));
  }

  const admin_view& view_;
  const node_sample* sample_;
  std::vector<service_view> services_; // that are not retired
  // by service and endpoint, of all
  std::map<std::string, std::map<std::string, traffic_totals>> totals_;
  std::map<std::string, std::size_t> retired_sockets_;
  metric_families out_;
};

} // namespace

std::string make_metrics(const admin_view& view, const node_sample* sample) {
  return metrics_writer{view, sample}.write();
}

} // namespace wsrelay
