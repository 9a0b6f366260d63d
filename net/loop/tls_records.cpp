// Opening and sealing.
#include "net/loop/tls_records.hpp"

#include "net/loop/loop.hpp"

#include <boost/asio/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace wsrelay {

namespace {

using outcome = output_queue::outcome;

// Bytes of text in a record at most (RFC 8446 section 5.1).
constexpr std::size_t max_text = 16 * 1024;

// A part of a record that came before is with OpenSSL.
constexpr std::size_t max_carried = max_text + 1024;

// Pieces of output that are sealed together.
constexpr std::size_t max_pieces = 256;

/// Of a thread that has connections with TLS.
struct work_space {
  std::array<char, loop::scratch_size + max_carried> text;
  std::array<char, max_text> gathered;
  std::string spare; // memory for records, of who has none on their way
};

work_space& space() {
  thread_local const auto made = std::make_unique<work_space>();
  return *made;
}

// A method; a record of TLS begins with its type, which is no letter.
bool begins_with_method(std::string_view bytes) noexcept {
  return bytes.front() >= 'A' && bytes.front() <= 'Z';
}

} // namespace

tls_records::tls_records(SSL_CTX* context) : engine_{context, *this} {
  SSL_set_msg_callback(engine_.handle(), on_message);
  SSL_set_msg_callback_arg(engine_.handle(), this);
}

// -- input --------------------------------------------------------------------

bool tls_records::is_first_hello(std::string_view bytes) const noexcept {
  return !has_begun_ && !bytes.empty() && !begins_with_method(bytes);
}

std::string_view tls_records::open(std::string_view bytes) {
  if (is_over() || bytes.empty())
    return {};
  if (!std::exchange(has_begun_, true) && begins_with_method(bytes)) {
    state_ = state::plain_text;
    return {};
  }
  input_ = bytes;
  auto before = sealed_.size();
  if (state_ == state::proving)
    prove();
  auto text = state_ == state::open ? read() : std::string_view{};
  input_ = {};
  own_ += sealed_.size() - before;
  read_ += text.size();
  if (updates_ > max_updates + read_ / text_per_update)
    fail("too many new keys");
  if (own_ > max_own_output) // it asks for answers, and takes none
    fail("too much to answer");
  return text;
}

// OpenSSL reads on until there is text: it is given no more.
void tls_records::on_message(int is_written, int, int type, const void*,
                             std::size_t, SSL*, void* self) {
  auto& me = *static_cast<tls_records*>(self);
  if (is_written || type != SSL3_RT_HANDSHAKE || me.state_ != state::open)
    return;
  if (++me.updates_ > max_updates + me.read_ / text_per_update)
    me.input_ = {};
}

void tls_records::prove() {
  auto [count, ec] = engine_.handshake(tls_engine::server);
  auto verified = SSL_get_verify_result(engine_.handle());
  if (ec && verified != X509_V_OK)
    fail(X509_verify_cert_error_string(verified));
  else if (ec)
    fail(ec);
  else if (count > 0 && has_expired_certificate(engine_.handle()))
    fail("the certificate has expired");
  else if (count > 0)
    state_ = state::open;
}

// The text is shorter than its records, so it fits.
std::string_view tls_records::read() {
  auto& into = space().text;
  std::size_t size = 0;
  while (size < into.size()) {
    auto [count, ec] = engine_.read(into.data() + size, into.size() - size);
    size += count;
    if (ec == boost::asio::error::eof)
      state_ = state::ended;
    else if (ec)
      fail(ec);
    if (count == 0)
      break;
  }
  return {into.data(), size};
}

void tls_records::fail(const boost::system::error_code& ec) {
  fail(ec.message().c_str());
}

void tls_records::fail(const char* reason) {
  state_ = state::failed;
  reason_ = reason;
}

std::size_t tls_records::read_records(char* into, std::size_t size) {
  auto count = input_.copy(into, size);
  input_.remove_prefix(count);
  return count;
}

// -- output -------------------------------------------------------------------

// All is taken: what waits is bounded by who asks for it.
std::size_t tls_records::write_records(const char* from, std::size_t size) {
  if (sealed_.empty())
    sealed_.swap(space().spare);
  sealed_.append(from, size);
  return size;
}

outcome tls_records::send(output_queue& text, int socket, bool is_last) {
  auto left = output_queue::max_sent;
  for (;;) {
    auto pushed = push(socket);
    if (pushed != outcome::sent)
      return pushed == outcome::failed ? clear(text) : pushed;
    text.taken(std::exchange(text_, 0));
    auto may_seal = state_ == state::open || state_ == state::ended;
    if (text.empty() || !may_seal) {
      if (!is_last || said_farewell_ || !may_seal)
        return outcome::sent;
      add_farewell();
      continue;
    }
    if (left == 0)
      return outcome::paused;
    text_ = seal(text, std::min(left, portion));
    if (state_ == state::failed)
      return clear(text);
    if (text_ == 0)
      return outcome::blocked; // until more has come
    left -= text_;
    if (is_last && text_ == text.bytes())
      add_farewell();
  }
}

outcome tls_records::clear(output_queue& text) {
  text.clear();
  text_ = 0;
  return outcome::failed;
}

// Long pieces are sealed where they are, short ones together. Returns how many
// bytes were sealed: less where OpenSSL waits for the rest of a message.
std::size_t tls_records::seal(const output_queue& text, std::size_t limit) {
  std::array<iovec, max_pieces> parts;
  auto& gathered = space().gathered;
  std::size_t sealed = 0, held = 0;
  auto seal_held = [&] {
    auto size = std::exchange(held, 0);
    auto is_done = size == 0 || seal({gathered.data(), size});
    sealed += is_done ? size : 0;
    return is_done;
  };
  for (std::size_t i = 0, count = text.gather(parts); i < count; ++i) {
    std::string_view rest{static_cast<const char*>(parts[i].iov_base),
                          parts[i].iov_len};
    rest = rest.substr(0, limit - sealed - held);
    while (!rest.empty()) {
      if (held == 0 && rest.size() >= max_text) {
        if (!seal(rest.substr(0, max_text)))
          return sealed;
        sealed += max_text;
        rest.remove_prefix(max_text);
        continue;
      }
      auto size = rest.copy(gathered.data() + held, max_text - held);
      held += size;
      rest.remove_prefix(size);
      if (held == max_text && !seal_held())
        return sealed;
    }
  }
  seal_held();
  return sealed;
}

// In one record. False when it waits for the rest of a message, or failed for
// lack of memory.
bool tls_records::seal(std::string_view text) {
  auto [count, ec] = engine_.write(text.data(), text.size());
  if (ec)
    fail(ec);
  return count > 0;
}

void tls_records::add_farewell() {
  said_farewell_ = true;
  engine_.say_farewell();
}

void tls_records::say_farewell(int socket) {
  auto may = state_ == state::open || state_ == state::ended;
  if (!may || said_farewell_ || has_output())
    return;
  add_farewell();
  push(socket);
}

outcome tls_records::push(int socket) {
  while (has_output()) {
    auto done = ::send(socket, sealed_.data() + first_, sealed_.size() - first_,
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done >= 0)
      first_ += static_cast<std::size_t>(done);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return outcome::blocked;
    else if (errno != EINTR)
      return outcome::failed;
  }
  if (first_ > 0) {
    sealed_.clear();
    sealed_.swap(space().spare);
    sealed_ = {};
    first_ = own_ = 0;
  }
  return outcome::sent;
}

} // namespace wsrelay
