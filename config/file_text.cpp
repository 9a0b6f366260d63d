// Reads a file into a string.
#include "config/file_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace wsrelay {

namespace {

failure unreadable(int error) {
  return {fmt::format("cannot be read: {}",
                      std::generic_category().message(error))};
}

} // namespace

result<std::string> read_file(const std::string& path, std::size_t max_size) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none))
    return unreadable(EISDIR);
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return unreadable(errno);
  std::string text(max_size + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad())
    return unreadable(EIO);
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

} // namespace wsrelay
