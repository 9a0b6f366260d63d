// Which connections a query wants, and in which order.
#include "net/admin/connection_table.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::connection_table_test {

namespace {

// Its numbers grow as others fall, so that no two orders are the same.
connection_page_row row(unsigned id, std::string address, std::string endpoint,
                        std::string target, std::string metadata = "{}") {
  connection_page_row result;
  result.client_pid = std::to_string(id) + "@N";
  result.remote_address = std::move(address);
  result.endpoint = std::move(endpoint);
  result.numbers = connection_numbers{};
  result.numbers->target_pid = std::move(target);
  result.metadata = std::move(metadata);
  return result;
}

struct fixture {
  fixture() {
    listing.rows = {row(9, "192.0.2.1", "chat", "1@N"),
                    row(10, "192.0.2.3", "game", "2@N"),
                    row(11, "192.0.2.2", "chat", "3@N")};
    listing.names = std::make_shared<target_names>(
        std::vector<directory_row>{{"lobby", "1@N"}, {"arena", "2@N"}});
    std::uint64_t n[3][7] = {{1, 20, 3, 10, 5, 60, 700},
                             {2, 10, 1, 30, 4, 50, 900},
                             {3, 30, 2, 20, 6, 40, 800}};
    for (std::size_t i = 0; i < 3; ++i) {
      auto& numbers = *listing.rows[i].numbers;
      numbers.messages_in = n[i][0];
      numbers.bytes_in = n[i][1];
      numbers.messages_out = n[i][2];
      numbers.bytes_out = n[i][3];
      numbers.queued_messages = n[i][4];
      numbers.queued_bytes = n[i][5];
      numbers.age = milliseconds{n[i][6]};
    }
  }

  // The ids of the part, "9 10 11".
  std::string ids(const connection_query& query) {
    std::string result;
    for (auto* each : select(listing, query).rows) {
      auto pid = each->client_pid.view();
      result += (result.empty() ? "" : " ");
      result += pid.substr(0, pid.find('@'));
    }
    return result;
  }

  std::string with_metadata(std::string key, std::string value) {
    connection_query query;
    query.metadata_key = std::move(key);
    query.metadata_value = std::move(value);
    return ids(query);
  }

  connection_listing listing;
};

struct described : fixture {
  described() {
    listing.rows = {
        row(1, "", "", "", R"({"user":"ann","n":7,"vip":true})"),
        row(2, "", "", "", R"({"user":"bob","n":-7,"vip":false})"),
        row(3, "", "", "", R"({"user":"","n":"7","vip":"true","x":[1]})"),
        row(4, "", "", "", R"({"n":18446744073709551615,"x":{"user":"ann"}})"),
        row(5, "", "", "", "{}"),
        row(6, "", "", "", ""),
        row(7, "", "", "", "no JSON"),
        row(8, "", "", "", R"(["user"])"),
    };
  }
};

} // namespace

// -- filters ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a query for nothing wants all, the oldest first") {
  CHECK(ids({}) == "9 10 11");
  CHECK(select(listing, {}).matched == 3);
}

TEST_CASE_FIXTURE(fixture, "connections are found by endpoint or address") {
  CHECK(ids({.endpoint = "chat"}) == "9 11");
  CHECK(ids({.endpoint = "cha"}) == "");
  CHECK(ids({.address = "192.0.2.2"}) == "11");
  CHECK(ids({.address = "192.0.2"}) == "");
  CHECK(ids({.endpoint = "game", .address = "192.0.2.2"}) == "");
  CHECK(ids({.endpoint = "chat", .address = "192.0.2.2"}) == "11");
}

TEST_CASE_FIXTURE(fixture, "connections are found by their target's name or "
                           "PID") {
  CHECK(ids({.target = "lobby"}) == "9");
  CHECK(ids({.target = "1@N"}) == "9");
  CHECK(ids({.target = "3@N"}) == "11"); // it has no name
  CHECK(ids({.target = "lob"}) == "");
}

TEST_CASE_FIXTURE(fixture, "a search finds a part of PID, address, endpoint or "
                           "target") {
  CHECK(ids({.search = "10@"}) == "10");
  CHECK(ids({.search = "0.2.2"}) == "11");
  CHECK(ids({.search = "am"}) == "10");
  CHECK(ids({.search = "obb"}) == "9");
  CHECK(ids({.search = "3@N"}) == "11");
  CHECK(ids({.search = "nothing"}) == "");
  CHECK(ids({.endpoint = "chat", .search = "192"}) == "9 11");
}

TEST_CASE_FIXTURE(fixture, "a connection that did not answer is there, without "
                           "numbers") {
  listing.rows[0].numbers = caf::none;
  CHECK(ids({}) == "9 10 11");
  CHECK(ids({.target = "lobby"}) == "");
  CHECK(ids({.sort = "messages_in"}) == "9 10 11");
  CHECK(ids({.sort = "age_ms", .descending = true}) == "10 11 9");
  CHECK(ids({.sort = "target"}) == "9 11 10");
}

// -- metadata -----------------------------------------------------------------

TEST_CASE_FIXTURE(described, "connections are found by a member of their "
                             "metadata") {
  CHECK(ids({.metadata_key = "user"}) == "1 2 3");
  CHECK(ids({.metadata_key = "n"}) == "1 2 3 4");
  CHECK(ids({.metadata_key = "x"}) == "3 4");
  CHECK(ids({.metadata_key = "none"}) == "");
  CHECK(ids({.metadata_key = "User"}) == "");
}

TEST_CASE_FIXTURE(described, "a member's value is a text") {
  CHECK(with_metadata("user", "ann") == "1");
  CHECK(with_metadata("user", "an") == "");
  CHECK(with_metadata("user", "") == "3");
  CHECK(with_metadata("user", "\"ann\"") == "");
}

TEST_CASE_FIXTURE(described, "or a number or a word, as it is written") {
  CHECK(with_metadata("n", "7") == "1 3");
  CHECK(with_metadata("n", "-7") == "2");
  CHECK(with_metadata("n", "07") == "");
  CHECK(with_metadata("n", "18446744073709551615") == "4");
  CHECK(with_metadata("vip", "true") == "1 3");
  CHECK(with_metadata("vip", "false") == "2");
  CHECK(with_metadata("vip", "1") == "");
  CHECK(with_metadata("x", "[1]") == "");
}

TEST_CASE_FIXTURE(described, "so is a fraction, and null") {
  listing.rows = {row(1, "", "", "", R"({"a":1.5,"b":null})")};
  CHECK(ids({.metadata_key = "a"}) == "1");
  CHECK(ids({.metadata_key = "b"}) == "1");
  CHECK(with_metadata("a", "1.5") == "1");
  CHECK(with_metadata("b", "null") == "1");
}

// -- order --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "connections are sorted by each key, both ways") {
  struct {
    std::string key, order, reversed;
  } rows[] = {
      {"pid", "9 10 11", "11 10 9"}, // as numbers
      {"messages_in", "9 10 11", "11 10 9"},
      {"bytes_in", "10 9 11", "11 9 10"},
      {"messages_out", "10 11 9", "9 11 10"},
      {"bytes_out", "9 11 10", "10 11 9"},
      {"queued_messages", "10 9 11", "11 9 10"},
      {"queued_bytes", "11 10 9", "9 10 11"},
      {"age_ms", "9 11 10", "10 11 9"},
      {"address", "9 11 10", "10 11 9"},
      {"endpoint", "9 11 10", "10 9 11"}, // equals as they were
      {"target", "11 10 9", "9 10 11"},   // 3@N, arena, lobby
  };
  for (auto& each : rows) {
    CAPTURE(each.key);
    CHECK(is_sort_key(each.key));
    CHECK(ids({.sort = each.key}) == each.order);
    CHECK(ids({.sort = each.key, .descending = true}) == each.reversed);
  }
}

TEST_CASE("rows are sorted by nothing else") {
  for (auto key : {"", "-pid", "metadata", "age", "PID", "numbers", "phase"})
    CHECK_FALSE(is_sort_key(key));
}

// -- parts --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a query wants a part, and hears how many there "
                           "are") {
  struct {
    std::size_t offset, limit;
    std::string part;
  } rows[] = {
      {0, 1, "9"},
      {0, 2, "9 10"},
      {0, 3, "9 10 11"},
      {0, 4, "9 10 11"},
      {1, 1, "10"},
      {1, 2, "10 11"},
      {2, 1, "11"},
      {2, 9, "11"},
      {3, 1, ""},
      {4, 1, ""},
      {0, 0, ""},
      {SIZE_MAX, 1, ""},
      {1, SIZE_MAX, "10 11"},
  };
  for (auto& each : rows) {
    CAPTURE(each.offset);
    CAPTURE(each.limit);
    connection_query query{.offset = each.offset, .limit = each.limit};
    CHECK(ids(query) == each.part);
    CHECK(select(listing, query).matched == 3);
  }
  CHECK(ids({.endpoint = "chat", .descending = true, .limit = 1}) == "11");
  CHECK(select(listing, {.endpoint = "chat", .limit = 1}).matched == 2);
}

TEST_CASE("of no connections no part is wanted") {
  connection_listing none;
  none.names = std::make_shared<target_names>(std::vector<directory_row>{});
  auto part = select(none, {.offset = 1});
  CHECK(part.matched == 0);
  CHECK(part.rows.empty());
}

} // namespace wsrelay::connection_table_test
