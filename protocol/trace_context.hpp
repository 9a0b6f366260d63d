// W3C Trace Context: which trace a request belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

inline constexpr std::string_view traceparent_header = "traceparent";
inline constexpr std::string_view tracestate_header = "tracestate";

/// A place in a trace: "00-TRACE-PARENT-FLAGS" (W3C Recommendation "Trace
/// Context" of 2021, section 3.2).
struct trace_context {
  std::array<std::uint8_t, 16> trace{}; // all zero = none
  std::array<std::uint8_t, 8> parent{}; // the span that asks
  std::uint8_t flags = 0;               // bit 0: sampled

  bool empty() const noexcept { return trace == decltype(trace){}; }
  bool operator==(const trace_context&) const = default;
};

/// Reads a `traceparent`, of version 00 or a later one. Nothing where it is
/// none: others' bytes.
std::optional<trace_context> parse_traceparent(std::string_view text) noexcept;

/// Returns a trace that begins here, not sampled; unpredictable enough to be
/// unlike others, no secret. Any thread.
trace_context make_trace();

/// Returns the same trace, asked for by a span of this program's own.
trace_context make_span_of(trace_context parent);

/// Prints it as a `traceparent` of version 00, and its trace alone.
std::string to_text(const trace_context& value);
std::string trace_text(const trace_context& value);

} // namespace wsrelay
