// Responses in pieces: where they are cut changes nothing, and what is let
// through holds what the reader promises.
#include "net/http/response_reader.hpp"

#include "test/fuzz/http_stream.hpp"
#include "test/net/http/reader_support.hpp"

using namespace wsrelay;
using fuzz::expect;
using event = response_reader::event;

namespace {

bool is_over(event last) {
  return last == event::done || last == event::failed;
}

// What became of a response, in words.
std::string outcome(const std::vector<std::string_view>& pieces,
                    const reader_limits& limits, bool to_head) {
  response_reader reader{limits, to_head};
  std::string out;
  auto last = event::none;
  for (auto piece : pieces)
    do {
      last = reader.next(piece);
      out += last == event::header ? "header, " : "";
      expect(last != event::none || piece.empty(), "none uses everything");
    } while (last == event::header || (!is_over(last) && !piece.empty()));
  out += is_over(last) ? "" : "not over, ";
  last = reader.finish();
  expect(is_over(last), "an end is an end");
  out += reader.had_bytes() ? "" : "nothing, ";
  out += reader.keep_alive() ? "keep, " : "";
  if (last == event::failed)
    return out + std::string{reader.error()};
  auto length = reader.length();
  auto response = reader.take();
  expect(response.status >= 200 && response.status < 600, "a final status");
  expect(response.headers.size() <= limits.fields, "so many fields");
  for (auto& [name, value] : response.headers)
    expect(is_safe_field(name, value), "a field can be passed on");
  for (auto name : {"Transfer-Encoding", "Trailer", "Connection", "Upgrade"})
    expect(!find_field(response.headers, name), "no hop-by-hop field");
  expect(response.body.size() <= limits.body_size, "a bounded body");
  auto has_body = !to_head && response.status != 204 && response.status != 304;
  expect(has_body || response.body.empty(), "some have no body");
  expect(!has_body
             || response.body.size() == length.value_or(response.body.size()),
         "the length is the body's");
  expect(count_fields(response.headers, "Content-Length")
             == (to_head && length ? 1u : 0u),
         "HEAD alone has a length");
  return out + std::to_string(response.status) + " "
         + test::joined(response.headers) + std::string{response.body.view()};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto to_head = in.byte() % 2 != 0;
  auto limits = fuzz::take_limits(in);
  auto pieces = fuzz::take_pieces(in);
  auto whole = outcome({fuzz::whole(pieces)}, limits, to_head);
  auto cut = outcome(pieces, limits, to_head);
  if (whole == cut)
    return 0;
  std::fprintf(stderr, "whole: %s\ncut: %s\n", whole.c_str(), cut.c_str());
  expect(false, "cut or not, the response is the same");
  return 0;
}
