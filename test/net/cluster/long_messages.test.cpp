// Long messages between nodes, in parts with who knows them.
#include "net/cluster/basp_parts.hpp"
#include "test/net/cluster/wire_fixture.hpp"

namespace wsrelay::long_messages_test {

using namespace wsrelay::test;

namespace {

constexpr std::uint64_t request = std::uint64_t{1} << 60 | 1;

struct fixture : wire_node {
  std::uint64_t echo = publish(system.spawn([]() -> caf::behavior {
    return {[](const std::string& text) { return text; }};
  }));

  std::string question(std::string_view text) {
    return basp::message({basp::direct_message, 0, 0, request, 7, echo},
                         basp::payload("+@str", basp::text(text)));
  }
};

std::string in_parts(std::string_view message) {
  std::string result;
  for (; !message.empty();
       message.remove_prefix(std::min(max_basp_part, message.size())))
    result += basp::message({static_cast<std::uint8_t>(basp_part)},
                            message.substr(0, max_basp_part));
  return result;
}

const std::string text(10 * max_basp_part, 'x');

} // namespace

TEST_CASE_FIXTURE(fixture, "a node that reads parts is answered in parts") {
  auto node = join(5, reads_basp_parts_flag);
  node.socket.send(in_parts(question(text)));
  std::string answer;
  for (std::size_t last = 0; last == 0 || last == max_basp_part;) {
    REQUIRE(node.read_to(static_cast<basp::operation>(basp_part)));
    last = node.payload.size();
    answer += node.payload;
  }
  CHECK(answer.substr(basp_header_size)
        == basp::payload("+@str", basp::text(text)));
}

TEST_CASE_FIXTURE(fixture, "a node that does not is answered with whole "
                           "messages") {
  auto node = join(5);
  node.socket.send(question(text));
  REQUIRE(node.read_to(basp::direct_message));
  CHECK(node.payload == basp::payload("+@str", basp::text(text)));
}

TEST_CASE_FIXTURE(fixture, "short messages between the parts are delivered "
                           "before the long one") {
  auto node = join(5, reads_basp_parts_flag);
  auto parts = in_parts(question(text));
  auto half = (max_basp_part + basp_header_size) * 2;
  node.socket.send(parts.substr(0, half));
  node.socket.send(question("short"));
  REQUIRE(node.read_to(basp::direct_message));
  CHECK(node.payload == basp::payload("+@str", basp::text("short")));
  node.socket.send(parts.substr(half));
  CHECK(node.read_to(static_cast<basp::operation>(basp_part)));
}

TEST_CASE_FIXTURE(fixture, "parts that never are whole end with their "
                           "connection") {
  {
    auto node = join(5, reads_basp_parts_flag);
    node.socket.send(in_parts(question(text)).substr(0, max_basp_part));
  }
  CHECK(serves());
}

} // namespace wsrelay::long_messages_test
