// What the kernel says of this process.
#include "net/admin/process_figures.hpp"

#include <doctest/doctest.h>

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <thread>

namespace wsrelay::process_figures_test {

namespace {

double unix_seconds() {
  return std::chrono::duration<double>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

TEST_CASE("a process has memory, threads, descriptors and a beginning") {
  auto told = read_process_figures();
  CHECK(told.resident_bytes > 1024 * 1024);
  CHECK(told.virtual_bytes >= told.resident_bytes);
  CHECK(told.resident_bytes < 64ull * 1024 * 1024 * 1024);
  CHECK(told.threads >= 1);
  CHECK(told.descriptors >= 1);
  CHECK(told.max_descriptors >= told.descriptors);
  CHECK(told.cpu_seconds >= 0);
  CHECK(told.start_time <= unix_seconds() + 2); // whole seconds, as btime
  CHECK(told.start_time > unix_seconds() - 24 * 60 * 60);
}

TEST_CASE("a descriptor that is open is counted") {
  auto before = read_process_figures().descriptors;
  auto more = ::dup(1);
  REQUIRE(more >= 0);
  CHECK(read_process_figures().descriptors == before + 1);
  ::close(more);
  CHECK(read_process_figures().descriptors == before);
}

TEST_CASE("a thread that runs is counted") {
  auto before = read_process_figures().threads;
  std::promise<void> enough;
  std::thread other{[done = enough.get_future()]() mutable { done.wait(); }};
  CHECK(read_process_figures().threads == before + 1);
  enough.set_value();
  other.join();
}

TEST_CASE("a name with blanks and brackets does not move the fields") {
  char before[16] = {};
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, "a) 7 (b c");
  auto told = read_process_figures();
  ::prctl(PR_SET_NAME, before);
  CHECK(told.resident_bytes > 1024 * 1024);
  CHECK(told.virtual_bytes >= told.resident_bytes);
  CHECK(told.start_time > unix_seconds() - 24 * 60 * 60);
}

} // namespace wsrelay::process_figures_test
