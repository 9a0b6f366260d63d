// Opening, and how others find it.
#include "net/http/service_ports.hpp"

#include "net/loop/open_address.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsrelay {

checked service_ports::open(const std::vector<loop*>& loops,
                            const std::shared_ptr<socket_places>& places,
                            const listener::serve_function& serve,
                            const listener::busy_function& busy) {
  std::vector<open_port> opened;
  for (auto& address : settings_.addresses) {
    auto sockets = open_address(settings_, address);
    if (!sockets)
      return sockets.error();
    for (auto& each : *sockets)
      opened.push_back(
          {&address, std::make_shared<listener>(loops, places, std::move(each),
                                                serve, busy)});
  }
  all_ = std::move(opened);
  return passed();
}

void service_ports::start() {
  for (auto& each : all_)
    each.accepts->start();
}

void service_ports::stop() {
  for (auto& each : all_)
    each.accepts->stop();
}

std::uint16_t service_ports::port() const {
  auto found = std::find_if(all_.begin(), all_.end(), [](auto& each) {
    return each.accepts->port() != 0;
  });
  return found == all_.end() ? std::uint16_t{0} : found->accepts->port();
}

std::vector<std::string> service_ports::urls() const {
  std::vector<std::string> result;
  std::transform(all_.begin(), all_.end(), std::back_inserter(result),
                 [this](auto& each) { return url_of(each); });
  return result;
}

std::string service_ports::url_of(const open_port& port) const {
  if (!port.address->is_tcp())
    return to_text(*port.address);
  auto host = port.address->tcp.host;
  if (host.empty() || host == "0.0.0.0" || host == "::")
    host = "localhost"; // the wildcard is no address to connect to
  auto* scheme = settings_.tls.enabled() ? "https://" : "http://";
  return scheme + to_text(listen_address{host, port.accepts->port()});
}

} // namespace wsrelay
