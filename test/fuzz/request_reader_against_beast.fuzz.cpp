// The reader of requests against Boost.Beast 1.81's own parser: the same bytes
// are the same request, or one of the rules below says why not.
#include "net/http/request_reader.hpp"

#include "protocol/host.hpp"
#include "protocol/text.hpp"
#include "test/fuzz/http_stream.hpp"
#include "test/net/http/reader_support.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

using namespace wsrelay;
using fuzz::expect;
namespace http = boost::beast::http;

namespace {

enum class verdict { incomplete, refused, complete };

// What Beast reads. The header is kept as it was before a trailer was merged
// with it.
struct beast_side {
  verdict is = verdict::incomplete;
  boost::beast::error_code error;
  bool has_header = false;
  bool is_chunked = false;
  bool keeps = false;
  std::optional<std::uint64_t> length;
  http_request request; // without path and query
  int version = 0;
  std::size_t used = 0;
};

template <class Parser>
void keep_header(beast_side& out, Parser& parser) {
  auto& message = parser.get();
  out.has_header = true;
  out.is_chunked = parser.chunked();
  out.version = static_cast<int>(message.version());
  out.keeps = out.version == 11 && parser.keep_alive();
  if (auto length = parser.content_length())
    out.length = *length;
  out.request.method = std::string{message.method_string()};
  out.request.target = std::string{message.target()};
  for (auto& field : message)
    out.request.headers.emplace_back(std::string{field.name_string()},
                                     std::string{field.value()});
}

beast_side read_with_beast(std::string_view bytes,
                           const reader_limits& limits) {
  beast_side out;
  http::request_parser<http::string_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(limits.body_size);
  while (!parser.is_done() && (out.used < bytes.size())) {
    out.used += parser.put({bytes.data() + out.used, bytes.size() - out.used},
                           out.error);
    if (parser.is_header_done() && !out.has_header)
      keep_header(out, parser);
    if (out.error)
      break;
  }
  if (out.error && out.error != http::error::need_more)
    out.is = verdict::refused;
  if (parser.is_done()) {
    out.is = verdict::complete;
    out.request.body = shared_buffer{parser.get().body()};
  }
  return out;
}

struct our_side {
  verdict is = verdict::incomplete;
  unsigned status = 0;
  bool keeps = false;
  http_request request;
  std::size_t used = 0;
};

our_side read_with_ours(std::string_view bytes, const reader_limits& limits) {
  using event = request_reader::event;
  our_side out;
  request_reader reader{limits};
  auto rest = bytes;
  auto last = reader.next(rest);
  if (last == event::header)
    last = reader.next(rest);
  out.used = bytes.size() - rest.size();
  if (last == event::failed) {
    out.is = verdict::refused;
    out.status = reader.error().status;
  }
  if (last == event::done) {
    out.is = verdict::complete;
    out.keeps = reader.keep_alive();
    out.request = reader.take();
  }
  return out;
}

// -- the rules ----------------------------------------------------------------

// Empty lines before a request are skipped, and 1.2 to 1.9 are read as 1.1:
// Beast gets what it can read.
std::string prepared(std::string_view bytes) {
  for (int i = 0; i < 8 && bytes.starts_with("\r\n"); ++i)
    bytes.remove_prefix(2);
  std::string out{bytes};
  auto end = out.find("\r\n");
  if (end != std::string::npos && end >= 8
      && out.compare(end - 8, 7, "HTTP/1.") == 0 && out[end - 1] > '1'
      && out[end - 1] <= '9')
    out[end - 1] = '1';
  return out;
}

bool has_field(const beast_side& beast, std::string_view name) {
  return find_field(beast.request.headers, name).has_value();
}

// One Host that is valid, or none in HTTP/1.0.
bool has_bad_host(const beast_side& beast) {
  auto& fields = beast.request.headers;
  auto count = count_fields(fields, "Host");
  return count > 1 || (count == 0 && beast.version == 11)
         || (count == 1 && !check_host(*find_field(fields, "Host")));
}

// A target is origin form in printable ASCII, or it is worth a look.
bool has_odd_target(const beast_side& beast) {
  auto& target = beast.request.target;
  return !target.starts_with('/') || beast.request.method == "CONNECT"
         || !std::all_of(target.begin(), target.end(), [](char c) {
              return c > ' ' && c < 0x7F && c != '#';
            });
}

bool has_fold(std::string_view bytes) {
  return bytes.find("\r\n ") != bytes.npos
         || bytes.find("\r\n\t") != bytes.npos;
}

bool has_control(std::string_view bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

// We refuse what Beast takes.
bool may_refuse(const our_side& ours, const beast_side& beast,
                std::string_view bytes, const reader_limits& limits) {
  auto is_large = bytes.size() > limits.header_size;
  switch (ours.status) {
    case 400:
      // Beast takes folded lines, and any byte in a quoted chunk extension,
      // of any size.
      return has_bad_host(beast) || has_odd_target(beast)
             || has_field(beast, "Transfer-Encoding") || has_fold(bytes)
             || (beast.is_chunked && (is_large || has_control(bytes)));
    case 417:
      return has_field(beast, "Expect") && beast.version == 11;
    case 414:
      return is_large;
    case 431:
      return is_large || beast.request.headers.size() > limits.fields;
    case 501:
      return has_field(beast, "Transfer-Encoding");
    default:
      return false; // 413 and 505 are Beast's opinion too
  }
}

// Beast judges each byte of a header, we judge lines and whole headers: the
// refusal comes with the end of the header at the latest.
bool is_refused_later(std::string_view bytes, const reader_limits& limits) {
  auto ended = std::string{bytes} + "\r\n\r\n";
  return read_with_ours(ended, limits).is == verdict::refused;
}

// Beast refuses what we take: it minds what a trailer says, which we drop.
bool may_take(const beast_side& beast) {
  return beast.is_chunked && beast.has_header
         && (beast.error == http::error::bad_content_length
             || beast.error == http::error::bad_transfer_encoding
             || beast.error == http::error::bad_value);
}

// Removes what the reader takes away or writes anew. Beast lists fields of one
// name together.
http_fields comparable(http_fields fields, const beast_side& beast) {
  for (auto name : {"Transfer-Encoding", "Trailer", "Content-Length"})
    erase_field(fields, name);
  if (beast.version == 10)
    erase_field(fields, "Upgrade");
  if (beast.request.target.find("://") < beast.request.target.find('/'))
    erase_field(fields, "Host"); // an absolute target has one
  std::stable_sort(fields.begin(), fields.end(), [](auto& a, auto& b) {
    return to_lower(a.first) < to_lower(b.first);
  });
  return fields;
}

void compare(const our_side& ours, const beast_side& beast,
             std::size_t skipped) {
  expect(ours.request.method == beast.request.method, "the method");
  expect(beast.request.target.ends_with(ours.request.target)
             || ours.request.target.ends_with('/')
             || ours.request.target.starts_with("/?"),
         "the target");
  expect(!beast.request.target.starts_with('/')
             || beast.request.target == ours.request.target,
         "the target in origin form");
  expect(comparable(ours.request.headers, beast)
             == comparable(beast.request.headers, beast),
         "the fields");
  auto length = find_field(ours.request.headers, "Content-Length");
  expect(length.has_value() == beast.length.has_value(), "has a length");
  expect(!length || *length == std::to_string(*beast.length), "the length");
  expect(ours.request.body == beast.request.body, "the body");
  expect(ours.keeps == beast.keeps, "keep-alive");
  expect(ours.used == beast.used + skipped, "what was used");
}

bool may_differ(const our_side& ours, const beast_side& beast,
                std::string_view bytes, const reader_limits& limits) {
  // What is not complete for Beast is refused early by us: it stays refused
  // with whatever comes, as the other target for this reader finds.
  if (ours.is == verdict::refused)
    return beast.is == verdict::incomplete
           || may_refuse(ours, beast, bytes, limits);
  if (ours.is == verdict::incomplete)
    return beast.is == verdict::refused
           && (is_refused_later(bytes, limits) || may_take(beast));
  return beast.is == verdict::refused && may_take(beast);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) try {
  fuzz::input in{data, size};
  auto limits = fuzz::take_limits(in);
  auto ours = read_with_ours(in.rest(), limits);
  auto bytes = prepared(in.rest());
  auto beast = read_with_beast(bytes, limits);
  if (ours.is == verdict::complete && beast.is == verdict::complete) {
    compare(ours, beast, in.rest().size() - bytes.size());
    return 0;
  }
  if (ours.is == beast.is || may_differ(ours, beast, bytes, limits))
    return 0;
  std::fprintf(stderr, "ours: %d %u, Beast: %d %s\n", static_cast<int>(ours.is),
               ours.status, static_cast<int>(beast.is),
               beast.error.message().c_str());
  expect(false, "the two agree");
  return 0;
} catch (const std::length_error&) {
  return 0; // a field of 64 KiB is too much for Beast
}
