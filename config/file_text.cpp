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

result<std::string> read_secret(const std::string& path) {
  auto text = read_file(path, max_secret_size);
  if (!text)
    return failure{fmt::format("{}: {}", text.error().what, path)};
  if (text->size() > max_secret_size)
    return failure{fmt::format("larger than {} bytes", max_secret_size)};
  text->resize(text->find_last_not_of("\r\n") + 1);
  if (text->empty())
    return failure{"the file is empty"};
  return text;
}

checked check_certificate_file(const std::string& path) {
  std::error_code none;
  auto status = std::filesystem::status(path, none);
  // A pipe would make the reader wait for a writer.
  if (exists(status) && !is_regular_file(status))
    return failure{fmt::format("is not a file: {}", path)};
  auto text = read_file(path, max_certificate_file);
  if (!text)
    return failure{fmt::format("{}: {}", text.error().what, path)};
  if (text->size() > max_certificate_file)
    return failure{fmt::format("larger than {} bytes", max_certificate_file)};
  // RFC 7468 section 5.1, and OpenSSL's form with its own trust settings.
  for (auto label :
       {"-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"}) {
    if (text->find(label) != std::string::npos)
      return passed();
  }
  return failure{fmt::format("holds no PEM certificate: {}", path)};
}

} // namespace wsrelay
