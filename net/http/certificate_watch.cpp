// inotify(7), and stat(2).
#include "net/http/certificate_watch.hpp"

#include "actors/log.hpp"
#include "net/loop/guard.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

namespace wsrelay {

namespace {

// What nobody told of is seen after this time.
constexpr std::chrono::minutes patience{1};

// Of one file that is not there: its folder may be another one when it comes.
constexpr std::chrono::seconds short_patience{1};

constexpr int max_links = 40; // as path_resolution(7)

// A folder in which something changes all the time holds nothing up.
constexpr int max_settlings = 10;

constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE
                                  | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB
                                  | IN_DELETE_SELF | IN_MOVE_SELF;

// Adds the folders in which a change may lead to another file: that of each
// symbolic link on the way, and the last one.
void add_folders(const std::filesystem::path& file, std::set<std::string>& out,
                 int links = 0) {
  std::error_code none;
  std::filesystem::path way;
  for (auto part = file.begin(); part != file.end(); ++part) {
    auto folder = way;
    way /= *part;
    if (!std::filesystem::is_symlink(way, none))
      continue;
    out.insert(folder);
    if (++links > max_links)
      return;
    auto next = folder / std::filesystem::read_symlink(way, none);
    while (++part != file.end())
      next /= *part;
    return add_folders(next, out, links);
  }
  out.insert(way.parent_path());
}

} // namespace

certificate_watch::certificate_watch(std::vector<std::string> files,
                                     std::function<void()> changed,
                                     std::chrono::milliseconds period)
    : files_{std::move(files)},
      changed_{std::move(changed)},
      period_{period},
      last_call_{std::chrono::steady_clock::now()},
      events_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)},
      wake_up_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  if (!wake_up_)
    throw std::system_error{errno, std::system_category(), "eventfd"};
  if (!events_)
    log(log_part::http)
        .warn("changes of certificates are seen late: reason={}"
              " hint=\"raise fs.inotify.max_user_instances, or wsrelay reload "
              "after a renewal\"",
              json_string(std::strerror(errno)));
  watch_folders(); // first: what changes from now on is told
  seen_ = sight();
  thread_ = std::thread{[this] { run(); }};
}

certificate_watch::~certificate_watch() {
  ending_ = true;
  ::eventfd_write(wake_up_.get(), 1);
  thread_.join();
}

void certificate_watch::call_now() {
  asked_ = true;
  ::eventfd_write(wake_up_.get(), 1);
}

void certificate_watch::run() {
  ::pthread_setname_np(::pthread_self(), "wsrelay.certs");
  while (!ending_)
    guarded("certificates", [this] { look(); }); // memory may be short
}

void certificate_watch::look() {
  if (!wait_for_news())
    return;
  watch_folders(); // links may lead elsewhere now
  auto now = sight();
  auto time = std::chrono::steady_clock::now();
  auto is_due = asked_.exchange(false) || time - last_call_ >= period_;
  if (ending_ || (std::exchange(seen_, now) == now && !is_due))
    return;
  last_call_ = time;
  changed_();
}

void certificate_watch::watch_folders() {
  if (!events_)
    return;
  std::set<std::string> folders;
  for (auto& file : files_)
    add_folders(file, folders);
  for (auto& folder : folders) // one that is watched stays so
    ::inotify_add_watch(events_.get(), folder.c_str(), changes);
}

// Returns whether it is time to look: something happened and has settled, it
// was asked, or nothing was told for long.
bool certificate_watch::wait_for_news() {
  auto is_gone = seen_.find('-') != seen_.npos;
  std::chrono::milliseconds longest = is_gone ? short_patience : patience;
  auto happened = wait(std::min(longest, period_));
  for (int i = 0; happened && !asked_ && !ending_ && i < max_settlings; ++i)
    if (!wait(settling))
      break;
  return !ending_;
}

// Returns whether something happened.
bool certificate_watch::wait(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> both{pollfd{wake_up_.get(), POLLIN, 0},
                             pollfd{events_.get(), POLLIN, 0}};
  auto count = events_ ? both.size() : 1;
  auto happened =
      ::poll(both.data(), count, static_cast<int>(limit.count())) > 0;
  eventfd_t ignored = 0;
  ::eventfd_read(wake_up_.get(), &ignored);
  take_events();
  return happened;
}

// What it was does not matter.
void certificate_watch::take_events() {
  std::array<char, 4096> events;
  while (events_ && ::read(events_.get(), events.data(), events.size()) > 0) {
  }
}

// Differs when a file does.
std::string certificate_watch::sight() const {
  std::string result;
  for (auto& file : files_) {
    struct stat seen {};
    if (::stat(file.c_str(), &seen) == 0)
      fmt::format_to(std::back_inserter(result), "{} {} {} {}.{} {}.{};",
                     seen.st_dev, seen.st_ino, seen.st_size,
                     seen.st_mtim.tv_sec, seen.st_mtim.tv_nsec,
                     seen.st_ctim.tv_sec, seen.st_ctim.tv_nsec);
    else
      result += "-;";
  }
  return result;
}

} // namespace wsrelay
