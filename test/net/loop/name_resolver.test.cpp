// Names, looked up by functions that tests hold up at will.
#include "net/loop/name_resolver.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <stdexcept>

namespace wsrelay::name_resolver_test {

using namespace wsrelay::test;

namespace {

using boost::asio::ip::make_address;

// The look-ups, which may outlive a test: names that begin with "slow" wait
// until they are let go.
class directory {
public:
  name_result look_up(const std::string& host) {
    std::unique_lock guard{mutex_};
    ++asked_[host];
    changed_.notify_all();
    changed_.wait(guard, [&] { return !host.starts_with("slow") || free_; });
    if (host.ends_with("throws"))
      throw std::runtime_error{"it throws"};
    if (host.ends_with("missing"))
      return failure{"no such name"};
    return std::vector{make_address("192.0.2.1"), make_address("2001:db8::1")};
  }

  int asked(const std::string& host) {
    std::unique_lock guard{mutex_};
    return asked_[host];
  }

  void let_go() {
    std::unique_lock guard{mutex_};
    free_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> asked_;
  bool free_ = false;
};

struct fixture : loop_fixture {
  using answer_ptr = std::shared_ptr<std::promise<name_result>>;
  using question_ptr = std::shared_ptr<name_resolver::question>;

  fixture() {
    options.lookup = [names = names](const std::string& host) {
      return names->look_up(host);
    };
    options.now = [clock = clock] { return time_point{clock->load()}; };
    options.max_lookups = 4;
  }

  ~fixture() {
    names->let_go();
    door->close();
    home.stop();
  }

  std::future<name_result> ask(const std::string& host) {
    if (!resolver)
      resolver = std::make_unique<name_resolver>(options);
    auto promise = std::make_shared<std::promise<name_result>>();
    home.call([&] {
      questions.push_back(
          resolver->find(door, host, [promise](const name_result& found) {
            promise->set_value(found);
          }));
    });
    return promise->get_future();
  }

  name_result get(std::future<name_result> from) {
    REQUIRE(from.wait_for(patience) == std::future_status::ready);
    return from.get();
  }

  void advance(milliseconds by) { *clock = clock->load() + by; }

  std::shared_ptr<directory> names = std::make_shared<directory>();
  std::shared_ptr<std::atomic<time_point::duration>> clock =
      std::make_shared<std::atomic<time_point::duration>>(1h);
  name_resolver_options options;
  std::unique_ptr<name_resolver> resolver;
  std::shared_ptr<loop_door> door = std::make_shared<loop_door>(home);
  std::vector<question_ptr> questions; // of the loop's thread
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a name has its addresses in order, or a reason") {
  auto found = get(ask("a"));
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK(found->front() == make_address("192.0.2.1"));
  auto missing = get(ask("missing"));
  REQUIRE(!missing);
  CHECK(missing.error().what == "no such name");
  auto throws = get(ask("throws"));
  REQUIRE(!throws);
  CHECK(throws.error().what == "it throws");
}

TEST_CASE_FIXTURE(fixture, "an address is its own answer, without a look-up") {
  for (auto text : {"127.0.0.1", "::1", "fe80::1%1"}) {
    auto found = get(ask(text));
    REQUIRE(found);
    CHECK(found->front() == make_address(text));
    CHECK(names->asked(text) == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "the system knows localhost, and says what it does "
                           "not know") {
  auto found = look_up_name("localhost");
  REQUIRE(found);
  CHECK(found->front().is_loopback());
  auto missing = look_up_name("no.such.host.invalid");
  REQUIRE(!missing);
  CHECK(!missing.error().what.empty());
}

TEST_CASE_FIXTURE(fixture, "slow names hold up no other name") {
  std::vector<std::future<name_result>> slow;
  for (auto host : {"slow1", "slow2", "slow3"})
    slow.push_back(ask(host));
  CHECK(get(ask("a")));
  CHECK(get(ask("b")));
  for (auto& each : slow)
    CHECK(each.wait_for(0s) == std::future_status::timeout);
  names->let_go();
  for (auto& each : slow)
    CHECK(get(std::move(each)));
}

TEST_CASE_FIXTURE(fixture, "more look-ups at once than may be fail, until one "
                           "ends") {
  std::vector<std::future<name_result>> slow;
  for (auto host : {"slow1", "slow2", "slow3", "slow4"})
    slow.push_back(ask(host));
  auto refused = get(ask("a"));
  REQUIRE(!refused);
  CHECK(refused.error().what == "too many names are looked up");
  CHECK(names->asked("a") == 0);
  CHECK(get(ask("127.0.0.1")));
  names->let_go();
  for (auto& each : slow)
    CHECK(get(std::move(each)));
  CHECK(get(ask("a")));
}

TEST_CASE_FIXTURE(fixture, "those who ask for one name share a look-up") {
  auto first = ask("slow");
  auto second = ask("slow");
  CHECK(second.wait_for(0s) == std::future_status::timeout);
  names->let_go();
  CHECK(get(std::move(first)));
  CHECK(get(std::move(second)));
  CHECK(names->asked("slow") == 1);
}

TEST_CASE_FIXTURE(fixture, "an answer is used again for its time") {
  std::string host;
  milliseconds kept;
  bool found = false;
  SUBCASE("found") {
    host = "a";
    kept = options.keep_found;
    found = true;
  }
  SUBCASE("missing") {
    host = "missing";
    kept = options.keep_missing;
  }
  CHECK(bool{get(ask(host))} == found);
  advance(kept - 1ms);
  CHECK(bool{get(ask(host))} == found);
  CHECK(names->asked(host) == 1);
  advance(1ms);
  CHECK(bool{get(ask(host))} == found);
  CHECK(names->asked(host) == 2);
}

TEST_CASE_FIXTURE(fixture, "who drops the question gets no answer") {
  auto dropped = ask("slow");
  auto kept = ask("slow");
  home.call([&] { questions.front().reset(); });
  names->let_go();
  CHECK(get(std::move(kept)));
  // The promise went with the question.
  CHECK_THROWS_AS(dropped.get(), std::future_error);
}

TEST_CASE_FIXTURE(fixture, "many names and many who gave up are forgotten") {
  auto kept = ask("slow");
  for (int i = 0; i < 1000; ++i) {
    ask("slow");
    home.call([&] { questions.pop_back(); });
    CHECK(get(ask("name" + std::to_string(i))));
    advance(1s);
  }
  names->let_go();
  CHECK(get(std::move(kept)));
}

TEST_CASE_FIXTURE(fixture,
                  "an answer that comes after the resolver, the loop's "
                  "door or the loop is dropped") {
  auto answer = ask("slow");
  SUBCASE("the resolver is gone: those who asked are told") {
    resolver.reset();
    names->let_go();
    CHECK(get(std::move(answer)));
  }
  SUBCASE("the door is closed") {
    door->close();
    home.stop();
    questions.clear();
    names->let_go();
    CHECK_THROWS_AS(answer.get(), std::future_error);
  }
}

} // namespace wsrelay::name_resolver_test
