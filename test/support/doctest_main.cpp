// The main function of every unit test program. A test case that hangs is
// named, and ends the program before CTest does without a word.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace {

constexpr unsigned seconds_of_a_case = 120; // CTest gives the program 300

// What is wrong is told by doctest, which has a handler of its own for aborts.
void on_alarm(int) {
  constexpr char text[] = "a test case has taken more than two minutes\n";
  [[maybe_unused]] auto written = write(2, text, sizeof(text) - 1);
  std::abort();
}

struct watchdog : doctest::IReporter {
  explicit watchdog(const doctest::ContextOptions&) {
    std::signal(SIGALRM, on_alarm);
  }

  void test_case_start(const doctest::TestCaseData&) override {
    alarm(seconds_of_a_case);
  }
  void test_case_reenter(const doctest::TestCaseData&) override {
    alarm(seconds_of_a_case);
  }
  void test_case_end(const doctest::CurrentTestCaseStats&) override {
    alarm(0);
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("watchdog", 1, watchdog);

} // namespace
