// Requests in pieces: where they are cut changes nothing, and what is let
// through holds what the reader promises.
#include "net/http/request_reader.hpp"

#include "protocol/host.hpp"
#include "test/fuzz/http_stream.hpp"
#include "test/net/http/reader_support.hpp"

#include <array>

using namespace wsrelay;
using fuzz::expect;

namespace {

void check_target(const http_request& request) {
  auto rest = request.query.empty() ? "" : "?" + request.query;
  expect(request.target == request.path + rest
             || request.target == request.path + "?",
         "path and query are the target");
  expect(request.path.starts_with('/') || request.method == "CONNECT"
             || (request.method == "OPTIONS" && request.path == "*"),
         "a target is in origin form");
  for (auto c : request.target)
    expect(c > ' ' && c < 0x7F && c != '#', "a target is plain");
}

void check_fields(const http_request& request, const reader_limits& limits) {
  auto& fields = request.headers;
  // The authority of an absolute target is one more.
  expect(fields.size() <= limits.fields + 1, "so many fields");
  for (auto& [name, value] : fields)
    expect(is_safe_field(name, value), "a field can be passed on");
  for (auto name : {"Transfer-Encoding", "Trailer"})
    expect(!find_field(fields, name), "nothing that frames is left");
  expect(count_fields(fields, "Host") <= 1, "one Host");
  if (auto host = find_field(fields, "Host"))
    expect(static_cast<bool>(check_host(*host)), "a valid Host");
  expect(count_fields(fields, "Content-Length") <= 1, "one length");
  if (auto length = find_field(fields, "Content-Length"))
    expect(*length == std::to_string(request.body.size()), "the length");
}

void check(const test::request_log& log, const reader_limits& limits) {
  constexpr std::array<unsigned, 7> due{400, 413, 414, 417, 431, 501, 505};
  for (auto& request : log.requests) {
    check_target(request);
    check_fields(request, limits);
    expect(request.body.size() <= limits.body_size, "a bounded body");
  }
  if (log.has_failed)
    expect(std::find(due.begin(), due.end(), log.reader.error().status)
               != due.end(),
           "the status is one of those that are due");
}

void print(const char* how, const test::request_log& log) {
  for (auto& event : log.events)
    std::fprintf(stderr, "%s: %s\n", how, event.c_str());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto limits = fuzz::take_limits(in);
  auto pieces = fuzz::take_pieces(in);
  test::request_log whole{limits};
  whole.read(fuzz::whole(pieces));
  check(whole, limits);
  test::request_log cut{limits};
  for (auto piece : pieces)
    cut.read(piece);
  if (whole.events == cut.events
      && whole.reader.has_begun() == cut.reader.has_begun())
    return 0;
  print("whole", whole);
  print("cut", cut);
  expect(false, "cut or not, the events are the same");
  return 0;
}
