// Types of files.
#include "net/http/content_type.hpp"

#include "protocol/text.hpp"

#include <algorithm>
#include <array>

namespace wsrelay {

namespace {

struct entry {
  std::string_view ending;
  std::string_view type;
};

constexpr bool operator<(const entry& a, const entry& b) {
  return a.ending < b.ending;
}

// Sorted. Text says its charset; JSON and XML have rules of their own.
constexpr entry types[] = {
    {"3gp", "video/3gpp"},
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"cjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"glb", "model/gltf-binary"},
    {"gltf", "model/gltf+json"},
    {"gz", "application/gzip"},
    {"heic", "image/heic"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", "text/plain; charset=utf-8"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4s", "video/iso.segment"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mkv", "video/matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"ts", "video/mp2t"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};
static_assert(std::is_sorted(std::begin(types), std::end(types)));

constexpr std::string_view unknown = "application/octet-stream";

// Longer than any ending in the table.
constexpr std::size_t max_ending = 15;

} // namespace

std::string_view content_type(std::string_view file) noexcept {
  auto dot = file.rfind('.');
  if (dot == file.npos || file.size() - dot - 1 > max_ending)
    return unknown;
  std::array<char, max_ending> text;
  auto end = std::transform(file.begin() + dot + 1, file.end(), text.begin(),
                            [](char c) { return to_lower(c); });
  entry wanted{{text.data(), static_cast<std::size_t>(end - text.begin())}, {}};
  auto found = std::lower_bound(std::begin(types), std::end(types), wanted);
  return found != std::end(types) && found->ending == wanted.ending
             ? found->type
             : unknown;
}

std::string media_type_of(const http_fields& fields) {
  auto value = find_field(fields, "Content-Type").value_or("");
  return to_lower(trim(value.substr(0, value.find(';'))));
}

bool is_text_type(std::string_view media_type) noexcept {
  return media_type.starts_with("text/") || media_type == "application/json"
         || media_type.ends_with("+json");
}

} // namespace wsrelay
