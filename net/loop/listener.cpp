// Accepting.
#include "net/loop/listener.hpp"

#include "actors/log.hpp"
#include "net/loop/guard.hpp"
#include "protocol/json.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wsrelay {

namespace {

// Sockets at a time: the loop's other sockets want theirs, too.
constexpr std::size_t batch = 16;

// Of a request that comes with the connection.
constexpr std::size_t max_drained = 16 * 1024;

unique_fd make_reserve() {
  return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

// What is unread when it is closed would reset the connection.
void tell_and_close(unique_fd socket, const std::string& text) {
  std::array<char, max_drained> space;
  static_cast<void>(::send(socket.get(), text.data(), text.size(),
                           MSG_NOSIGNAL | MSG_DONTWAIT));
  ::shutdown(socket.get(), SHUT_WR);
  static_cast<void>(
      ::recv(socket.get(), space.data(), space.size(), MSG_DONTWAIT));
}

} // namespace

listener::listener(std::vector<loop*> loops,
                   std::shared_ptr<socket_places> places,
                   listening_socket socket, serve_function serve,
                   busy_function busy, milliseconds back_off)
    : loops_{std::move(loops)},
      places_{std::move(places)},
      serve_{std::move(serve)},
      busy_{std::move(busy)},
      back_off_{back_off},
      socket_{std::move(socket)},
      reserve_{make_reserve()} {}

listener::~listener() {
  close();
}

void listener::start() {
  loops_.front()->post([me = shared_from_this()] { me->begin(); });
}

void listener::begin() {
  if (!loops_.front()->sockets().add(socket_.socket.get(), *this)) {
    log(log_part::http)
        .error("cannot watch the listening socket: port={}"
               " hint=\"no client can connect: memory is short; start the node "
               "again\"",
               port());
    return close();
  }
  accept();
}

void listener::stop() {
  loops_.front()->call([this] { close(); });
}

// Once: the loops may be gone before a listener that was stopped.
void listener::close() {
  if (!socket_.socket)
    return;
  auto& home = *loops_.front();
  home.forget(*this);
  home.set_timer(*this, time_point::max());
  home.sockets().forget(*this);
  socket_ = {};
}

void listener::go_on() {
  put_off_ = false;
  accept();
}

// The poller tells of new sockets once: they are accepted until none is left.
void listener::accept() {
  if (!socket_.socket || put_off_)
    return;
  for (std::size_t i = 0; i < batch; ++i)
    if (!accept_one())
      return;
  put_off_ = true;
  loops_.front()->go_on_last(*this);
}

bool listener::accept_one() {
  sockaddr_storage remote{};
  socklen_t size = sizeof remote;
  unique_fd socket{::accept4(socket_.socket.get(),
                             reinterpret_cast<sockaddr*>(&remote), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket)
    return on_refused(errno);
  keep_reserve();
  auto has_place = places_->take();
  if (!has_place)
    if (auto left_out = lines_.allow("limit", loops_.front()->now()))
      log(log_part::http)
          .warn(
              "connection limit reached: max_connections={}"
              " hint=\"raise max_connections of the service, or add a node\"{}",
              places_->limit(), suppressed_text(*left_out));
  deal(std::move(socket), address_text(remote), has_place);
  return true;
}

// Returns whether there may be more to accept.
bool listener::on_refused(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK)
    return false;
  if (!is_shortage({error, boost::system::system_category()}))
    return true; // this one is gone already (accept(2))
  if (auto left_out = lines_.allow("shortage", loops_.front()->now()))
    log(log_part::http)
        .warn(
            "cannot accept: reason={}"
            " hint=\"tried again by itself; raise LimitNOFILE or ulimit -n\"{}",
            json_string(std::strerror(error)), suppressed_text(*left_out));
  if (error == EMFILE || error == ENFILE)
    for (std::size_t i = 0; i < batch && tell_busy(); ++i) {
    }
  auto& home = *loops_.front();
  home.set_timer(*this, home.now() + back_off_);
  return false;
}

// Returns whether there was somebody.
bool listener::tell_busy() {
  keep_reserve();
  if (!std::exchange(reserve_, {}))
    return false;
  unique_fd socket{::accept4(socket_.socket.get(), nullptr, nullptr,
                             SOCK_NONBLOCK | SOCK_CLOEXEC)};
  auto found = static_cast<bool>(socket);
  if (found)
    guarded("busy answer", [&] { tell_and_close(std::move(socket), busy_()); });
  keep_reserve();
  return found;
}

// Somebody else may have got the descriptor meanwhile: it is taken back when
// one is free.
void listener::keep_reserve() {
  if (!reserve_)
    reserve_ = make_reserve();
}

// It counts for its loop from now on, so that a burst is dealt evenly.
void listener::deal(unique_fd socket, std::string remote_address,
                    bool has_place) {
  auto& home = least_loaded();
  auto place =
      has_place ? socket_place{places_, home.socket_count} : socket_place{};
  accepted_socket accepted{std::move(socket), std::move(place),
                           std::move(remote_address), false};
  if (&home == loops_.front())
    return guarded("accept", [&] { serve_(home, std::move(accepted)); });
  home.post([me = shared_from_this(), &home,
             shared = std::make_shared<accepted_socket>(std::move(accepted))] {
    me->serve_(home, std::move(*shared));
  });
}

loop& listener::least_loaded() const {
  return **std::min_element(loops_.begin(), loops_.end(), [](auto* a, auto* b) {
    return a->socket_count < b->socket_count;
  });
}

} // namespace wsrelay
