// Files of a test's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace wsrelay::test {

/// A folder that is gone with it.
class temporary_folder {
public:
  temporary_folder() {
    auto pattern =
        (std::filesystem::temp_directory_path() / "wsrelay.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~temporary_folder() { std::filesystem::remove_all(path_); }

  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

  void write(std::string_view name, std::string_view text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
  }

  /// Sets when a file was last changed, since 1970.
  void set_time(std::string_view name, std::int64_t seconds,
                std::int64_t nanoseconds = 0) const {
    using clock = std::filesystem::file_time_type::clock;
    auto time = clock::from_sys(std::chrono::sys_time<std::chrono::nanoseconds>{
        std::chrono::seconds{seconds} + std::chrono::nanoseconds{nanoseconds}});
    std::filesystem::last_write_time(path_ / name, time);
  }

private:
  std::filesystem::path path_;
};

} // namespace wsrelay::test
