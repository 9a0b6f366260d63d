// From accept to the end of the PROXY protocol's header.
#include "net/http/proxy_door.hpp"

#include "net/loop/guard.hpp"
#include "protocol/proxy_header.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace wsrelay {

/// One of them. Nothing behind the header is read: that is the client's.
class proxy_door::waiting final : public pollable,
                                  public loop_timer,
                                  public open_socket {
public:
  waiting(proxy_door& owner, accepted_socket accepted)
      : owner_{owner}, accepted_{std::move(accepted)} {
    owner_.home_.add(*this);
  }

  ~waiting() {
    owner_.home_.set_timer(*this, time_point::max());
    owner_.home_.sockets().forget(*this);
  }

  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;

  void start(place mine) {
    me_ = mine;
    owner_.home_.set_timer(*this, owner_.home_.now() + owner_.timeout_);
    if (!owner_.home_.sockets().add(descriptor(), *this))
      end(); // the kernel is out of memory
  }

private:
  int descriptor() const { return accepted_.descriptor.get(); }

  void on_ready(readiness what) override {
    guarded(
        "PROXY header", [&] { look(what.hung_up); }, [this] { end(); });
  }

  void look(bool is_last) {
    std::array<char, max_proxy_header> space;
    auto count = ::recv(descriptor(), space.data(), space.size(),
                        MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (count <= 0)
      return end();
    auto header =
        parse_proxy_header({space.data(), static_cast<std::size_t>(count)});
    if (!header && space[0] != 'P' && space[0] != '\r')
      return fail("no PROXY header came");
    if (!header)
      return fail(header.error().what);
    if (*header)
      return pass_on(**header);
    if (is_last)
      fail("it ended within its header");
  }

  void pass_on(const proxy_header& header) {
    if (!take(header.size))
      return end();
    accepted_.remote_address =
        header.is_local ? std::string{unknown_peer} : header.address;
    accepted_.is_secure = header.is_tls;
    owner_.home_.sockets().remove(descriptor(), *this);
    auto mine = std::move(*me_);
    owner_.all_.erase(me_);
    guarded("session", [this] { owner_.done_(std::move(accepted_)); });
  }

  // What was seen is there.
  bool take(std::size_t size) {
    std::array<char, max_proxy_header> space;
    return ::recv(descriptor(), space.data(), size, MSG_DONTWAIT)
           == static_cast<ssize_t>(size);
  }

  void on_timer() override {
    guarded("PROXY deadline", [this] { fail("it did not come in time"); });
  }

  void abort() override { end(); }
  bool is_idle() const override { return true; }

  void fail(std::string_view reason) {
    guarded("PROXY header",
            [&] { owner_.failed_(reason, accepted_.remote_address); });
    end();
  }

  void end() { owner_.all_.erase(me_); }

  proxy_door& owner_;
  accepted_socket accepted_;
  place me_;
};

proxy_door::proxy_door(loop& home, milliseconds timeout, done_function done,
                       failed_function failed)
    : home_{home},
      timeout_{timeout},
      done_{std::move(done)},
      failed_{std::move(failed)} {}

proxy_door::~proxy_door() = default;

void proxy_door::begin(accepted_socket accepted) {
  all_.push_back(std::make_unique<waiting>(*this, std::move(accepted)));
  all_.back()->start(std::prev(all_.end()));
}

} // namespace wsrelay
