// Static files.
#include "net/http/static_files.hpp"

#include "net/http/problem_response.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <variant>

namespace wsrelay {

namespace {

namespace fs = std::filesystem;

http_response not_found() {
  return to_response({404, "path", "there is nothing here"});
}

// FNV-1a: an entity tag needs to differ, not to resist anybody.
std::string entity_tag(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 1099511628211u;
  return fmt::format("\"{:x}-{:016x}\"", bytes.size(), hash);
}

http_response file_response(std::string_view file, std::string_view bytes,
                            const http_fields& request_headers) {
  http_response result;
  auto tag = entity_tag(bytes);
  result.headers = {{"Content-Type", std::string{content_type(file)}},
                    {"Cache-Control", "no-cache"},
                    {"ETag", tag},
                    {"X-Content-Type-Options", "nosniff"}};
  // The comparison is a weak one (RFC 9110 section 13.1.2).
  auto known = find_field(request_headers, "If-None-Match");
  if (known
      && (*known == "*" || has_token(*known, tag)
          || has_token(*known, "W/" + tag)))
    result.status = 304;
  else
    result.body = shared_buffer{bytes};
  return result;
}

bool is_below(const fs::path& path, const fs::path& root) {
  auto mismatch =
      std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return mismatch.first == root.end();
}

// The real path of a regular file below the root.
std::optional<fs::path> locate(const std::string& root,
                               const std::string& file) {
  std::error_code ec;
  auto real_root = fs::canonical(root, ec);
  if (ec)
    return std::nullopt;
  auto real = fs::canonical(real_root / file, ec);
  if (ec || !is_below(real, real_root) || !fs::is_regular_file(real, ec))
    return std::nullopt;
  return real;
}

http_response disk_file(const static_config& files, const std::string& file,
                        const http_fields& request_headers) {
  auto path = locate(files.root, file);
  if (!path)
    return not_found();
  std::error_code ec;
  if (fs::file_size(*path, ec) > max_static_file || ec)
    return to_response({413, "size", "the file is too large"});
  std::ifstream stream{*path, std::ios::binary};
  if (!stream)
    return not_found();
  std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
  return file_response(file, bytes, request_headers);
}

} // namespace

http_response static_files::get(const static_config& files,
                                const std::string& file,
                                const http_fields& request_headers) const {
  auto is_folder = file.empty() || file.back() == '/';
  auto name = is_folder ? file + files.index : file;
  if (files.root.rfind("builtin:", 0) != 0)
    return disk_file(files, name, request_headers);
  auto bytes = builtin_file(files.root, name);
  return bytes ? file_response(name, *bytes, request_headers) : not_found();
}

std::string_view content_type(std::string_view file) noexcept {
  struct entry {
    std::string_view ending;
    std::string_view type;
  };
  constexpr std::array<entry, 16> types{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
      {".md", "text/markdown; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
  }};
  for (auto& [ending, type] : types)
    if (file.ends_with(ending))
      return type;
  return "application/octet-stream";
}

} // namespace wsrelay
