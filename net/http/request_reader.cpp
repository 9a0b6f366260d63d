// Requests: what Beast lets through and a server must not.
#include "net/http/request_reader.hpp"

#include "net/http/message_parser.hpp"
#include "protocol/host.hpp"

#include <array>
#include <new>

namespace wsrelay {

namespace {

// Bytes of empty lines before a request; RFC 9112 section 2.2 asks for one.
constexpr std::size_t max_empty = 2 * 8;

problem bad_request(std::string detail) {
  return {400, "request", std::move(detail)};
}

problem to_problem(message_error error) {
  switch (error) {
    case message_error::malformed:
      break;
    case message_error::version:
      return {505, "request", "the version of HTTP is not known"};
    case message_error::coding:
      return {501, "request", "the transfer coding is not known"};
    case message_error::line_size:
      return {414, "size", "the request's target is too long"};
    case message_error::header_size:
      return {431, "size", "the request's header is too large"};
    case message_error::field_count:
      return {431, "size", "the request has too many fields"};
    case message_error::body_size:
      return {413, "size", "the request's body is too large"};
    case message_error::chunk_size:
      return bad_request("the request's chunk extensions are too large");
    case message_error::trailer_size:
      return {431, "size", "the request's trailer is too large"};
  }
  return bad_request("the request is no HTTP/1.1");
}

// What a proxy sends that was told to speak the PROXY protocol.
bool begins_as_proxy(std::string_view bytes) {
  constexpr std::string_view version_2{"\0\r\nQUIT\n", 8}; // after two lines
  return bytes.starts_with("PROXY TCP") || bytes.starts_with("PROXY UNKNOWN")
         || bytes.starts_with(version_2);
}

// -- the target ---------------------------------------------------------------

// RFC 3986 has no other characters, but that is left to whom reads a path.
bool is_target_char(char c) {
  return c > ' ' && c < 0x7F && c != '#';
}

bool is_web_scheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 4> known{"http", "https", "ws", "wss"};
  return std::any_of(known.begin(), known.end(),
                     [scheme](auto each) { return same_field(scheme, each); });
}

bool is_authority(std::string_view text) {
  return !text.empty() && check_host(text);
}

// RFC 9112 section 3.2.3: it has no default port.
bool has_port(std::string_view authority) {
  auto colon = authority.find_last_of("]:");
  return colon != std::string_view::npos && authority[colon] == ':'
         && colon + 1 < authority.size();
}

// Turns a target in absolute form into one in origin form; its authority goes
// before the Host field (RFC 9112 section 3.2.2).
bool take_authority(message_head& head) {
  std::string_view target = head.target;
  auto scheme = target.find("://");
  if (scheme == std::string_view::npos
      || !is_web_scheme(target.substr(0, scheme)))
    return false;
  target.remove_prefix(scheme + 3);
  auto end = std::min(target.find_first_of("/?"), target.size());
  std::string authority{target.substr(0, end)};
  if (!is_authority(authority))
    return false;
  std::string rest{target.substr(end)};
  head.target = rest.starts_with('/') ? std::move(rest) : "/" + rest;
  erase_field(head.fields, "Host");
  head.fields.emplace_back("Host", std::move(authority));
  return true;
}

// The four forms of RFC 9112 section 3.2.
bool check_target(message_head& head) {
  auto& target = head.target;
  if (!std::all_of(target.begin(), target.end(), is_target_char))
    return false;
  if (head.method == "CONNECT")
    return is_authority(target) && has_port(target);
  if (target == "*")
    return head.method == "OPTIONS";
  return target.starts_with('/') || take_authority(head);
}

// -- the fields ---------------------------------------------------------------

// RFC 9112 section 3.2.
bool check_hosts(const message_head& head) {
  auto count = count_fields(head.fields, "Host");
  if (count != 1)
    return count == 0 && head.version < 11;
  return static_cast<bool>(check_host(*find_field(head.fields, "Host")));
}

// RFC 9110 section 10.1.1: HTTP/1.0 does not know it.
bool check_expectation(const message_head& head) {
  return head.version < 11
         || std::all_of(head.fields.begin(), head.fields.end(),
                        [](const auto& field) {
                          return !same_field(field.first, "Expect")
                                 || same_field(field.second, "100-continue");
                        });
}

std::optional<problem> check(message_head& head) {
  if (!check_hosts(head))
    return bad_request("the request needs one valid Host");
  if (!check_target(head))
    return bad_request("the request's target is not valid");
  if (!check_expectation(head))
    return problem{417, "request", "the expectation cannot be met"};
  return std::nullopt;
}

// A length that was told more than once, or in another way, is told once.
void set_length(http_fields& fields, std::uint64_t length) {
  erase_field(fields, "Content-Length");
  fields.emplace_back("Content-Length", std::to_string(length));
}

} // namespace

class request_reader::parser {
public:
  /// `bytes` are the first ones of the request.
  parser(const reader_limits& limits, std::string_view bytes)
      : message_{limits}, is_proxy_{begins_as_proxy(bytes)} {}

  event next(std::string_view& bytes) {
    auto result = message_.next(bytes);
    if (result == event::header)
      refusal_ = check(message_.head());
    return refusal_ ? event::failed : result;
  }

  problem error() const {
    if (is_proxy_)
      return bad_request("a PROXY header, and this port has no proxy_protocol");
    return refusal_ ? *refusal_ : to_problem(message_.error());
  }

  bool expects_continue() const {
    auto& head = message_.head();
    return message_.has_body() && head.version > 10
           && find_field(head.fields, "Expect").has_value();
  }

  bool keep_alive() const { return message_.keep_alive(); }

  http_request take() {
    auto& head = message_.head();
    for (auto name : {"Transfer-Encoding", "Trailer"})
      erase_field(head.fields, name);
    if (head.version < 11)
      erase_field(head.fields, "Upgrade");
    if (auto length = message_.length())
      set_length(head.fields, *length);
    http_request out;
    out.method = std::move(head.method);
    out.target = std::move(head.target);
    auto question = std::min(out.target.find('?'), out.target.size());
    out.path = out.target.substr(0, question);
    if (question < out.target.size())
      out.query = out.target.substr(question + 1);
    out.headers = std::move(head.fields);
    out.body = message_.take_body();
    return out;
  }

private:
  message_parser<true> message_;
  bool is_proxy_;
  std::optional<problem> refusal_;
};

request_reader::request_reader(const reader_limits& limits) : limits_{limits} {}

request_reader::~request_reader() = default;
request_reader::request_reader(request_reader&&) noexcept = default;
request_reader& request_reader::operator=(request_reader&&) noexcept = default;

request_reader::event request_reader::next(std::string_view& bytes) {
  if (last_ == event::done || last_ == event::failed)
    return last_;
  try {
    return last_ = read(bytes);
  } catch (const std::bad_alloc&) {
    return fail({503, "size", "out of memory"});
  } catch (const std::exception&) {
    return fail(to_problem(message_error::malformed));
  }
}

request_reader::event request_reader::read(std::string_view& bytes) {
  if (!parser_) {
    skip_empty_lines(bytes);
    if (bytes.empty())
      return event::none;
    if (empty_ % 2 != 0) // half a line end
      return fail(to_problem(message_error::malformed));
    parser_ = std::make_unique<parser>(limits_, bytes);
  }
  auto result = parser_->next(bytes);
  if (result == event::failed)
    return fail(parser_->error());
  if (result == event::header) {
    expects_continue_ = parser_->expects_continue();
    keep_alive_ = parser_->keep_alive();
  }
  return result;
}

void request_reader::skip_empty_lines(std::string_view& bytes) noexcept {
  while (empty_ < max_empty && !bytes.empty()
         && bytes.front() == (empty_ % 2 == 0 ? '\r' : '\n')) {
    ++empty_;
    bytes.remove_prefix(1);
  }
}

request_reader::event request_reader::fail(problem why) noexcept {
  error_ = std::move(why);
  parser_.reset();
  return last_ = event::failed;
}

bool request_reader::has_begun() const noexcept {
  return parser_ && last_ != event::done;
}

bool request_reader::expects_continue() const noexcept {
  return expects_continue_;
}

bool request_reader::keep_alive() const noexcept {
  return keep_alive_;
}

http_request request_reader::take() {
  auto result = parser_->take();
  parser_.reset();
  empty_ = 0;
  last_ = event::none;
  return result;
}

const problem& request_reader::error() const noexcept {
  return error_;
}

} // namespace wsrelay
