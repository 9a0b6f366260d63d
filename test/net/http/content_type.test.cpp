// Types of files.
#include "net/http/content_type.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace wsrelay::content_type_test {

TEST_CASE("the type of a file is known by its ending") {
  std::pair<std::string_view, std::string_view> known[] = {
      {"a/b.html", "text/html; charset=utf-8"},
      {"a.htm", "text/html; charset=utf-8"},
      {"x.min.css", "text/css; charset=utf-8"},
      {"x.js", "text/javascript; charset=utf-8"},
      {"x.mjs", "text/javascript; charset=utf-8"},
      {"x.json", "application/json"},
      {"x.js.map", "application/json"},
      {"x.txt", "text/plain; charset=utf-8"},
      {"x.md", "text/markdown; charset=utf-8"},
      {"x.csv", "text/csv; charset=utf-8"},
      {"x.xml", "application/xml"},
      {"x.svg", "image/svg+xml"},
      {"x.png", "image/png"},
      {"x.jpg", "image/jpeg"},
      {"x.jpeg", "image/jpeg"},
      {"x.gif", "image/gif"},
      {"x.webp", "image/webp"},
      {"x.avif", "image/avif"},
      {"x.ico", "image/x-icon"},
      {"x.bmp", "image/bmp"},
      {"x.woff", "font/woff"},
      {"x.woff2", "font/woff2"},
      {"x.ttf", "font/ttf"},
      {"x.otf", "font/otf"},
      {"x.eot", "application/vnd.ms-fontobject"},
      {"x.wasm", "application/wasm"},
      {"x.pdf", "application/pdf"},
      {"x.mp4", "video/mp4"},
      {"x.webm", "video/webm"},
      {"x.ogg", "audio/ogg"},
      {"x.mp3", "audio/mpeg"},
      {"x.wav", "audio/wav"},
      {"x.flac", "audio/flac"},
      {"x.m4a", "audio/mp4"},
      {"x.weba", "audio/webm"},
      {"x.webmanifest", "application/manifest+json"},
      {"x.zip", "application/zip"},
      {"x.tar.gz", "application/gzip"},
      {"x.tar", "application/x-tar"},
      {"x.7z", "application/x-7z-compressed"},
      {"x.jsonld", "application/ld+json"},
      {"x.rss", "application/rss+xml"},
      {"x.atom", "application/atom+xml"},
      {"x.ics", "text/calendar; charset=utf-8"},
      {"x.vtt", "text/vtt; charset=utf-8"},
      {"x.yaml", "application/yaml"},
      {"x.yml", "application/yaml"},
      {"x.3gp", "video/3gpp"},
      {"x.zst", "application/zstd"},
  };
  for (auto& [name, type] : known)
    CHECK(content_type(name) == type);
}

TEST_CASE("the case of an ending does not matter") {
  CHECK(content_type("INDEX.HTML") == "text/html; charset=utf-8");
  CHECK(content_type("Photo.JpEg") == "image/jpeg");
}

TEST_CASE("a file with another ending is bytes") {
  for (auto name : {"", "html", "x.", ".", "x.html.exe", "x.htmlx", "x.htm l",
                    "x.webmanifestx", "x.html/", "a.html/b", "x.\xff"})
    CHECK(content_type(name) == "application/octet-stream");
  // An ending of the greatest length that is looked at, and one more.
  for (auto size : {14, 15, 16, 100000})
    CHECK(content_type("x." + std::string(size, 'a'))
          == "application/octet-stream");
}

TEST_CASE("a media type is without case and parameters") {
  auto type_of = [](std::string value) {
    return media_type_of({{"content-type", std::move(value)}});
  };
  CHECK(type_of("Text/Plain; charset=utf-8") == "text/plain");
  CHECK(type_of(" application/json ;x") == "application/json");
  CHECK(type_of("") == "");
  CHECK(media_type_of({}) == "");
  for (auto text : {"text/plain", "text/x", "application/json", "a/b+json"})
    CHECK(is_text_type(text));
  for (auto bytes : {"", "application/octet-stream", "image/png", "xtext/plain",
                     "application/jsonx"})
    CHECK_FALSE(is_text_type(bytes));
}

} // namespace wsrelay::content_type_test
