// Reading messages that say of themselves what is not so.
#include "net/cluster/careful_source.hpp"

#include "net/system_config.hpp"
#include "test/net/cluster/basp_bytes.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::careful_source_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  system_config config;
  caf::actor_system system{config};

  struct outcome {
    caf::error error;
    std::string offence;
    caf::message content;
  };

  outcome read(const std::string& bytes) {
    careful_source source{system.dummy_execution_unit(), bytes};
    outcome result;
    result.error = result.content.load(source);
    if (!result.error)
      result.error = source.failure();
    result.offence = source.offence();
    return result;
  }
};

// Messages in messages.
std::string nested(std::size_t depth) {
  std::string result;
  for (; depth > 1; --depth)
    result += basp::content("+@message", {});
  return result + basp::content("+@u8", "x");
}

} // namespace

TEST_CASE_FIXTURE(fixture, "what CAF writes is read") {
  std::vector<char> bytes;
  caf::binary_serializer sink{system, bytes};
  std::vector<char> data(300, 'x');
  auto written = caf::make_message(std::string(70'000, 'y'), data,
                                   caf::make_message(std::uint64_t{5}),
                                   make_error(caf::sec::end_of_stream, "why"),
                                   std::set<std::string>{"a", "b"});
  REQUIRE_FALSE(sink(written));
  auto result = read({bytes.begin(), bytes.end()});
  CHECK_FALSE(result.error);
  CHECK(to_string(result.content) == to_string(written));
}

TEST_CASE_FIXTURE(fixture, "a length that is not there makes no room") {
  std::string four_gib{"\xff\xff\xff\xff\x0f"};
  for (auto type : {"+@charbuf", "+@str", "+@u16str", "+@strvec", "+@strset",
                    "+@actorvec"}) {
    CAPTURE(type);
    auto result = read(basp::content(type, four_gib));
    CHECK(result.error == caf::sec::end_of_stream);
    CHECK(result.offence.empty());
  }
}

TEST_CASE_FIXTURE(fixture, "a length has five bytes at most") {
  CHECK(read(basp::content("+@str", std::string(200, '\x80'))).error
        == caf::sec::end_of_stream);
  CHECK_FALSE(read(basp::content("+@str", "\x01x")).error);
}

TEST_CASE_FIXTURE(fixture, "a row that is longer than what there is is an "
                           "error, and so is half of one") {
  auto row = basp::text(basp::text("app1") + basp::text("aa#1")
                        + basp::text("1.0") + basp::number(std::uint32_t{2})
                        + basp::number(std::uint32_t{1}) + '\0'
                        + basp::text("h:1") + std::string(24, '\0'));
  auto rows = [&](const std::string& bytes) {
    return read(basp::content("+peer.infos", '\1' + bytes)).error;
  };
  CHECK_FALSE(rows(row));
  CHECK(rows(row.substr(0, row.size() - 1)));
  CHECK(rows("\xff\xff\xff\xff\x0f" + row.substr(1)));
  CHECK(rows(basp::text(basp::text("app1"))));
}

TEST_CASE_FIXTURE(fixture, "messages in messages have a limit") {
  CHECK_FALSE(read(nested(careful_source::max_depth)).error);
  auto result = read(nested(careful_source::max_depth + 1));
  CHECK(result.error);
  CHECK(result.offence == "messages in messages, deeper than any");
  CHECK(read(nested(100'000)).error);
}

TEST_CASE_FIXTURE(fixture, "types that do not leave a node are an offence, "
                           "also inside of others") {
  for (std::string type :
       {"@group", "@open_stream_msg", "@upstream_msg", "@downstream_msg",
        "@timeout", "@new_data_msg", "@connection_closed_msg", "@down"}) {
    CAPTURE(type);
    auto expected = "message of the type " + type;
    CHECK(read(basp::content("+" + type, {})).offence == expected);
    CHECK(read(basp::content("+@u8+" + type, "x")).offence == expected);
    CHECK(
        read(basp::content("+@message", basp::content("+" + type, {}))).offence
        == expected);
  }
}

TEST_CASE_FIXTURE(fixture, "a type that is not known is no offence") {
  auto unknown = basp::content("+of.another.program", "x");
  for (auto& bytes : {unknown, basp::content("+@message", unknown)}) {
    auto result = read(bytes);
    CHECK(result.error == caf::sec::unknown_type);
    CHECK(result.offence.empty());
  }
}

} // namespace wsrelay::careful_source_test
