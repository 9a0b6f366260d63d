// Records, from messages to bytes and back; and bytes that are none.
#include "net/cluster/bundle.hpp"

#include "test/support/checked_node.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::bundle_test {

using namespace wsrelay::test;

namespace {

constexpr auto response = std::uint64_t{1} << 63;

struct records {
  checked_node node;
  caf::actor client = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](caf::ok_atom) {}};
  });
  caf::strong_actor_ptr sender = caf::actor_cast<caf::strong_actor_ptr>(client);
  std::vector<char> bytes;

  ~records() { caf::anon_send_exit(client, caf::exit_reason::kill); }

  bool write(caf::message content, std::uint64_t id = 1) {
    record_head head{id, sender->id(), 9};
    auto size = record_bytes(head, sender, content);
    if (size == 0)
      return false;
    auto before = bytes.size();
    write_record(bytes, head, content);
    CHECK(bytes.size() == before + size);
    return true;
  }

  ws_message message(std::string_view data) const {
    return {client,
            "1@N",
            "ws.message",
            7,
            message_type::binary,
            shared_buffer{data},
            "{}"};
  }
};

std::string read_to_offence(std::string_view bytes) {
  bundle_reader reader{bytes};
  for (bundle_record next; reader.next(next);) {
  }
  return reader.offence();
}

std::string read_to_offence(const std::vector<char>& bytes) {
  return read_to_offence(std::string_view{bytes.data(), bytes.size()});
}

} // namespace

TEST_CASE_FIXTURE(records,
                  "every message that may be in a bundle is read as it "
                  "was written") {
  auto long_data = std::string(60'000, 'x');
  REQUIRE(write(caf::make_message(message("hi")), 5));
  REQUIRE(write(caf::make_message(ws_send{message_type::text, long_data})));
  REQUIRE(write(caf::make_message(ws_event{"news", "[1]"})));
  REQUIRE(write(caf::message{}, response | 5));
  bundle_reader reader{{bytes.data(), bytes.size()}};
  bundle_record next;
  REQUIRE(reader.next(next));
  CHECK(next.head.id == 5);
  CHECK(next.head.source == sender->id());
  CHECK(next.head.dest == 9);
  auto& first = std::get<message_record>(next.what);
  CHECK(first.seq == 7);
  CHECK(first.type == message_type::binary);
  CHECK(first.client_pid == "1@N");
  CHECK(first.topic == "ws.message");
  CHECK(first.metadata == "{}");
  CHECK(first.data == "hi");
  REQUIRE(reader.next(next));
  CHECK(std::get<send_record>(next.what).type == message_type::text);
  CHECK(std::get<send_record>(next.what).data == long_data);
  REQUIRE(reader.next(next));
  CHECK(std::get<event_record>(next.what).topic == "news");
  CHECK(std::get<event_record>(next.what).data == "[1]");
  REQUIRE(reader.next(next));
  CHECK(std::holds_alternative<answer_record>(next.what));
  CHECK(next.head.id == (response | 5));
  CHECK_FALSE(reader.next(next));
  CHECK(reader.offence().empty());
}

TEST_CASE_FIXTURE(records,
                  "a bundle that is longer than a part is one message") {
  auto size_of_short = min_basp_record + 1;
  auto fill = [&](std::size_t size) {
    bytes.clear();
    REQUIRE(write(caf::make_message(ws_send{message_type::text, "x"})));
    auto rest = std::string(size - size_of_short - min_basp_record, 'x');
    REQUIRE(write(caf::make_message(ws_send{message_type::text, rest})));
    REQUIRE(bytes.size() == size);
    return read_to_offence(bytes);
  };
  CHECK(fill(max_basp_part - 1).empty());
  CHECK(fill(max_basp_part).empty());
  CHECK(fill(max_basp_part + 1) == "long bundle of more than one message");
}

TEST_CASE_FIXTURE(records, "any other message is none") {
  auto others = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](caf::ok_atom) {}};
  });
  auto of_another = message("hi");
  of_another.client = others;
  CHECK_FALSE(write(caf::make_message(of_another)));
  CHECK_FALSE(write(caf::make_message(ws_close{})));
  CHECK_FALSE(write(caf::make_message(1)));
  CHECK_FALSE(write(caf::message{}, 5)); // it answers nothing
  CHECK(bytes.empty());
  caf::anon_send_exit(others, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(records, "a bundle that is cut anywhere is an offence, and "
                           "nothing is read beyond it") {
  REQUIRE(write(caf::make_message(message("hi"))));
  REQUIRE(write(caf::make_message(ws_event{"news", "[1]"})));
  auto first = record_size(bytes.data());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    CAPTURE(size);
    std::vector<char> cut(bytes.begin(),
                          bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(read_to_offence(cut).empty() == (size == first));
  }
}

TEST_CASE_FIXTURE(records,
                  "sizes, kinds, types and ids that no node writes are "
                  "offences") {
  REQUIRE(write(caf::make_message(ws_event{"news", "[1]"})));
  auto with = [&](std::size_t at, char value) {
    auto changed = bytes;
    changed[at] = value;
    return read_to_offence(changed);
  };
  constexpr auto size = "bundle with a message that is longer or shorter than "
                        "it is";
  CHECK(with(0, '\x7f') == size);
  CHECK(with(3, '\0') == size);
  CHECK(with(4, '\0') == "bundle with a message of no kind");
  CHECK(with(4, '\5') == "bundle with a message of no kind");
  CHECK(with(5, '\1') == "bundle with a message that is none of its kind");
  CHECK(with(4, '\2') == "bundle with a message that is none of its kind");
  CHECK(with(6, '\x20') == "message of a CAF stream");
  CHECK(with(30, '\x7f') // the size of its topic
        == "bundle with a message whose parts are not its own");
  bytes.clear();
  REQUIRE(write(caf::message{}, response | 5));
  CHECK(with(6, '\0') == "bundle with a message that is none of its kind");
}

} // namespace wsrelay::bundle_test
