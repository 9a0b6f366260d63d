// Listening by TCP, by unix sockets, and on what systemd has opened.
#include "net/loop/open_address.hpp"

#include "net/loop/local_socket.hpp"
#include "net/loop/passed_sockets.hpp"
#include "net/loop/socket_file.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace wsrelay {

namespace {

using sockets = std::vector<listening_socket>;

struct owner {
  uid_t user;
  gid_t group;
};

failure cannot_listen(const std::string& path, std::string_view why) {
  return {fmt::format("cannot listen on unix:{}: {}", path, why)};
}

// A number, or the id that `find` knows for a name.
template <class Id, class Find>
result<Id> id_of(std::string_view kind, const std::string& name, Find find) {
  if (name.empty())
    return static_cast<Id>(-1); // as it is
  if (auto number = parse_decimal(name); number && *number < 0xffffffff)
    return static_cast<Id>(*number);
  auto found = find(name.c_str());
  if (!found)
    return failure{fmt::format("socket_owner: there is no {} {}", kind, name)};
  return *found;
}

std::optional<uid_t> find_user(const char* name) {
  auto* entry = ::getpwnam(name);
  return entry ? std::optional{entry->pw_uid} : std::nullopt;
}

std::optional<gid_t> find_group(const char* name) {
  auto* entry = ::getgrnam(name);
  return entry ? std::optional{entry->gr_gid} : std::nullopt;
}

// "USER", "USER:GROUP" or ":GROUP", as chown(1).
result<owner> find_owner(const std::string& text) {
  auto colon = std::min(text.find(':'), text.size());
  auto user = id_of<uid_t>("user", text.substr(0, colon), find_user);
  if (!user)
    return user.error();
  auto group = id_of<gid_t>(
      "group", text.substr(std::min(colon + 1, text.size())), find_group);
  if (!group)
    return group.error();
  return owner{*user, *group};
}

// Nobody can connect to a file that only its owner may write; the mode comes
// last, as chown(2) may change it.
checked give_away(const std::string& path, const owner& to, mode_t mode) {
  if (::lchown(path.c_str(), to.user, to.group) != 0
      || ::chmod(path.c_str(), mode) != 0)
    return cannot_listen(path, std::strerror(errno));
  return passed();
}

result<sockets> open_unix(const service_config& settings,
                          const std::string& path) {
  auto to = find_owner(settings.socket_owner);
  if (!to)
    return cannot_listen(path, to.error().what);
  auto is_free = make_room(path);
  if (!is_free)
    return failure{"cannot listen on unix:" + is_free.error().what};
  if (!*is_free)
    return cannot_listen(path, "somebody else listens there");
  boost::system::error_code ec;
  auto socket = listen_local(path, 0, ec);
  if (ec)
    return cannot_listen(path, ec.message());
  listening_socket made{std::move(socket), 0, socket_file{path}};
  if (auto given = give_away(path, *to, settings.socket_mode); !given)
    return given.error();
  sockets result;
  result.push_back(std::move(made));
  return result;
}

result<sockets> open_passed(const std::string& name) {
  auto passed = passed_sockets(name);
  if (!passed)
    return failure{"cannot listen on " + passed.error().what};
  sockets result;
  for (auto& each : *passed) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(each.get(), reinterpret_cast<sockaddr*>(&address), &size);
    if (address.ss_family != AF_UNIX)
      set_inherited(each.get()); // without it, it is only slower
    result.push_back({std::move(each), port_of(address), {}});
  }
  return result;
}

} // namespace

result<std::vector<listening_socket>>
open_address(const service_config& settings, const service_address& address) {
  if (!address.unix_path.empty())
    return open_unix(settings, address.unix_path);
  if (!address.systemd_name.empty())
    return open_passed(address.systemd_name);
  auto opened = open_listening(address.tcp.host, address.tcp.port);
  if (!opened)
    return opened.error();
  sockets result;
  result.push_back(std::move(*opened));
  return result;
}

} // namespace wsrelay
