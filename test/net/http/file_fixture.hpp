// A folder with files, a secret beside it, and requests for what is in it.
#pragma once

#include "net/http/static_files.hpp"
#include "protocol/http_fields.hpp"
#include "test/net/http/fake_loop.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace wsrelay::test {

/// Asks for files of "root" in a temporary folder, with a pool of its own.
struct file_fixture {
  file_fixture() {
    std::filesystem::create_directories(folder / "root/sub/empty");
    folder.write("secret.txt", "secret");
    folder.write("root/index.html", "<p>index</p>");
    folder.write("root/sub/index.html", "<p>sub</p>");
    folder.write("root/app.js", "app();");
    folder.write("root/a b", "blank");
    folder.write("root/empty.css", "");
    folder.set_time("root/app.js", modified);
    settings.root = (folder / "root").string();
  }

  /// Sun, 06 Nov 1994 08:49:37 GMT.
  static constexpr std::int64_t modified = 784111777;

  static http_request make_request(const std::string& file,
                                   http_fields fields = {},
                                   std::string method = "GET") {
    http_request request;
    request.method = std::move(method);
    request.path = request.target = '/' + file;
    request.headers = std::move(fields);
    return request;
  }

  http_answer ask(const static_match& match, const http_request& request) {
    std::optional<http_answer> found;
    auto call = files.get(door, match, request, [&](http_answer answer) {
      CHECK_FALSE(found);
      found = std::move(answer);
    });
    home.run_until([&] { return found.has_value(); });
    return std::move(*found);
  }

  http_answer ask(const std::string& file, http_fields fields = {},
                  std::string method = "GET") {
    return ask({&settings, file},
               make_request(file, std::move(fields), std::move(method)));
  }

  http_response get(const std::string& file, http_fields fields = {}) {
    return ask(file, std::move(fields)).response;
  }

  /// The next piece of a source.
  std::optional<shared_buffer> read(body_source& source) {
    std::optional<shared_buffer> result;
    auto done = false;
    source.read([&](std::optional<shared_buffer> piece) {
      CHECK_FALSE(done);
      result = std::move(piece);
      done = true;
    });
    home.run_until([&] { return done; });
    return result;
  }

  /// The whole body; nothing when the rest was lost.
  std::optional<std::string> read_all(http_answer& answer) {
    if (!answer.source)
      return std::string{answer.response.body.view()};
    std::string result;
    for (;;) {
      auto piece = read(*answer.source);
      if (!piece)
        return std::nullopt;
      if (piece->empty())
        return result;
      result += piece->view();
    }
  }

  static std::string header(const http_response& response,
                            std::string_view name) {
    return std::string{find_field(response.headers, name).value_or("none")};
  }

  temporary_folder folder;
  fake_loop home;
  std::shared_ptr<loop_door> door = std::make_shared<loop_door>(home);
  std::shared_ptr<file_pool> pool = std::make_shared<file_pool>();
  static_files files{pool};
  static_config settings;
};

} // namespace wsrelay::test
