// The trace that a request belongs to, for everybody who is asked because of
// it.
#pragma once

#include "actors/messages.hpp"
#include "protocol/trace_context.hpp"

namespace wsrelay {

/// Returns the span that serves a request: of the trace that its `traceparent`
/// names, or of a new one. From then on the request has that, once, so that
/// handlers and upstreams get it; a `tracestate` goes where there was no trace.
inline trace_context take_trace(http_request& request) {
  auto given =
      count_fields(request.headers, traceparent_header) == 1
          ? parse_traceparent(*find_field(request.headers, traceparent_header))
          : std::nullopt;
  auto result = given ? make_span_of(*given) : make_trace();
  std::erase_if(request.headers, [&](auto& field) {
    return same_field(field.first, traceparent_header)
           || (!given && same_field(field.first, tracestate_header));
  });
  request.headers.emplace_back(traceparent_header, to_text(result));
  return result;
}

} // namespace wsrelay
