#include "tools/bench/report.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <optional>
#include <utility>

namespace wsrelay::bench {

namespace {

using json_writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::array<std::pair<const char*, double>, 4> percentiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double to_seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

double to_us(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}

double rate(const outcome& result) {
  auto seconds = to_seconds(result.measured_time);
  return seconds > 0 ? static_cast<double>(result.counts.messages) / seconds
                     : 0;
}

std::optional<double> per_message(const outcome& result,
                                  std::optional<std::uint64_t> sum) {
  if (!sum || result.counts.messages == 0)
    return std::nullopt;
  return static_cast<double>(*sum)
         / static_cast<double>(result.counts.messages);
}

std::optional<double> us_per_message(const outcome& result,
                                     std::optional<std::uint64_t> cpu) {
  auto found = per_message(result, cpu);
  return found ? std::optional{*found / 1e3} : std::nullopt;
}

// Only where the connections are those of the beginning.
std::optional<double> memory_per_connection(const options& opts,
                                            const outcome& result) {
  bool known = result.server_memory_before && result.server_memory_after;
  if (!known || result.held == 0 || opts.mode == mode::handshake)
    return std::nullopt;
  auto grown = static_cast<double>(*result.server_memory_after)
               - static_cast<double>(*result.server_memory_before);
  return grown / static_cast<double>(result.held);
}

void put(json_writer& out, const char* key, std::uint64_t value) {
  out.Key(key);
  out.Uint64(value);
}

void put(json_writer& out, const char* key, double value) {
  out.Key(key);
  out.Double(value);
}

template <class T>
void put(json_writer& out, const char* key, std::optional<T> value) {
  if (value)
    return put(out, key, *value);
  out.Key(key);
  out.Null();
}

void put_run(json_writer& out, const options& opts) {
  out.Key("mode");
  out.String(to_text(opts.mode));
  out.Key("url");
  out.String(opts.target.text.c_str());
  put(out, "connections", std::uint64_t{opts.connections});
  put(out, "outstanding", std::uint64_t{opts.outstanding});
  put(out, "size", opts.size);
  out.Key("text");
  out.Bool(opts.text);
  out.Key("verify");
  out.Bool(opts.verify);
}

void put_counts(json_writer& out, const tally& counts) {
  put(out, "opened", counts.opened);
  put(out, "failed", counts.failed);
  put(out, "messages", counts.messages);
  put(out, "lost", counts.lost);
  put(out, "wrong", counts.wrong);
  out.Key("errors");
  out.StartObject();
  for (const auto& [text, count] : counts.errors)
    put(out, text.c_str(), count);
  out.EndObject();
  out.Key("close_codes");
  out.StartObject();
  for (const auto& [code, count] : counts.close_codes)
    put(out, fmt::format("{}", code).c_str(), count);
  out.EndObject();
}

void put_latency(json_writer& out, const histogram& latency) {
  out.Key("latency_us");
  out.StartObject();
  for (auto [name, fraction] : percentiles) {
    put(out, name, to_us(latency.percentile(fraction)));
  }
  put(out, "max", to_us(latency.max()));
  out.EndObject();
}

std::string latency_line(const histogram& latency) {
  std::string line = "  latency      ";
  for (auto [name, fraction] : percentiles)
    line +=
        fmt::format("{} {:.1f}, ", name, to_us(latency.percentile(fraction)));
  return line + fmt::format("max {:.1f} us\n", to_us(latency.max()));
}

std::string cpu_lines(const outcome& result) {
  std::string out;
  if (auto own = us_per_message(result, result.own_cpu))
    out += fmt::format("  own CPU      {:.3f} us per message\n", *own);
  if (auto server = us_per_message(result, result.server_cpu))
    out += fmt::format("  server CPU   {:.3f} us per message\n", *server);
  if (result.server_cpu)
    out += fmt::format("  server CPU   {:.3f} s in all\n",
                       to_seconds(*result.server_cpu));
  if (auto faults = per_message(result, result.server_faults))
    out += fmt::format("  page faults  {:.4f} per message\n", *faults);
  return out;
}

} // namespace

std::string to_lines(const options& opts, const outcome& result) {
  const auto& counts = result.counts;
  auto out = fmt::format("{} {}: {} connections, {} outstanding, {} bytes\n",
                         to_text(opts.mode), opts.target.text, opts.connections,
                         opts.outstanding, opts.size);
  out += fmt::format("  opened       {} of {} in {:.3f} s\n", counts.opened,
                     opts.connections, to_seconds(result.opening_time));
  if (opts.mode != mode::idle) {
    out += fmt::format("  {:<11}  {} in {:.3f} s: {:.0f} per second\n",
                       opts.mode == mode::handshake ? "handshakes" : "messages",
                       counts.messages, to_seconds(result.measured_time),
                       rate(result));
    out += latency_line(counts.latency);
  }
  out += cpu_lines(result);
  if (auto bytes = memory_per_connection(opts, result))
    out += fmt::format("  server memory {:.0f} bytes per connection\n", *bytes);
  out += fmt::format("  lost {}, wrong {}, errors {}\n", counts.lost,
                     counts.wrong, counts.error_count());
  for (const auto& [text, count] : counts.errors)
    out += fmt::format("  error        {} ({} times)\n", text, count);
  return out;
}

std::string to_json(const options& opts, const outcome& result) {
  rapidjson::StringBuffer buffer;
  json_writer out{buffer};
  out.SetMaxDecimalPlaces(3);
  out.StartObject();
  put_run(out, opts);
  put_counts(out, result.counts);
  put(out, "opening_seconds", to_seconds(result.opening_time));
  put(out, "seconds", to_seconds(result.measured_time));
  put(out, "rate", rate(result));
  put_latency(out, result.counts.latency);
  put(out, "own_cpu_us", us_per_message(result, result.own_cpu));
  put(out, "server_cpu_us", us_per_message(result, result.server_cpu));
  put(out, "server_cpu_ns", result.server_cpu);
  put(out, "server_faults", result.server_faults);
  put(out, "server_memory_before", result.server_memory_before);
  put(out, "server_memory_after", result.server_memory_after);
  put(out, "bytes_per_connection", memory_per_connection(opts, result));
  out.EndObject();
  return buffer.GetString();
}

std::string failure(const options& opts, const outcome& result) {
  const auto& counts = result.counts;
  bool some = counts.messages > 0 || opts.mode == mode::idle;
  bool good = some && counts.lost == 0 && counts.wrong == 0
              && counts.errors.empty() && counts.opened == opts.connections;
  if (good)
    return {};
  auto out = fmt::format("{} of {} connections opened, {} messages measured, "
                         "{} lost, {} wrong",
                         counts.opened, opts.connections, counts.messages,
                         counts.lost, counts.wrong);
  for (const auto& [text, count] : counts.errors)
    out += fmt::format("; {} ({} times)", text, count);
  return out;
}

} // namespace wsrelay::bench
