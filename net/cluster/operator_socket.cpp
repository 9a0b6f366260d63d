// Names and files of sockets, and whose they are.
#include "net/cluster/operator_socket.hpp"

#include "net/cluster/operator_folder.hpp"
#include "net/loop/local_socket.hpp"

#include <boost/asio/error.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;

constexpr std::size_t max_node_name = 64;

// Nodes of one name on a machine.
constexpr unsigned max_same = 64;

failure cannot_open(const std::string& path, std::string_view why) {
  return failure{fmt::format("{}: {}", path, why)};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

result<operator_socket> open_first(const std::string& folder,
                                   const std::vector<std::string>& names) {
  // Between two nodes that start: the second would take the first one's socket,
  // which is bound and does not listen yet, for one that was left.
  auto alone = folder_lock::take(folder);
  if (!alone)
    return alone.error();
  std::string path;
  for (auto& name : names) {
    path = folder + "/" + name;
    auto is_free = make_room(path, ::geteuid());
    if (!is_free)
      return is_free.error();
    if (!*is_free)
      continue;
    error_code ec;
    auto socket = listen_local(path, S_IRUSR | S_IWUSR, ec);
    if (ec)
      return cannot_open(path, ec.message());
    return operator_socket{std::move(socket), socket_file{path}};
  }
  return cannot_open(path, "another node listens there");
}

} // namespace

std::string operator_folder(const char* runtime_folder) {
  std::string folder{runtime_folder ? runtime_folder : ""};
  if (!folder.starts_with('/'))
    return service_folder;
  while (folder.ends_with('/'))
    folder.pop_back();
  return folder + "/wsrelay";
}

std::string operator_socket_name(std::string_view node, unsigned number) {
  std::string name{node.substr(0, max_node_name)};
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_plain(c); }, '_');
  if (name.empty() || name.front() == '.')
    name.insert(0, "_");
  return number == 1 ? name + ".sock" : fmt::format("{}-{}.sock", name, number);
}

result<operator_socket> open_operator_socket(const std::string& folder,
                                             std::string_view node) {
  std::vector<std::string> names;
  for (unsigned number = 1; number <= max_same; ++number)
    names.push_back(operator_socket_name(node, number));
  return open_first(folder, names);
}

// A link on the way to a folder that somebody chose is meant.
result<operator_socket> open_operator_socket(const std::string& path) {
  std::error_code ec;
  auto whole = std::filesystem::absolute(path, ec);
  auto folder = std::filesystem::weakly_canonical(whole.parent_path(), ec);
  if (ec || !whole.has_filename())
    return cannot_open(path, ec ? ec.message() : "no name of a file");
  return open_first(folder.string(), {whole.filename().string()});
}

} // namespace wsrelay
