// Messages of one connection, compressed and back, what connections of a loop
// share of that, and compressed frames.
#include "net/ws/message_codec.hpp"
#include "net/ws/frame_input.hpp"
#include "test/net/http/memory_stream.hpp"
#include "test/protocol/client_frames.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace wsrelay::message_codec_test {

using namespace wsrelay::test;
using strings = std::vector<std::string>;

namespace {

constexpr deflate_pool::form usual{1, 15};
constexpr unsigned rsv1 = 4;

/// Bytes that do not get smaller.
std::string noise(std::size_t size) {
  std::mt19937 random{7};
  std::string out(size, ' ');
  for (auto& c : out)
    c = static_cast<char>(random());
  return out;
}

/// A loop's pool and a route that compresses 10 to 1000 bytes.
struct fixture {
  fixture() {
    options.deflate.enabled = true;
    options.deflate.min_size = 10;
    options.deflate.max_size = 1000;
  }

  message_codec make() { return {agreed, options, pool}; }

  /// The frame's opcode for a message of so many bytes.
  opcode op_for(int size, message_type type = message_type::text) {
    auto codec = make();
    shared_buffer message{std::string(static_cast<std::size_t>(size), 'x')};
    auto piece = codec.seal(type, message);
    CHECK_FALSE(piece.notify);
    auto is_plain = *piece.op == opcode::text || *piece.op == opcode::binary;
    CHECK(is_plain == (piece.data.data() == message.data()));
    return *piece.op;
  }

  const char* address(const shared_buffer& message,
                      deflate_pool::form how = usual) {
    return pool->deflate(message, how).data();
  }

  simulated_loop home;
  std::shared_ptr<deflate_pool> pool = std::make_shared<deflate_pool>(home);
  relay_options options;
  deflate_agreement agreed;
};

/// What `open` makes of a message: its text, or "CODE REASON".
std::string open(message_codec& codec, shared_buffer message,
                 bool is_text = true) {
  auto fault = codec.open(message, is_text);
  if (!fault)
    return std::string{message.view()};
  return std::to_string(static_cast<int>(fault->code)) + " "
         + std::string{fault->reason};
}

shared_buffer deflated(std::string_view text) {
  return message_deflater{6, 15, false}.deflate(text);
}

/// A frame with a compressed message, or a part of one.
std::string frame(std::string_view payload, bool fin = true) {
  client_frame result{opcode::text, std::string{payload}, fin};
  result.reserved = rsv1;
  return to_bytes(result);
}

/// The events of `bytes`, as in client_frames.hpp.
strings events(frame_input& input, std::string_view bytes, bool wants = true) {
  using event = message_reader::event;
  strings out;
  input.begin();
  while (!bytes.empty() && (out.empty() || !out.back().starts_with("failed"))) {
    auto what = input.next(bytes, wants);
    if (what == event::failed)
      out.push_back("failed " + std::to_string(static_cast<int>(input.error()))
                    + " " + std::string{input.reason()});
    else if (what != event::none)
      out.push_back((what == event::ping ? "ping "
                     : input.is_text()   ? "text "
                                         : "binary ")
                    + std::string{input.take().view()});
  }
  return out;
}

} // namespace

// -- sealing ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "messages within the route's sizes are compressed") {
  CHECK(op_for(9) == opcode::text);
  for (auto size : {10, 11, 999, 1000})
    CHECK(op_for(size) == opcode::deflated_text);
  CHECK(op_for(1001) == opcode::text);
  CHECK(op_for(1000, message_type::binary) == opcode::deflated_binary);
  CHECK(op_for(1001, message_type::binary) == opcode::binary);
}

TEST_CASE_FIXTURE(fixture, "an empty message goes as it is") {
  options.deflate.min_size = 0;
  CHECK(op_for(0) == opcode::text);
}

TEST_CASE_FIXTURE(fixture, "what does not get smaller goes as it is") {
  auto codec = make();
  shared_buffer message{noise(500)};
  auto piece = codec.seal(message_type::binary, message);
  CHECK(piece.op == opcode::binary);
  CHECK(piece.data.data() == message.data());
}

TEST_CASE_FIXTURE(fixture, "one message to many is deflated once") {
  auto a = make(), b = make();
  shared_buffer message{std::string(500, 'x')};
  auto first = a.seal(message_type::text, message);
  CHECK(first.op == opcode::deflated_text);
  CHECK(open(b, first.data) == message.view());
  CHECK(b.seal(message_type::text, message).data.data() == first.data.data());
  agreed.server_window_bits = 9;
  auto other = make().seal(message_type::text, message);
  CHECK(other.data.data() != first.data.data());
}

TEST_CASE_FIXTURE(fixture, "with takeover messages refer to those before, and "
                           "what does not get smaller is compressed, too") {
  agreed.server_takeover = agreed.client_takeover = true;
  auto sender = make(), receiver = make(), stranger = make();
  shared_buffer message{noise(500)};
  auto first = sender.seal(message_type::binary, message);
  auto second = sender.seal(message_type::binary, message);
  CHECK(first.op == opcode::deflated_binary);
  CHECK(first.data.size() >= message.size());
  CHECK(second.data.size() < 50);
  CHECK(open(receiver, first.data, false) == message.view());
  CHECK(open(receiver, second.data, false) == message.view());
  CHECK(open(stranger, second.data, false).starts_with("1007 "));
}

// -- the pool -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the pool knows a message by its form and memory") {
  shared_buffer message{std::string(500, 'x')}, same{message.view()};
  auto first = pool->deflate(message, usual);
  CHECK(address(message) == first.data());
  CHECK(address(same) != first.data());
  CHECK(address(message, {1, 14}) != first.data());
  CHECK(address(message, {2, 15}) != first.data());
}

TEST_CASE_FIXTURE(fixture, "memory that is used again is another message") {
  auto codec = make();
  for (int i = 0; i < 100; ++i) {
    auto text = std::string(300, 'x') + std::to_string(i);
    CHECK(open(codec, pool->deflate(shared_buffer{text}, usual)) == text);
  }
}

TEST_CASE_FIXTURE(fixture, "the pool keeps the last eight results") {
  std::vector<shared_buffer> messages, payloads;
  for (std::size_t i = 0; i <= deflate_pool::max_recent; ++i) {
    messages.emplace_back(std::string(100 + i, 'x'));
    payloads.push_back(pool->deflate(messages.back(), usual));
    if (i < deflate_pool::max_recent)
      CHECK(address(messages[0]) == payloads[0].data());
  }
  for (auto i = messages.size(); i-- > 0;)
    CHECK((address(messages[i]) == payloads[i].data()) == (i > 0));
}

TEST_CASE_FIXTURE(fixture, "the pool keeps one megabyte at most") {
  constexpr auto most = deflate_pool::max_recent_bytes;
  auto cost = [this](std::size_t size) {
    return size
           + deflate_pool{home}.deflate(std::string(size, 'x'), usual).size();
  };
  auto size = most;
  for (int i = 0; i < 20 && cost(size) != most; ++i)
    size += most - cost(size);
  REQUIRE(cost(size) == most);
  auto is_kept = [this](std::size_t bytes) {
    shared_buffer message{std::string(bytes, 'x')};
    auto payload = pool->deflate(message, usual);
    return address(message) == payload.data();
  };
  CHECK(is_kept(size - 1));
  CHECK(is_kept(size));
  CHECK_FALSE(is_kept(size + 1));
}

TEST_CASE_FIXTURE(fixture, "the oldest results make room for bytes") {
  std::vector<shared_buffer> messages, payloads;
  for (int i = 0; i < 3; ++i) {
    messages.emplace_back(std::string(400 * 1024, 'x'));
    payloads.push_back(pool->deflate(messages.back(), usual));
  }
  for (std::size_t i : {2, 1, 0}) // what is asked for first stays
    CHECK((address(messages[i]) == payloads[i].data()) == (i > 0));
}

TEST_CASE_FIXTURE(fixture, "the pool forgets when a second brought nothing "
                           "new") {
  constexpr auto time = deflate_pool::recent_time;
  shared_buffer message{std::string(500, 'x')}, other{message.view()};
  auto payload = pool->deflate(message, usual);
  home.advance(time - milliseconds{1});
  CHECK(address(message) == payload.data());
  SUBCASE("at its time") {
    home.advance(milliseconds{1});
    CHECK_FALSE(home.has_timer());
    CHECK(address(message) != payload.data());
  }
  SUBCASE("later, after another message") {
    address(other);
    home.advance(time - milliseconds{1});
    CHECK(address(message) == payload.data());
    home.advance(milliseconds{1});
    CHECK(address(message) != payload.data());
  }
}

// -- opening ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a compressed message has a limit") {
  options.max_message_size = 100;
  auto codec = make();
  for (std::size_t size : {0, 99, 100})
    CHECK(open(codec, deflated(std::string(size, 'x')))
          == std::string(size, 'x'));
  CHECK(open(codec, deflated(std::string(101, 'x')))
        == "1009 a message is too big: send smaller ones");
  CHECK(open(codec, deflated("next")) == "next");
}

TEST_CASE_FIXTURE(fixture, "each connection has its own limit") {
  options.max_message_size = 100;
  auto small = make();
  options.max_message_size = 101;
  auto large = make();
  auto message = deflated(std::string(101, 'x'));
  CHECK(open(large, message) == std::string(101, 'x'));
  CHECK(open(small, message) == "1009 a message is too big: send smaller ones");
  CHECK(open(large, message) == std::string(101, 'x'));
}

TEST_CASE_FIXTURE(fixture, "what cannot be decompressed fails with 1007") {
  auto codec = make();
  auto bad = "1007 a message cannot be decompressed";
  CHECK(open(codec, "\xFF\xFF\xFF") == bad);
  CHECK(open(codec, deflated("Hello").view().substr(0, 3)) == bad);
  CHECK(open(codec, deflated("next")) == "next");
}

TEST_CASE_FIXTURE(fixture, "a text that is not UTF-8 fails with 1007, binary "
                           "data may be anything") {
  auto codec = make();
  for (std::string bytes : {"\xFF", "caf\xC3", "\xED\xA0\x80"}) {
    CHECK(open(codec, deflated(bytes)) == "1007 a text is not UTF-8");
    CHECK(open(codec, deflated(bytes), false) == bytes);
  }
  CHECK(open(codec, deflated("caf\xC3\xA9")) == "caf\xC3\xA9");
}

TEST_CASE("a route decides what a client that offers it gets") {
  http_fields offer{{"Sec-WebSocket-Extensions", "permessage-deflate"}};
  deflate_options route;
  CHECK_FALSE(agree_on_deflate(offer, route));
  route.enabled = route.context_takeover = true;
  route.window_bits = 12;
  CHECK_FALSE(agree_on_deflate(http_fields{}, route));
  auto agreed = agree_on_deflate(offer, route).value();
  CHECK(agreed.server_window_bits == 12);
  CHECK((agreed.server_takeover && agreed.client_takeover));
}

// -- frames -------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "compressed messages and others come as they are") {
  auto codec = make();
  frame_input input{1000, &codec};
  CHECK(events(input, frame(deflated("one").view())
                          + to_bytes({opcode::binary, "two"})
                          + frame(deflated("").view())
                          + frame(deflated("three").view()))
        == strings{"text one", "binary two", "text ", "text three"});
}

TEST_CASE_FIXTURE(fixture, "RFC 7692 6.1: a compressed message in fragments, "
                           "with a ping between") {
  auto codec = make();
  frame_input input{1000, &codec};
  auto payload = deflated("Hello, Hello");
  auto half = payload.size() / 2;
  auto bytes = frame(payload.view().substr(0, half), false)
               + to_bytes({opcode::ping, "p"})
               + to_bytes({opcode::continuation,
                           std::string{payload.view().substr(half)}});
  const strings expected{"ping p", "text Hello, Hello"};
  CHECK(events(input, bytes) == expected);
  strings single;
  for (auto byte : bytes)
    for (auto& each : events(input, {&byte, 1}))
      single.push_back(each);
  CHECK(single == expected);
}

TEST_CASE_FIXTURE(fixture, "RFC 7692 6: RSV1 stands at the beginning of "
                           "messages, and where it was agreed on") {
  auto codec = make();
  const strings failed{"failed 1002 a reserved bit is set"};
  auto fails = [&](client_frame what, message_codec* with, unsigned reserved) {
    what.reserved = reserved;
    frame_input input{1000, with};
    return events(input, to_bytes(what)) == failed;
  };
  auto payload = std::string{deflated("x").view()};
  CHECK_FALSE(fails({opcode::text, payload}, &codec, rsv1));
  CHECK(fails({opcode::text, payload}, nullptr, rsv1));
  CHECK(fails({opcode::text, payload}, &codec, rsv1 | 2));
  for (auto op : {opcode::ping, opcode::pong, opcode::close})
    CHECK(fails({op, ""}, &codec, rsv1));
  frame_input input{1000, &codec};
  client_frame rest{opcode::continuation, payload};
  rest.reserved = rsv1;
  CHECK(events(input, frame("", false) + to_bytes(rest)) == failed);
}

TEST_CASE_FIXTURE(fixture, "a message that cannot be opened is a failure, with "
                           "its reason, and final") {
  auto codec = make();
  frame_input input{1000, &codec};
  const strings failed{"failed 1007 a text is not UTF-8"};
  CHECK(events(input, frame(deflated("\xFF").view())) == failed);
  CHECK(events(input, frame(deflated("next").view())) == failed);
}

TEST_CASE_FIXTURE(fixture, "after so many bytes others have their turn") {
  constexpr auto most = frame_input::max_inflated;
  auto has_enough = [this](const std::vector<std::size_t>& sizes) {
    auto codec = make();
    frame_input input{most + 1, &codec};
    for (auto size : sizes) {
      auto bytes = frame(deflated(std::string(size, 'x')).view());
      std::string_view rest{bytes};
      CHECK(input.next(rest, true) == message_reader::event::message);
      CHECK(input.take().size() == size);
    }
    auto result = input.has_enough();
    input.begin();
    CHECK_FALSE(input.has_enough());
    return result;
  };
  constexpr auto cost = frame_input::message_cost;
  auto came = deflated(std::string(most - cost, 'x')).size(); // counts, too
  CHECK_FALSE(has_enough({most - cost - came - 1}));
  CHECK(has_enough({most - cost - came + 2})); // it may come in a byte less
  CHECK(has_enough(std::vector<std::size_t>(most / cost, 1)));
}

TEST_CASE_FIXTURE(fixture, "messages that nobody wants are not decompressed") {
  auto codec = make();
  frame_input input{1000, &codec};
  CHECK(events(input, frame("\xFF\xFF"), false) == strings{});
  auto large = deflated(std::string(frame_input::max_inflated, 'x'));
  CHECK(events(input, frame(large.view()), false) == strings{});
  CHECK_FALSE(input.has_enough());
  CHECK(events(input, frame(deflated("one").view())) == strings{"text one"});
}

TEST_CASE_FIXTURE(fixture, "a message that nobody wants is not what comes "
                           "behind it") {
  auto codec = make();
  frame_input input{1000, &codec};
  CHECK(events(input,
               to_bytes({opcode::text, "unwanted"})
                   + to_bytes({opcode::ping, "p"}),
               false)
        == strings{"ping p"});
}

} // namespace wsrelay::message_codec_test
