// Owners, modes, and a file that is locked.
#include "net/cluster/operator_folder.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

namespace wsrelay {

namespace {

// Others hold a folder while they look and bind, which takes no time.
constexpr std::chrono::seconds folder_patience{1};
constexpr std::chrono::milliseconds folder_step{10};

constexpr auto others_permissions = S_IRWXG | S_IRWXO;

constexpr auto belongs_to_others = "it belongs to somebody else";

failure no_lock(const std::string& path, std::string_view why) {
  return failure{fmt::format("{}: {}", path, why)};
}

bool is_ours(uid_t owner) {
  return owner == ::geteuid() || owner == 0;
}

// Who may write in a folder may put another socket in the place of the node's,
// unless it is sticky as /tmp is.
std::string fault_of_folder(const struct stat& found, socket_side side) {
  auto goes_anywhere = side == socket_side::operator_of_it && ::geteuid() == 0;
  if (!is_ours(found.st_uid) && !goes_anywhere)
    return belongs_to_others;
  auto open_to_others = (found.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return open_to_others && !(found.st_mode & S_ISVTX) ? "others may write there"
                                                      : "";
}

// -- the lock -----------------------------------------------------------------

// Users that share a sticky folder are not in each other's way.
std::string lock_name() {
  return fmt::format(".wsrelay-{}.lock", ::geteuid());
}

// A file that others have put there, or a second name of another file, might be
// open to them.
std::string fault_of_lock(const struct stat& found) {
  if (found.st_uid != ::geteuid())
    return belongs_to_others;
  if (!S_ISREG(found.st_mode) || found.st_nlink > 1)
    return "something else than a lock is there";
  return (found.st_mode & others_permissions) != 0 ? "others may open it" : "";
}

bool is_at(int folder, const char* name, const struct stat& file) {
  struct stat found {};
  return ::fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0
         && found.st_dev == file.st_dev && found.st_ino == file.st_ino;
}

// The lock goes with the descriptor, also when the process is killed. Returns
// none when somebody has it, or had it and has removed the file: try again.
result<unique_fd> try_lock(int folder, const std::string& name) {
  constexpr auto flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  unique_fd file{::openat(folder, name.c_str(), flags, S_IRUSR | S_IWUSR)};
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0)
    return failure{std::strerror(errno)};
  if (found.st_nlink == 0)
    return unique_fd{};
  if (auto fault = fault_of_lock(found); !fault.empty())
    return failure{fault};
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0
      || !is_at(folder, name.c_str(), found))
    return unique_fd{};
  return file;
}

result<unique_fd> open_folder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return no_lock(path, std::strerror(errno));
  unique_fd folder{
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat found {};
  if (!folder || ::fstat(folder.get(), &found) != 0)
    return no_lock(path, std::strerror(errno));
  if (auto fault = fault_of_folder(found, socket_side::node); !fault.empty())
    return no_lock(path, fault);
  return folder;
}

} // namespace

std::string fault_of_folder(const std::string& path, socket_side side) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return std::strerror(errno);
  return fault_of_folder(found, side);
}

// A node's own socket is safe in a sticky folder; but anybody may have put
// others there.
std::string fault_of_socket(const std::string& path) {
  auto folder = std::filesystem::path{path}.parent_path().string();
  struct stat in {};
  struct stat found {};
  if (::stat(folder.c_str(), &in) != 0 || ::stat(path.c_str(), &found) != 0)
    return "";
  if (auto fault = fault_of_folder(in, socket_side::operator_of_it);
      !fault.empty())
    return fault;
  auto of_its_service = ::geteuid() == 0 && found.st_uid == in.st_uid;
  return is_ours(found.st_uid) || of_its_service ? "" : belongs_to_others;
}

folder_lock::folder_lock(unique_fd folder, unique_fd file, std::string name)
    : folder_{std::move(folder)},
      file_{std::move(file)},
      name_{std::move(name)} {}

// While it is locked, so that nobody's is removed who comes later.
folder_lock::~folder_lock() {
  if (file_)
    ::unlinkat(folder_.get(), name_.c_str(), 0);
}

result<folder_lock> folder_lock::take(const std::string& folder) {
  auto opened = open_folder(folder);
  if (!opened)
    return opened.error();
  auto name = lock_name();
  auto give_up = std::chrono::steady_clock::now() + folder_patience;
  for (;;) {
    auto file = try_lock(opened->get(), name);
    if (!file)
      return no_lock(folder + "/" + name, file.error().what);
    if (*file)
      return folder_lock{std::move(*opened), std::move(*file), name};
    if (std::chrono::steady_clock::now() >= give_up)
      return no_lock(folder + "/" + name, "another node holds it (flock)");
    std::this_thread::sleep_for(folder_step);
  }
}

} // namespace wsrelay
