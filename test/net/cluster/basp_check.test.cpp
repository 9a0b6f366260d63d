// What another node may say, case by case.
#include "net/cluster/basp_check.hpp"

#include "test/net/cluster/basp_bytes.hpp"

#include <caf/io/basp/version.hpp>

#include <doctest/doctest.h>

namespace wsrelay::basp_check_test {

using namespace wsrelay::test;

namespace {

using enum basp_phase;

std::string refuse(const basp::header_fields& x, basp_phase phase) {
  return refuse_basp_header(basp::header(x), phase);
}

bool allowed(const basp::header_fields& x, basp_phase phase) {
  return refuse(x, phase).empty();
}

constexpr basp::header_fields client{basp::client_handshake, 0, 32};
constexpr basp::header_fields server{basp::server_handshake, 0, 90, 3};
constexpr basp::header_fields direct{basp::direct_message, 0, 20, 0, 7, 9};
constexpr basp::header_fields routed{basp::routed_message, 1, 90, 0, 0, 9};
constexpr basp::header_fields monitor{basp::monitor_message, 0, 64, 0, 0, 9};
constexpr basp::header_fields down{basp::down_message, 0, 79, 0, 9, 0};
constexpr basp::header_fields beat{basp::heartbeat};

caf::node_id node_of(std::uint32_t process) {
  caf::node_id::default_data::host_id_type host;
  host.fill(1);
  return caf::make_node_id(process, host);
}

} // namespace

TEST_CASE("what nodes send is let through in its phase") {
  CHECK(allowed(client, awaits_client));
  CHECK(allowed(server, awaits_server));
  for (auto phase : {accepted, connected})
    for (auto& each : {direct, routed, monitor, down, beat})
      CHECK(allowed(each, phase));
  auto again = client;
  again.flags = 2;
  CHECK(allowed(again, accepted));
}

TEST_CASE("in any other phase it is refused") {
  for (auto phase : {awaits_client, awaits_server})
    for (auto& each : {direct, routed, monitor, down, beat}) {
      CAPTURE(int{each.what});
      CHECK(refuse(each, phase).ends_with(" before the handshake"));
    }
  CHECK_FALSE(allowed(server, awaits_client));
  CHECK_FALSE(allowed(client, awaits_server));
  CHECK_FALSE(allowed(server, accepted));
  CHECK_FALSE(allowed(server, connected));
  CHECK_FALSE(allowed(client, connected));
}

TEST_CASE("no operation but the heartbeat goes without a payload, which has "
          "none") {
  for (auto each : {client, server, direct, routed, monitor, down}) {
    auto phase = each.what == basp::client_handshake   ? awaits_client
                 : each.what == basp::server_handshake ? awaits_server
                                                       : accepted;
    CAPTURE(int{each.what});
    CHECK(allowed(each, phase));
    each.size = 0;
    CHECK_FALSE(allowed(each, phase));
  }
  auto with_payload = beat;
  with_payload.size = 1;
  CHECK_FALSE(allowed(with_payload, accepted));
}

TEST_CASE("payloads of handshakes and monitors have their size, messages have "
          "a limit") {
  struct sizes {
    basp::header_fields what;
    basp_phase phase;
    std::uint32_t min, max;
  };
  for (auto& each : {
           sizes{client, awaits_client, 32, 32},
           sizes{server, awaits_server, 42, max_basp_handshake},
           sizes{direct, connected, 7, max_basp_message},
           sizes{routed, connected, 71, max_basp_message},
           sizes{monitor, accepted, 64, 64},
           sizes{down, accepted, 79, max_basp_message},
       }) {
    auto header = each.what;
    CAPTURE(int{header.what});
    for (auto [size, good] :
         {std::pair{each.min - 1, false}, std::pair{each.min, true},
          std::pair{each.max, true}, std::pair{each.max + 1, false}}) {
      auto& shown_size = size;
      CAPTURE(shown_size);
      header.size = size;
      CHECK(allowed(header, each.phase) == good);
    }
  }
  auto header = direct;
  header.size = max_basp_message + 1;
  CHECK(refuse(header, accepted)
        == "message of 1074790401 bytes is over the "
           "limit");
}

TEST_CASE("numbers, flags and operations that no node sends are refused") {
  auto changed = [](basp::header_fields header, auto change) {
    change(header);
    auto phase = header.what == basp::client_handshake   ? awaits_client
                 : header.what == basp::server_handshake ? awaits_server
                                                         : accepted;
    return allowed(header, phase);
  };
  for (auto& each : {client, server, direct, routed, monitor, down, beat}) {
    CAPTURE(int{each.what});
    CHECK_FALSE(changed(each, [](auto& x) { x.flags = 0x80; }));
    CHECK_FALSE(changed(each, [](auto& x) { x.what = 7; }));
    CHECK_FALSE(changed(each, [](auto& x) { x.what = 255; }));
  }
  for (auto& each : {client, server, monitor, beat})
    CHECK_FALSE(changed(each, [](auto& x) { x.source = 1; }));
  for (auto& each : {client, server, down, beat})
    CHECK_FALSE(changed(each, [](auto& x) { x.receiver = 1; }));
  for (auto& each : {direct, routed, monitor})
    CHECK_FALSE(changed(each, [](auto& x) { x.receiver = 0; }));
  for (auto& each : {monitor, down, beat})
    CHECK_FALSE(changed(each, [](auto& x) { x.data = 1; }));
  CHECK_FALSE(changed(server, [](auto& x) { x.data = 0; }));
  CHECK_FALSE(changed(down, [](auto& x) { x.source = 0; }));
}

TEST_CASE("messages of CAF's streams are refused") {
  for (auto header : {direct, routed}) {
    for (std::uint64_t category : {0, 1}) {
      header.data = category << 60 | 5;
      CHECK(allowed(header, accepted));
    }
    for (std::uint64_t category : {2, 3}) {
      header.data = category << 60;
      CHECK(refuse(header, accepted) == "message of a CAF stream");
    }
  }
}

TEST_CASE("a node of another version is named with its version and ours") {
  static_assert(caf::io::basp::version == 3);
  auto other = server;
  for (auto [version, release] :
       {std::pair{2, "CAF 0.16"}, std::pair{4, "CAF 0.18"},
        std::pair{7, "CAF 0.19"}, std::pair{8, "CAF 1"}}) {
    other.data = static_cast<std::uint64_t>(version);
    for (auto phase : {awaits_server, awaits_client}) {
      auto why = refuse(other, phase);
      CAPTURE(why);
      CHECK(why.find("it speaks version " + std::to_string(version) + " ("
                     + release + ") of BASP, this node version 3 (CAF 0.17)")
            == 0);
    }
  }
  // Its client says none, but writes its node id in 25 bytes.
  auto later = client;
  later.size = 25;
  auto why = refuse(later, awaits_client);
  CHECK(why
        == "client_handshake with 25 bytes: not that of version 3; "
           "version 4 (CAF 0.18) and later have others");
}

TEST_CASE("what is not BASP at all is named") {
  auto refuse_text = [](std::string text) {
    text.resize(basp_header_size);
    return refuse_basp_header(text, awaits_client);
  };
  CHECK(refuse_text("GET / HTTP/1.1\r\n")
        == "it speaks HTTP, and here nodes "
           "meet");
  CHECK(refuse_text(std::string("\x16\x03\x01\x02\x00", 5))
        == "it speaks TLS, and this node's cluster.node has no tls");
  CHECK(refuse_text("SSH-2.0-OpenSSH") == "what it sends is not BASP");
}

TEST_CASE("every header gets an answer, whatever its bytes") {
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(basp_header_size, '\0');
    for (auto& each : bytes) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      each = static_cast<char>(state >> 60 < 9 ? 0 : state >> 56);
    }
    for (auto phase : {awaits_client, awaits_server, accepted, connected})
      refuse_basp_header(bytes, phase);
  }
}

TEST_CASE("a node id is 32 bytes that name a node") {
  auto take = [](std::string bytes) {
    std::string_view view = bytes;
    return take_basp_node(view);
  };
  CHECK(take(basp::node(5)) == node_of(5));
  CHECK_FALSE(take(basp::node(5).substr(1)));
  CHECK_FALSE(take(basp::node(0)));
  CHECK_FALSE(take(basp::number(basp::atom("uri")) + std::string(30, 'x')));
  CHECK_FALSE(take(std::string(32, '\0')));
  CHECK_FALSE(take(basp::node(5).replace(12, 20, std::string(20, '\0'))));
}

TEST_CASE("only nodes of the kind that takes part have handles here") {
  CHECK(is_basp_node(node_of(5)));
  CHECK_FALSE(is_basp_node({}));
  caf::node_id::default_data::host_id_type nowhere{};
  CHECK_FALSE(is_basp_node(caf::make_node_id(5, nowhere)));
  nowhere.front() = 1;
  CHECK(is_basp_node(caf::make_node_id(5, nowhere)));
  CHECK_FALSE(is_basp_node(caf::make_node_id(0, nowhere)));
  caf::uri elsewhere;
  REQUIRE_FALSE(parse("tcp://elsewhere:1", elsewhere));
  CHECK_FALSE(is_basp_node(caf::make_node_id(elsewhere)));
}

TEST_CASE("a handshake names one node, and always the same") {
  auto header = read_basp_header(basp::header(client).data());
  auto self = node_of(1);
  CHECK(refuse_basp_handshake(header, basp::node(2), self, {}).empty());
  CHECK(refuse_basp_handshake(header, basp::node(2), self, node_of(2)).empty());
  CHECK(refuse_basp_handshake(header, basp::node(2), self, node_of(3))
        == "it says that it is another node than before");
  CHECK(refuse_basp_handshake(header, basp::node(1), self, {})
        == "it says that it is this node");
  CHECK(refuse_basp_handshake(header, std::string(32, 'x'), self, {})
        == "handshake without a node");
  // Who connects to itself is told so.
  header = read_basp_header(basp::header(server).data());
  CHECK(refuse_basp_handshake(header, basp::node(1), self, {}).empty());
}

} // namespace wsrelay::basp_check_test
