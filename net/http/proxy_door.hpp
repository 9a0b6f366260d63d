// Sockets of proxies that have not yet said for which client they stand: the
// PROXY protocol's header comes before TLS and HTTP.
#pragma once

#include "net/loop/listener.hpp"
#include "net/loop/loop.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace wsrelay {

/// The address of whom a proxy did not name.
inline constexpr std::string_view unknown_peer = "unknown";

/// Of one loop. Loop thread only.
class proxy_door {
public:
  /// Takes a socket whose header was read: the address is the client's, or
  /// "unknown" where the header tells of none: nobody is to take what the
  /// client says for the proxy's word.
  using done_function = std::function<void(accepted_socket)>;

  /// Why a socket was closed: its header is wrong, or did not come in time. Who
  /// leaves before it has said anything is not told of.
  using failed_function =
      std::function<void(std::string_view reason, const std::string& address)>;

  proxy_door(loop& home, milliseconds timeout, done_function done,
             failed_function failed);
  ~proxy_door();

  proxy_door(const proxy_door&) = delete;
  proxy_door& operator=(const proxy_door&) = delete;

  void begin(accepted_socket accepted);

private:
  class waiting;
  using place = std::list<std::unique_ptr<waiting>>::iterator;

  loop& home_;
  const milliseconds timeout_;
  const done_function done_;
  const failed_function failed_;
  std::list<std::unique_ptr<waiting>> all_;
};

} // namespace wsrelay
