// What a client offers, and what the server answers: RFC 7692 section 7.1.
#include "protocol/deflate_offer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace wsrelay::deflate_offer_test {

namespace {

const deflate_settings plain{};
const deflate_settings keeping{15, 15, true};

/// The response, or "-".
std::string answer(const http_fields& headers,
                   const deflate_settings& settings = keeping) {
  auto agreed = agree_on_deflate(headers, settings);
  return agreed ? agreed->response : "-";
}

std::string answer(std::string_view offer,
                   const deflate_settings& settings = keeping) {
  return answer(http_fields{{"Sec-WebSocket-Extensions", std::string{offer}}},
                settings);
}

std::string offered(std::string_view parameters) {
  return "permessage-deflate; " + std::string{parameters};
}

constexpr auto accepted = "permessage-deflate";
constexpr auto no_takeovers = "permessage-deflate; server_no_context_takeover; "
                              "client_no_context_takeover";

} // namespace

TEST_CASE("without an offer nothing is agreed on") {
  CHECK(answer(http_fields{}) == "-");
  CHECK(answer(http_fields{{"Host", "a"}, {"Upgrade", "permessage-deflate"}})
        == "-");
  CHECK(answer("") == "-");
  CHECK(answer(" ,\t,") == "-");
  CHECK(answer("permessage-bzip2; client_max_window_bits, foo") == "-");
}

TEST_CASE("RFC 7692 7.1.3: the simplest offer") {
  auto agreed = agree_on_deflate(
      {{"sec-websocket-extensions", "permessage-deflate"}}, keeping);
  REQUIRE(agreed);
  CHECK(agreed->response == accepted);
  CHECK(agreed->server_takeover);
  CHECK(agreed->client_takeover);
  CHECK(agreed->server_window_bits == 15);
  CHECK(agreed->client_window_bits == 15);
}

TEST_CASE("RFC 7692 7.1.3: a limited window with a fallback") {
  CHECK(answer("permessage-deflate; client_max_window_bits; "
               "server_max_window_bits=10")
        == "permessage-deflate; server_max_window_bits=10");
  // The first offer is taken when it can be.
  CHECK(answer("permessage-deflate; client_max_window_bits; "
               "server_max_window_bits=10, "
               "permessage-deflate; client_max_window_bits")
        == "permessage-deflate; server_max_window_bits=10");
  // zlib has no such window: the fallback.
  CHECK(answer("permessage-deflate; server_max_window_bits=8, "
               "permessage-deflate; client_max_window_bits")
        == accepted);
}

TEST_CASE("what clients send by default is accepted") {
  CHECK(answer("permessage-deflate; client_max_window_bits", plain)
        == no_takeovers); // Chrome, Safari, ws
  CHECK(answer("permessage-deflate", plain) == no_takeovers); // Firefox
  CHECK(answer("permessage-deflate; server_max_window_bits=12; "
               "client_max_window_bits=12",
               plain)
        == std::string{no_takeovers}
               + "; server_max_window_bits=12; "
                 "client_max_window_bits=12"); // Python's websockets
  // Old WebKit's comes with another extension.
  CHECK(answer("x-webkit-deflate-frame, permessage-deflate", plain)
        == no_takeovers);
}

TEST_CASE("without takeover each response says so, and nobody keeps context") {
  for (auto offer :
       {"permessage-deflate", "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; "
        "server_no_context_takeover"}) {
    CAPTURE(offer);
    auto agreed =
        agree_on_deflate({{"Sec-WebSocket-Extensions", offer}}, plain);
    REQUIRE(agreed);
    CHECK(agreed->response == no_takeovers);
    CHECK(!agreed->server_takeover);
    CHECK(!agreed->client_takeover);
  }
}

TEST_CASE("RFC 7692 7.1.1: a client can forbid takeover in each direction") {
  http_fields fields{{"Sec-WebSocket-Extensions", ""}};
  fields[0].second = offered("server_no_context_takeover");
  auto agreed = agree_on_deflate(fields, keeping);
  REQUIRE(agreed);
  CHECK(!agreed->server_takeover);
  CHECK(agreed->client_takeover);
  CHECK(agreed->response == fields[0].second);
  fields[0].second = offered("client_no_context_takeover");
  agreed = agree_on_deflate(fields, keeping);
  REQUIRE(agreed);
  CHECK(agreed->server_takeover);
  CHECK(!agreed->client_takeover);
  CHECK(agreed->response == fields[0].second);
}

TEST_CASE("RFC 7692 7.1.2.1: the server's window is the smaller one") {
  auto bits = [](const std::string& parameters, int ours) {
    auto agreed = agree_on_deflate(
        {{"Sec-WebSocket-Extensions", offered(parameters)}}, {ours, 15, true});
    REQUIRE(agreed);
    return std::pair{agreed->server_window_bits, agreed->response};
  };
  using pair = std::pair<int, std::string>;
  CHECK(bits("server_max_window_bits=9", 15)
        == pair{9, offered("server_max_window_bits=9")});
  CHECK(bits("server_max_window_bits=12", 10)
        == pair{10, offered("server_max_window_bits=10")});
  // Offered, it is in the response, whatever it is.
  CHECK(bits("server_max_window_bits=15", 15)
        == pair{15, offered("server_max_window_bits=15")});
  // Not offered, it may be.
  CHECK(bits("client_max_window_bits", 10)
        == pair{10, offered("server_max_window_bits=10")});
}

TEST_CASE("RFC 7692 7.1.2.2: the client's window is limited when it allows") {
  auto bits = [](std::string_view offer, int ours) {
    auto agreed = agree_on_deflate(
        {{"Sec-WebSocket-Extensions", std::string{offer}}}, {15, ours, true});
    REQUIRE(agreed);
    return std::pair{agreed->client_window_bits, agreed->response};
  };
  using pair = std::pair<int, std::string>;
  CHECK(bits("permessage-deflate", 10) == pair{15, accepted});
  CHECK(bits(offered("client_max_window_bits"), 10)
        == pair{10, offered("client_max_window_bits=10")});
  CHECK(bits(offered("client_max_window_bits=9"), 10)
        == pair{9, offered("client_max_window_bits=9")});
  CHECK(bits(offered("client_max_window_bits=8"), 15)
        == pair{8, offered("client_max_window_bits=8")});
  CHECK(bits(offered("client_max_window_bits=15"), 10)
        == pair{10, offered("client_max_window_bits=10")});
  CHECK(bits(offered("client_max_window_bits"), 15) == pair{15, accepted});
  CHECK(bits(offered("client_max_window_bits=15"), 15) == pair{15, accepted});
}

TEST_CASE("window bits are 8 to 15, without leading zeros") {
  for (auto side : {"server", "client"})
    for (auto wrong : {"0", "7", "16", "08", "010", "1", "-9", "+9", "9.0",
                       "0x9", "a", "99999999999999999999999", "115"}) {
      auto offer = offered(side + std::string{"_max_window_bits="} + wrong);
      CAPTURE(offer);
      CHECK(answer(offer) == "-");
      CHECK(answer(offer + ", permessage-deflate") == accepted);
    }
  for (int right = 9; right <= 15; ++right) {
    auto offer = offered("server_max_window_bits=" + std::to_string(right));
    CHECK(answer(offer) == offer);
  }
  CHECK(answer(offered("server_max_window_bits=8")) == "-");
}

TEST_CASE("RFC 7692 7.1: offers that break a rule are declined one by one") {
  for (auto wrong :
       {"unknown", "unknown=1", "server_max_window_bits",
        "server_no_context_takeover=1", "server_no_context_takeover=true",
        "client_no_context_takeover=\"x\"",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=9; server_max_window_bits=9",
        "client_max_window_bits=9; client_max_window_bits=9",
        "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits; client_max_window_bits=10",
        "Server_No_Context_Takeover"}) {
    CAPTURE(wrong);
    CHECK(answer(offered(wrong)) == "-");
    CHECK(answer(offered(wrong) + ", permessage-deflate") == accepted);
    CHECK(answer("permessage-deflate, " + offered(wrong)) == accepted);
  }
}

TEST_CASE("the extension's name compares with case") {
  CHECK(answer("Permessage-Deflate") == "-");
  CHECK(answer("permessage-deflate2, xpermessage-deflate") == "-");
}

TEST_CASE("RFC 6455 9.1: several fields are one list, in their order") {
  CHECK(answer(http_fields{{"Sec-WebSocket-Extensions", "foo"},
                           {"Host", "a"},
                           {"SEC-WEBSOCKET-EXTENSIONS",
                            "permessage-deflate; server_max_window_bits=9"},
                           {"Sec-WebSocket-Extensions", "permessage-deflate"}})
        == "permessage-deflate; server_max_window_bits=9");
}

TEST_CASE("values may be quoted, and blanks stand between words") {
  CHECK(answer(offered("server_max_window_bits=\"10\""))
        == offered("server_max_window_bits=10"));
  CHECK(answer(offered("server_max_window_bits=\"\\1\\0\""))
        == offered("server_max_window_bits=10"));
  CHECK(answer(" permessage-deflate\t;\tserver_max_window_bits = 10 ,")
        == offered("server_max_window_bits=10"));
  CHECK(answer(",,permessage-deflate;server_max_window_bits=10,,x")
        == offered("server_max_window_bits=10"));
  CHECK(answer("foo; x=\"a\\b\"; y=z, permessage-deflate") == accepted);
}

TEST_CASE("a malformed list offers nothing, wherever it is wrong") {
  using namespace std::string_literals;
  for (const auto& wrong : {";"s,
                            "foo;"s,
                            "foo;;a"s,
                            "foo; =1"s,
                            "foo; a="s,
                            "foo; a=,"s,
                            "foo; a=\"\""s,
                            "foo; a=\"b"s,
                            "foo; a=\"b\\"s,
                            "foo; a=\"b c\""s,
                            "foo; a=\"b,c\""s,
                            "foo; a=\"b\"c"s,
                            "foo; a=b c"s,
                            "foo; a b"s,
                            "foo bar"s,
                            "foo=bar"s,
                            "\"foo\""s,
                            "foo; \"a\""s,
                            "foo; a=b=c"s,
                            "foo\r\n"s,
                            "foo\0"s,
                            "foo; a=\x7F"s,
                            "f\xC3\xB6o"s,
                            "foo/1"s}) {
    CAPTURE(wrong);
    CHECK(answer("permessage-deflate, " + wrong) == "-");
    CHECK(answer(wrong + ", permessage-deflate") == "-");
    http_fields fields{{"Sec-WebSocket-Extensions", "permessage-deflate"},
                       {"Sec-WebSocket-Extensions", wrong}};
    CHECK(answer(fields) == "-");
  }
}

TEST_CASE("an open quote of one field does not reach into the next") {
  CHECK(answer(http_fields{
            {"Sec-WebSocket-Extensions", "foo; a=\"b"},
            {"Sec-WebSocket-Extensions", "c\", permessage-deflate"}})
        == "-");
}

TEST_CASE("very many offers are read in linear time") {
  std::string offers;
  for (int i = 0; i < 100'000; ++i)
    offers += "permessage-deflate;x=\"1\",";
  CHECK(answer(offers) == "-");
  CHECK(answer(offers + "permessage-deflate") == accepted);
}

} // namespace wsrelay::deflate_offer_test
