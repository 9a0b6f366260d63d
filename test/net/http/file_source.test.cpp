// Bodies that come from a file.
#include "net/http/file_source.hpp"

#include "test/net/http/file_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <thread>

namespace wsrelay::file_source_test {

namespace fs = std::filesystem;

namespace {

// No two pieces of it are equal.
std::string pattern(std::size_t size) {
  std::string result;
  result.reserve(size + 16);
  while (result.size() < size)
    result += fmt::format("{:x}.", result.size());
  result.resize(size);
  return result;
}

struct fixture : test::file_fixture {
  std::unique_ptr<body_source> source(std::uint64_t first, std::uint64_t size) {
    auto found = root_folder{settings.root}.open("data");
    REQUIRE(found.file);
    return make_file_source(door, pool, found.file, first, size);
  }

  void write(std::string_view bytes) { folder.write("root/data", bytes); }

  void hold_pool() {
    pool = std::make_shared<file_pool>(1);
    REQUIRE(pool->run([this](bool) {
      begun.set_value();
      go.get_future().wait();
    }));
    begun.get_future().wait();
  }

  // Until all that was asked of it has happened.
  void wait_for_pool() {
    std::promise<void> last;
    REQUIRE(pool->run([&](bool) { last.set_value(); }));
    last.get_future().wait();
  }

  std::promise<void> begun;
  std::promise<void> go;
};

constexpr auto piece = static_cast<std::uint64_t>(file_piece);

} // namespace

TEST_CASE_FIXTURE(fixture, "a body comes whole in pieces of bounded size") {
  for (auto size : {std::uint64_t{0}, std::uint64_t{1}, piece - 1, piece,
                    piece + 1, 2 * piece, 3 * piece + 7}) {
    auto bytes = pattern(size);
    write(bytes);
    auto body = source(0, size);
    CHECK(body->size() == size);
    std::string found;
    std::size_t pieces = 0;
    for (;;) {
      auto next = read(*body);
      REQUIRE(next);
      if (next->empty())
        break;
      CHECK(next->size() <= file_piece);
      ++pieces;
      found += next->view();
    }
    CHECK(found == bytes);
    CHECK(pieces == (size + piece - 1) / piece);
    CHECK(read(*body).value().empty());
  }
}

TEST_CASE_FIXTURE(fixture, "a body may be a part of a file") {
  auto bytes = pattern(3 * file_piece);
  write(bytes);
  for (auto first : {std::uint64_t{0}, std::uint64_t{1}, piece - 1, piece})
    for (auto size : {std::uint64_t{1}, piece - 1, piece, piece + 1}) {
      http_answer answer;
      answer.source = source(first, size);
      CHECK(read_all(answer) == bytes.substr(first, size));
    }
}

TEST_CASE_FIXTURE(fixture,
                  "a file beyond four gigabytes is read at any place") {
  write("");
  constexpr std::uint64_t size = 5ull << 30;
  fs::resize_file(folder / "root/data", size - 5);
  std::ofstream{folder / "root/data", std::ios::app | std::ios::binary}
      << "tail!";
  http_answer answer;
  answer.source = source(size - 10, 10);
  CHECK(read_all(answer) == std::string(5, '\0') + "tail!");
  auto whole = source(0, size);
  CHECK(whole->size() == size);
  CHECK(read(*whole).value().size() == file_piece);
}

TEST_CASE_FIXTURE(fixture, "the rest is lost when the file became shorter") {
  write(pattern(3 * file_piece));
  auto body = source(0, 3 * piece);
  CHECK(read(*body).value().size() == file_piece);
  fs::resize_file(folder / "root/data", 2 * piece);
  CHECK(read(*body).value().size() == file_piece);
  CHECK_FALSE(read(*body));
  CHECK_FALSE(read(*body));
}

TEST_CASE_FIXTURE(fixture, "a piece that is not all there any more is lost") {
  write(pattern(2 * file_piece));
  auto body = source(0, 2 * piece);
  CHECK(read(*body));
  fs::resize_file(folder / "root/data", 2 * piece - 1);
  CHECK_FALSE(read(*body));
}

TEST_CASE_FIXTURE(fixture, "a file that was deleted is sent to its end") {
  auto bytes = pattern(2 * file_piece);
  write(bytes);
  http_answer answer;
  answer.source = source(0, bytes.size());
  fs::remove(folder / "root/data");
  CHECK(read_all(answer) == bytes);
}

TEST_CASE_FIXTURE(fixture, "nobody is called once the source is gone") {
  write(pattern(file_piece));
  auto body = source(0, piece);
  auto called = false;
  body->read([&](auto&&) { called = true; });
  home.wait_for_post();
  body.reset();
  home.run_ready();
  CHECK_FALSE(called);
}

TEST_CASE_FIXTURE(fixture, "a source may go while its read waits") {
  write(pattern(file_piece));
  hold_pool();
  auto file = root_folder{settings.root}.open("data").file;
  std::weak_ptr<const open_file> held = file;
  auto body = make_file_source(door, pool, std::move(file), 0, piece);
  auto called = false;
  body->read([&](auto&&) { called = true; });
  body.reset();
  go.set_value();
  wait_for_pool();
  CHECK(held.expired());
  CHECK(home.post_count() == 0);
  CHECK_FALSE(called);
}

TEST_CASE_FIXTURE(fixture, "nobody is told once the loop is gone") {
  write(pattern(file_piece));
  hold_pool();
  auto body = source(0, piece);
  body->read([&](auto&&) { FAIL("called"); });
  door->close();
  go.set_value();
  wait_for_pool();
  CHECK(home.post_count() == 0);
}

TEST_CASE_FIXTURE(fixture, "a source may be destroyed by whom it calls") {
  write(pattern(file_piece));
  auto body = source(0, piece);
  auto called = false;
  body->read([&](auto&&) {
    body.reset();
    called = true;
  });
  home.run_until([&] { return called; });
  CHECK_FALSE(body);
}

TEST_CASE_FIXTURE(fixture, "the rest is lost when the pool stops") {
  write(pattern(2 * file_piece));
  hold_pool();
  auto body = source(0, 2 * piece);
  std::optional<std::optional<shared_buffer>> found;
  body->read([&](auto&& bytes) { found = std::move(bytes); });
  // The job that runs is let go only once the stop has taken the read.
  std::thread helper{[&] {
    while (pool->run([](bool) {}))
      std::this_thread::yield();
    go.set_value();
  }};
  pool->stop(file_pool::time_point::max());
  helper.join();
  auto posted = home.post_count();
  home.run_until([&] { return found.has_value(); });
  CHECK_FALSE(*found);
  CHECK_FALSE(read(*body));
  CHECK_FALSE(read(*body));
  CHECK(home.post_count() == posted);
}

TEST_CASE_FIXTURE(fixture, "a transfer goes on when nothing new is let in") {
  auto bytes = pattern(3 * file_piece);
  write(bytes);
  pool = std::make_shared<file_pool>(1, 0);
  CHECK_FALSE(pool->try_run([](bool) {}));
  http_answer answer;
  answer.source = source(0, bytes.size());
  CHECK(read_all(answer) == bytes);
}

} // namespace wsrelay::file_source_test
