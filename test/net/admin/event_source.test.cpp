// Server-Sent Events: what waits for a reader, and the body that it reads.
#include "net/admin/event_source.hpp"

#include "net/admin/event_hub.hpp"
#include "test/net/http/memory_stream.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::event_source_test {

using namespace std::chrono_literals;
using test::simulated_loop;

namespace {

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}

struct queued {
  int wakes = 0;
  event_queue queue{[this] { ++wakes; }};
};

struct reading {
  reading() { read(); }

  void read() {
    waiting = true;
    source->read([this](std::optional<shared_buffer> piece) {
      waiting = false;
      REQUIRE(piece); // nothing is ever lost
      pieces.emplace_back(piece->view());
    });
  }

  std::string take() {
    REQUIRE(pieces.size() == 1);
    auto result = pieces[0];
    pieces.clear();
    return result;
  }

  simulated_loop home;
  std::shared_ptr<loop_door> door = std::make_shared<loop_door>(home);
  std::unique_ptr<event_source> source = event_source::make(home, door);
  std::shared_ptr<event_queue> queue = source->queue();
  std::vector<std::string> pieces;
  bool waiting = false;
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t result = 0;
  for (auto at = text.find(part); at != text.npos;
       at = text.find(part, at + part.size()))
    ++result;
  return result;
}

} // namespace

// -- the queue ----------------------------------------------------------------

TEST_CASE_FIXTURE(queued, "events wait in their order, and wake the reader") {
  CHECK(queue.take().text == "");
  CHECK_FALSE(queue.take().ended);
  queue.push("opened", R"({"a":1})");
  queue.push("ended", R"({"a":2})");
  CHECK(wakes == 2);
  auto batch = queue.take();
  CHECK(batch.text
        == event("opened", R"({"a":1})") + event("ended", R"({"a":2})"));
  CHECK_FALSE(batch.ended);
  CHECK(queue.take().text == "");
}

TEST_CASE_FIXTURE(queued, "1024 events wait, and of others their number") {
  constexpr auto most = event_queue::max_events;
  static_assert(most == 1024);
  for (std::size_t i = 0; i < most; ++i)
    queue.push("x", std::to_string(i));
  CHECK(wakes == 1024);
  queue.push("x", "too many");
  queue.push("x", "too many");
  CHECK(wakes == 1024);
  auto full = queue.take().text;
  CHECK(count_of(full, "event: x\n") == most);
  CHECK(count_of(full, "missed") == 0);
  CHECK(count_of(full, "too many") == 0);
  queue.push("x", "next");
  CHECK(queue.take().text
        == event("missed", R"({"count":2})") + event("x", "next"));
  queue.push("x", "next");
  CHECK(queue.take().text == event("x", "next")); // told once
}

TEST_CASE_FIXTURE(queued, "256 KiB wait, and of others their number") {
  constexpr auto most =
      event_queue::max_bytes - std::string_view{"event: x\ndata: \n\n"}.size();
  for (auto [size, fits] : {std::pair{most - 1, true}, std::pair{most, true},
                            std::pair{most + 1, false}}) {
    auto& shown_size = size;
    CAPTURE(shown_size);
    queue.push("x", std::string(size, '.'));
    CHECK((count_of(queue.take().text, "event: x\n") == 1) == fits);
  }
  queue.push("x", "next");
  CHECK(queue.take().text
        == event("missed", R"({"count":1})") + event("x", "next"));
}

// A body source gives at most 256 KiB at a time.
TEST_CASE_FIXTURE(queued, "no batch is larger than a piece may be") {
  SUBCASE("one event") {
    queue.push("x", std::string(event_queue::max_bytes, '.'));
  }
  SUBCASE("behind others") {
    std::string data(event_queue::max_bytes / 4, '.');
    for (auto i = 0; i < 4; ++i)
      queue.push("x", data);
  }
  SUBCASE("behind one that was missed") {
    queue.push("x", std::string(event_queue::max_bytes + 1, '.'));
    queue.push("x", std::string(event_queue::max_bytes - 10, '.'));
  }
  CHECK(queue.take().text.size() <= 256 * 1024);
}

TEST_CASE_FIXTURE(queued, "an end comes behind what waits, and nothing after "
                          "it") {
  queue.push("x", "1");
  queue.end();
  CHECK(wakes == 2);
  queue.push("x", "2");
  CHECK(wakes == 2);
  auto batch = queue.take();
  CHECK(batch.text == event("x", "1"));
  CHECK_FALSE(batch.ended);
  CHECK(queue.take().ended);
  CHECK(queue.take().ended);
}

TEST_CASE_FIXTURE(queued, "what was missed is told also where nothing but the "
                          "end follows") {
  for (std::size_t i = 0; i <= event_queue::max_events; ++i)
    queue.push("x", "1");
  queue.end();
  auto text = queue.take().text;
  text += queue.take().text;
  CHECK(text.ends_with(event("missed", R"({"count":1})")));
  CHECK(queue.take().ended);
}

// -- the source ---------------------------------------------------------------

TEST_CASE_FIXTURE(reading, "a reader gets events as they come") {
  CHECK(waiting);
  queue->push("x", "1");
  CHECK(waiting); // on the loop's thread
  home.run();
  CHECK(take() == event("x", "1"));
  queue->push("x", "2");
  queue->push("x", "3");
  home.run();
  CHECK(pieces.empty()); // nobody reads
  read();
  CHECK(take() == event("x", "2") + event("x", "3"));
}

TEST_CASE_FIXTURE(reading, "many events are one piece and one call") {
  for (auto i = 0; i < 100; ++i)
    queue->push("x", "1");
  home.run();
  CHECK(count_of(take(), "event: x\n") == 100);
}

TEST_CASE_FIXTURE(reading, "a reader who hears nothing gets a comment every 15 "
                           "seconds") {
  for (auto i = 0; i < 3; ++i) {
    home.advance(14'999ms);
    CHECK(waiting);
    home.advance(1ms);
    CHECK(take() == ":\n\n");
    CHECK_FALSE(home.has_timer());
    read();
  }
  queue->push("x", "1");
  home.run();
  CHECK(take() == event("x", "1"));
  CHECK_FALSE(home.has_timer());
}

TEST_CASE_FIXTURE(reading, "an event puts the comment off") {
  home.advance(14s);
  queue->push("x", "1");
  home.run();
  take();
  read();
  home.advance(14s);
  CHECK(waiting);
  home.advance(1s);
  CHECK(take() == ":\n\n");
}

TEST_CASE_FIXTURE(reading, "a body of events has no length, and its end is an "
                           "empty piece") {
  CHECK_FALSE(source->size());
  CHECK(source->patience() > event_source::keep_alive);
  queue->push("x", "1");
  queue->end();
  home.run();
  CHECK(take() == event("x", "1"));
  read();
  CHECK(take() == "");
  CHECK_FALSE(home.has_timer());
}

TEST_CASE_FIXTURE(reading,
                  "who waits for a reader that has gone does nothing") {
  auto ends = 0;
  source->at_end([&] { ++ends; });
  queue->push("x", "1"); // is on its way
  source.reset();
  CHECK(ends == 1);
  CHECK_FALSE(home.has_timer());
  home.run();
  queue->push("x", "2");
  queue->end();
  home.run();
  CHECK(pieces.empty());
  CHECK(ends == 1);
}

TEST_CASE_FIXTURE(reading, "a piece may be the last that its reader takes") {
  queue->push("x", "1");
  source->read([this](std::optional<shared_buffer>) { source.reset(); });
  CHECK_FALSE(source);
  home.run();
}

TEST_CASE_FIXTURE(reading, "a source whose loop is gone hears nothing") {
  door->close();
  queue->push("x", "1");
  home.run();
  CHECK(waiting);
}

// -- the hub ------------------------------------------------------------------

TEST_CASE("everybody who listens hears an event") {
  event_hub hub{caf::node_id{}};
  auto one = std::make_shared<event_queue>([] {});
  auto other = std::make_shared<event_queue>([] {});
  CHECK_FALSE(hub.is_wanted());
  REQUIRE(hub.add(one));
  REQUIRE(hub.add(other));
  CHECK(hub.is_wanted());
  hub.publish("x", "1");
  CHECK(one->take().text == event("x", "1"));
  CHECK(other->take().text == event("x", "1"));
  hub.remove(one);
  hub.remove(one);
  hub.publish("x", "2");
  CHECK(one->take().text == "");
  CHECK(other->take().text == event("x", "2"));
  hub.remove(other);
  CHECK_FALSE(hub.is_wanted());
}

TEST_CASE("64 may listen") {
  event_hub hub{caf::node_id{}};
  static_assert(event_hub::max_listeners == 64);
  std::vector<std::shared_ptr<event_queue>> all;
  for (auto i = 0; i < 64; ++i) {
    all.push_back(std::make_shared<event_queue>([] {}));
    CHECK(hub.add(all.back()));
  }
  auto late = std::make_shared<event_queue>([] {});
  CHECK_FALSE(hub.add(late));
  hub.publish("x", "1");
  CHECK(late->take().text == "");
  CHECK(all.back()->take().text == event("x", "1"));
  hub.remove(all.front());
  CHECK(hub.add(late));
}

TEST_CASE("a hub that closes ends all, also those that would come") {
  event_hub hub{caf::node_id{}};
  auto one = std::make_shared<event_queue>([] {});
  REQUIRE(hub.add(one));
  hub.publish("x", "1");
  hub.close();
  CHECK(one->take().text == event("x", "1"));
  CHECK(one->take().ended);
  CHECK_FALSE(hub.add(std::make_shared<event_queue>([] {})));
  hub.remove(one);
  CHECK_FALSE(hub.is_wanted());
}

TEST_CASE("a hub tells of connections that come and go") {
  event_hub hub{caf::node_id{}};
  auto one = std::make_shared<event_queue>([] {});
  REQUIRE(hub.add(one));
  hub.on_open({nullptr, "12@X", "192.0.2.1", "ws"});
  CHECK(one->take().text
        == event("opened", R"({"pid":"12@X","address":"192.0.2.1",)"
                           R"("endpoint":"ws"})"));
  auto record = caf::make_counted<flight_record>(time_point{});
  record->finish({end_cause::slow_consumer, 1013, "too slow", 1ms, {}});
  hub.on_end({12, "192.0.2.1", "ws", record});
  auto text = one->take().text;
  CHECK(text.starts_with("event: ended\ndata: {\"pid\":\"12@"));
  CHECK(text.ends_with(R"("address":"192.0.2.1","endpoint":"ws",)"
                       R"("cause":"slow_consumer","code":1013})"
                       "\n\n"));
}

} // namespace wsrelay::event_source_test
