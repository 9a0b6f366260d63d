// Looking into folders, and whether somebody listens.
#include "tools/wsrelay/find_node.hpp"

#include "net/admin/command_error.hpp"
#include "net/cluster/operator_folder.hpp"
#include "net/cluster/operator_socket.hpp"
#include "net/loop/local_socket.hpp"

#include <boost/asio/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace wsrelay::cli {

namespace {

constexpr auto nobody_listens = "no node listens there";

struct folder_content {
  std::vector<std::string> nodes; // that live, or cannot be asked
  std::string problem;            // why there are none
};

std::string fault_of(const std::string& folder) {
  std::error_code ec;
  auto is_there = std::filesystem::exists(folder, ec);
  return is_there || ec ? fault_of_folder(folder, socket_side::operator_of_it)
                        : nobody_listens;
}

// What a node that was killed has left is no node.
bool is_left_over(const std::string& path) {
  boost::system::error_code ec;
  connect_local(path, ec);
  return ec == boost::asio::error::connection_refused
         || ec == boost::system::errc::no_such_file_or_directory;
}

folder_content look_into(const std::string& folder) {
  folder_content result{{}, fault_of(folder)};
  if (!result.problem.empty())
    return result;
  result.problem = nobody_listens;
  std::error_code ec;
  std::filesystem::directory_iterator each{folder, ec};
  for (; !ec && each != end(each); each.increment(ec)) {
    auto& path = each->path();
    std::error_code ignored;
    if (path.extension() != ".sock" || !each->is_socket(ignored)
        || is_left_over(path))
      continue;
    if (auto fault = fault_of_socket(path); !fault.empty())
      result.problem = path.filename().string() + ": " + fault;
    else
      result.nodes.push_back(path);
  }
  std::sort(result.nodes.begin(), result.nodes.end());
  if (ec)
    result.problem = ec.message();
  return result;
}

command_error several(const std::vector<std::string>& nodes) {
  std::string text = "several nodes are here, name one with --node:";
  for (auto& node : nodes)
    text += " " + node;
  return {exit_code::usage, "several_nodes", text};
}

} // namespace

std::vector<std::string> operator_folders() {
  std::vector<std::string> result{
      operator_folder(std::getenv("XDG_RUNTIME_DIR"))};
  if (result.front() != service_folder)
    result.push_back(service_folder);
  return result;
}

std::string find_node(const std::vector<std::string>& folders) {
  std::string problems;
  for (auto& folder : folders) {
    auto found = look_into(folder);
    if (found.nodes.size() == 1)
      return found.nodes.front();
    if (!found.nodes.empty())
      throw several(found.nodes);
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", folder,
                            found.problem);
  }
  throw command_error{exit_code::unreachable, "unreachable",
                      "no node is named (--node) and none is found: "
                          + problems};
}

} // namespace wsrelay::cli
