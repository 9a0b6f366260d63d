// Opens files without being led out of a folder.
#include "net/http/open_below.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wsrelay {

namespace {

namespace fs = std::filesystem;

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr int file_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

template <class Function>
int retry(Function call) {
  int result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// glibc 2.36 has no function for it.
int open_beneath(int root, const char* name) {
  open_how how{};
  how.flags = file_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return retry([&] {
    return static_cast<int>(
        ::syscall(SYS_openat2, root, name, &how, sizeof(how)));
  });
}

// What tells only that the kernel did not want to judge: an absolute link or
// one by way of the outside, a rename meanwhile, an old kernel, a sandbox.
bool is_undecided(int error) {
  return error == EXDEV || error == EAGAIN || error == ENOSYS || error == EPERM
         || error == EINVAL;
}

entry_kind kind_of(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
    case EAGAIN:
      return entry_kind::unavailable;
    default:
      return entry_kind::missing;
  }
}

// The path of `path` relative to `root`, both real; nothing if it is outside.
std::optional<fs::path> below(const fs::path& root, const fs::path& path) {
  auto [root_end, rest] =
      std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  if (root_end != root.end())
    return std::nullopt;
  fs::path result;
  for (; rest != path.end(); ++rest)
    result /= *rest;
  return result;
}

// Opens a path that has no links, step by step: one that has appeared since is
// not followed.
unique_fd walk(int root, const fs::path& path) {
  unique_fd holder;
  auto at = root;
  auto step = [&](const fs::path& name, int flags) {
    holder = unique_fd{
        retry([&] { return ::openat(at, name.c_str(), flags | O_NOFOLLOW); })};
    at = holder.get();
    return static_cast<bool>(holder);
  };
  for (auto& name : path.parent_path())
    if (!step(name, folder_flags))
      return {};
  auto last = path.filename();
  step(last.empty() ? "." : last, file_flags);
  return holder;
}

std::shared_ptr<open_file> describe(unique_fd fd, const struct ::stat& info) {
  return std::make_shared<open_file>(open_file{
      std::move(fd), info.st_ino, static_cast<std::uint64_t>(info.st_size),
      info.st_mtim.tv_sec, static_cast<std::uint32_t>(info.st_mtim.tv_nsec)});
}

} // namespace

root_folder::root_folder(const std::string& path)
    : path_{path},
      root_{retry([&] { return ::open(path.c_str(), folder_flags); })},
      error_{root_ ? 0 : errno} {}

found_entry root_folder::open(const std::string& name) const {
  if (!root_)
    return {kind_of(error_)};
  auto fd = open_below(name);
  if (!fd)
    return {kind_of(errno)};
  struct ::stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return {entry_kind::unavailable};
  if (S_ISDIR(info.st_mode))
    return {entry_kind::folder};
  if (!S_ISREG(info.st_mode))
    return {entry_kind::missing};
  return {entry_kind::file, describe(std::move(fd), info)};
}

// Sets errno where it returns none.
unique_fd root_folder::open_below(const std::string& name) const {
  unique_fd fd{open_beneath(root_.get(), name.c_str())};
  return fd || !is_undecided(errno) ? std::move(fd) : open_real(name);
}

unique_fd root_folder::open_real(const std::string& name) const {
  std::error_code ec;
  auto root = fs::canonical(path_, ec);
  auto real = ec ? fs::path{} : fs::canonical(root / name, ec);
  auto rest = ec ? std::nullopt : below(root, real);
  if (rest)
    return walk(root_.get(), *rest);
  errno = ec ? ec.value() : ENOENT;
  return {};
}

bool read_fully(const open_file& file, char* out, std::size_t count,
                std::uint64_t offset) noexcept {
  while (count > 0) {
    auto taken =
        ::pread(file.fd.get(), out, count, static_cast<::off_t>(offset));
    if (taken < 0 && errno == EINTR)
      continue;
    if (taken <= 0)
      return false;
    out += taken;
    count -= static_cast<std::size_t>(taken);
    offset += static_cast<std::uint64_t>(taken);
  }
  return true;
}

} // namespace wsrelay
