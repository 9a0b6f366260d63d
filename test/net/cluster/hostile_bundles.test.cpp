// Bundles of messages as no node writes them.
#include "net/cluster/bundle.hpp"

#include "test/net/cluster/hostile_fixture.hpp"

namespace wsrelay::hostile_bundles_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(hostile_node,
                  "a bundle that lies ends its own connection only") {
  auto bundle = [](std::string_view records) {
    return basp::message({17}, records);
  };
  auto record = [&](std::uint8_t kind, std::uint64_t id, std::uint64_t receiver,
                    std::string_view rest) {
    auto size = static_cast<std::uint32_t>(26 + rest.size());
    return basp::number(size) + basp::number(kind) + '\1' + basp::number(id)
           + basp::number(std::uint64_t{7}) + basp::number(receiver)
           + std::string{rest};
  };
  auto good = record(2, 0, target, "hi"); // a message it does not know
  CHECK(ends(bundle(good), false));       // before the handshake
  CHECK(ends(basp::message({17, 1}, good)));
  CHECK(ends(basp::message({17, 0, 0, 1}, good)));
  CHECK(ends(basp::header({17})));
  CHECK(ends(bundle(good + "rest")));
  CHECK(ends(bundle(good.substr(0, good.size() - 1) + std::string(20, '\0'))));
  CHECK(ends(bundle(record(9, 0, target, "hi"))));
  CHECK(ends(bundle(record(2, std::uint64_t{2} << 60, target, "hi"))));
  CHECK(ends(bundle(record(1, 0, target, std::string(8, '\0') + "\x7f"))));
  CHECK(serves());
  CHECK(logged("reason=\"bundle with a message of no kind"));
  CHECK(logged("reason=\"unexpected bundle of messages before the handshake"));
}

TEST_CASE_FIXTURE(hostile_node,
                  "records for nobody, and answers that nobody waits "
                  "for, do nothing; a request for nobody is answered") {
  auto record = [&](std::uint8_t kind, char type, std::uint64_t id,
                    std::uint64_t receiver) {
    return basp::number(std::uint32_t{26}) + basp::number(kind) + type
           + basp::number(id) + basp::number(std::uint64_t{7})
           + basp::number(receiver);
  };
  constexpr auto response = std::uint64_t{1} << 63;
  auto node = join(5);
  node.socket.send(basp::message(
      {17}, record(2, '\1', 0, 99'999) + record(4, '\0', response | 5, target)
                + record(4, '\0', response | 5, 99'999)
                + record(2, '\1', 3, 99'999)));
  CHECK(node.read_to(basp::direct_message)); // to the asker
  CHECK(serves());
}

} // namespace wsrelay::hostile_bundles_test
