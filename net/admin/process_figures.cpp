// proc(5).
#include "net/admin/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace wsrelay {

namespace {

std::string read_all(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

double boot_time() {
  std::istringstream text{read_all("/proc/stat")};
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("btime "))
      return std::stod(line.substr(6));
  return 0;
}

std::uint64_t count_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator all{"/proc/self/fd", error};
  if (error)
    return 0;
  auto count = std::distance(begin(all), end(all));
  return static_cast<std::uint64_t>(count) - 1; // its own
}

} // namespace

// Of /proc/self/stat the fields behind the name, which may hold anything.
process_figures read_process_figures() {
  process_figures result;
  auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  auto stat = read_all("/proc/self/stat");
  if (auto name_end = stat.rfind(')'); name_end != stat.npos) {
    std::istringstream fields{stat.substr(name_end + 1)};
    std::string skipped;
    for (int field = 3; field < 14; ++field)
      fields >> skipped;
    double user = 0, system = 0, start = 0;
    fields >> user >> system >> skipped >> skipped >> skipped >> skipped
        >> result.threads >> skipped >> start >> result.virtual_bytes
        >> result.resident_bytes;
    result.cpu_seconds = (user + system) / ticks;
    result.resident_bytes *= page;
    static const auto boot = boot_time();
    result.start_time = boot + start / ticks;
  }
  result.descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    result.max_descriptors = limit.rlim_cur;
  return result;
}

} // namespace wsrelay
