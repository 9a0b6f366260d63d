// Long messages in parts: what waits, and what is joined again.
#include "net/cluster/basp_parts.hpp"

#include "net/cluster/basp_reader.hpp"
#include "test/net/cluster/basp_bytes.hpp"
#include "test/support/heap.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace wsrelay::basp_parts_test {

using namespace wsrelay::test;

namespace {

constexpr std::size_t header_size = basp_header_size;

std::string direct(std::uint64_t source, std::uint64_t receiver,
                   std::size_t size, char fill = 'x') {
  return basp::message({basp::direct_message, 0, 0, 1, source, receiver},
                       std::string(size - header_size, fill));
}

void write(basp_output& output, const std::string& message) {
  auto& to = output.gathered();
  to.insert(to.end(), message.begin(), message.end());
  output.sort();
}

std::string take(basp_output& output) {
  std::vector<char> result;
  output.take(result);
  return {result.begin(), result.end()};
}

std::string take_all(basp_output& output) {
  std::string result;
  while (!output.empty())
    result += take(output);
  return result;
}

basp_output output_of_parts() {
  basp_output result;
  result.use_parts();
  return result;
}

// Whole messages that are read from bytes which come in pieces.
std::vector<std::string> read(const std::string& bytes,
                              std::size_t piece = 50'000) {
  basp_reader reader;
  std::vector<std::string> result;
  std::vector<char> payload;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto part = bytes.substr(at, piece);
    while (!part.empty()) {
      auto room = reader.input().room();
      auto count = std::min(room.size(), part.size());
      std::memcpy(room.data(), part.data(), count);
      reader.input().add(count);
      part.erase(0, count);
      for (;;) {
        auto found = reader.next(basp_phase::connected, payload);
        if (found == basp_reader::found::bundle)
          payload.assign(reader.bundle().begin(), reader.bundle().end());
        else if (found != basp_reader::found::message)
          break;
        result.push_back(
            basp::header({static_cast<std::uint8_t>(reader.header().operation),
                          reader.header().flags, reader.header().payload_len,
                          reader.header().operation_data,
                          reader.header().source_actor,
                          reader.header().dest_actor})
            + std::string{payload.begin(), payload.end()});
      }
      if (!reader.offence().empty())
        return {reader.offence()};
    }
  }
  return result;
}

std::string part(std::string_view bytes) {
  return basp::message({static_cast<std::uint8_t>(basp_part)}, bytes);
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("a message leaves in parts when it is longer than one, and is the "
          "same again") {
  for (auto size : {max_basp_part - 1, max_basp_part, max_basp_part + 1,
                    2 * max_basp_part, 2 * max_basp_part + 1}) {
    auto output = output_of_parts();
    auto message = direct(1, 2, size);
    write(output, message);
    CHECK(output.has_parts() == (size > max_basp_part));
    CHECK(output.size() == size);
    auto sent = take_all(output);
    auto parts =
        size > max_basp_part ? (size + max_basp_part - 1) / max_basp_part : 0;
    CHECK(sent.size() == size + parts * header_size);
    CHECK(read(sent) == strings{message});
    CHECK(read(sent, 1'000) == strings{message});
  }
}

TEST_CASE("a node that does not know parts gets whole messages") {
  basp_output output;
  auto message = direct(1, 2, 3 * max_basp_part);
  write(output, message);
  CHECK_FALSE(output.has_parts());
  CHECK(take(output) == message);
}

TEST_CASE("short messages of others pass a long one, its sender's do not") {
  auto output = output_of_parts();
  auto first = direct(1, 2, 100, 'a');
  auto second = direct(1, 2, 3 * max_basp_part, 'b');
  auto behind = direct(1, 2, 100, 'c');
  auto other = direct(3, 2, 100, 'd');
  auto elsewhere = direct(1, 4, 100, 'e');
  write(output, first + second + behind + other);
  write(output, elsewhere);
  auto sent = take(output);
  CHECK(sent.size() == 2 * 100 + header_size + max_basp_part);
  sent += take_all(output);
  CHECK(read(sent) == strings{first, other, second, behind, elsewhere});
  CHECK(output.empty());

  write(output, first); // nothing waits any more
  CHECK_FALSE(output.has_parts());
}

TEST_CASE("of a bundle those wait whose senders have a long one waiting") {
  auto record = [](std::uint64_t source, char fill) {
    std::string text(10, fill);
    auto size = min_basp_record - 4 + text.size();
    return basp::number(static_cast<std::uint32_t>(size)) + '\2' + '\1'
           + basp::number(std::uint64_t{1}) + basp::number(source)
           + basp::number(std::uint64_t{2}) + text;
  };
  auto bundle = [](const std::string& records) {
    return basp::message({static_cast<std::uint8_t>(basp_bundle)}, records);
  };
  auto output = output_of_parts();
  auto first = bundle(record(1, 'a') + record(3, 'b'));
  auto last = direct(1, 2, 3 * max_basp_part);
  write(output, first + last);
  write(output, bundle(record(3, 'c') + record(1, 'd') + record(3, 'e')));
  write(output, bundle(record(1, 'f')));
  write(output, bundle(record(0, 'g'))); // nobody's: behind all, and all then
  write(output, bundle(record(3, 'h')));
  CHECK(read(take_all(output))
        == strings{first, bundle(record(3, 'c') + record(3, 'e')), last,
                   bundle(record(1, 'd')), bundle(record(1, 'f')),
                   bundle(record(0, 'g')), bundle(record(3, 'h'))});
}

TEST_CASE("a long piece waits without being copied") {
  auto output = output_of_parts();
  auto message = direct(1, 2, 3 * max_basp_part);
  output.add({message.begin(), message.end()}, 1, true);
  output.sort();
  CHECK(output.has_parts());
  CHECK(output.size() == message.size());
  auto behind = direct(1, 2, 100);
  output.add({behind.begin(), behind.end()}, 0, false);
  output.sort();
  CHECK(read(take_all(output)) == strings{message, behind});
}

TEST_CASE("memory of short pieces is left to be used again") {
  auto output = output_of_parts();
  auto text = direct(1, 2, 100);
  std::vector<char> piece{text.begin(), text.end()};
  output.add(std::move(piece), 0, false); // is swapped in
  CHECK(piece.capacity() == 0);
  std::vector<char> next{text.begin(), text.end()};
  auto* next_memory = next.data();
  output.add(std::move(next), 0, false); // is copied
  CHECK(next.data() == next_memory);
  output.sort();
  std::vector<char> leaving;
  output.take(leaving);
  CHECK(leaving.size() == 2 * text.size());
  next.assign(text.begin(), text.end());
  output.add(std::move(next), 0, false);
  output.sort();
  CHECK(next.capacity() == 0);
  leaving.clear();
  output.take(leaving); // leaves its memory
  std::vector<char> last{text.begin(), text.end()};
  output.add(std::move(last), 0, false);
  CHECK(last.capacity() >= 2 * text.size());
}

TEST_CASE("an actor's end comes behind all that it has sent") {
  auto output = output_of_parts();
  auto last = direct(1, 2, 3 * max_basp_part);
  auto nodes = basp::node(1) + basp::node(2);
  auto payload = nodes + std::string(1 + 8 + 2 + 1 + 3, '\0');
  auto end = basp::message({basp::down_message, 0, 0, 0, 1, 0}, payload);
  auto other = basp::message({basp::down_message, 0, 0, 0, 3, 0}, payload);
  write(output, last + end + other);
  CHECK(read(take_all(output)) == strings{other, last, end});
}

TEST_CASE("what nobody sends comes behind all that waits, and all behind it") {
  auto output = output_of_parts();
  auto last = direct(1, 2, 3 * max_basp_part);
  auto before = direct(3, 2, 100, 'a');
  auto change = direct(0, 2, 100, 'b');
  auto after = direct(3, 2, 100, 'c');
  auto heartbeat = basp::header({});
  write(output, last + before + change + after + heartbeat);
  CHECK(read(take_all(output))
        == strings{before, heartbeat, last, change, after});
}

TEST_CASE("a goodbye of the directory comes behind all that waits") {
  constexpr std::uint64_t directory = 9;
  auto output = output_of_parts();
  auto last = direct(1, 2, 3 * max_basp_part);
  auto goodbye = direct(directory, 2, 100);
  auto other = direct(3, 2, 100);
  auto all = last + goodbye + other;
  output.gathered().assign(all.begin(), all.end());
  output.sort(directory);
  CHECK(read(take_all(output)) == strings{other, last, goodbye});
}

TEST_CASE("a long message has half of what leaves, however many short ones "
          "there are") {
  auto output = output_of_parts();
  auto last = direct(1, 2, 5 * max_basp_part);
  write(output, last);
  std::string shorts;
  for (int i = 0; i < 10; ++i)
    shorts += direct(3, 2, max_basp_part);
  write(output, shorts);
  auto sent = take(output);
  CHECK(output.empty());
  CHECK(read(sent).back() == last);
}

TEST_CASE("what waits behind a long message takes its own memory only") {
  auto output = output_of_parts();
  write(output, direct(1, 2, max_basp_part + 1));
  std::string many;
  for (int i = 0; i < 200; ++i)
    many += direct(3, 2, max_basp_part);
  write(output, many); // 13 MB, which waits as well
  auto before = heap_bytes();
  for (int i = 0; i < 1000; ++i)
    write(output, direct(1, 2, 100));
  auto after = heap_bytes();
  if (before)                                  // not under sanitizers
    CHECK(*after < *before + 2 * many.size()); // where it is written grows
}

TEST_CASE("two long messages leave one after the other") {
  auto output = output_of_parts();
  auto first = direct(1, 2, 2 * max_basp_part, 'a');
  auto second = direct(3, 4, 2 * max_basp_part, 'b');
  write(output, first + second);
  CHECK(read(take_all(output)) == strings{first, second});
}

TEST_CASE("what is cleared leaves nothing behind") {
  auto output = output_of_parts();
  write(output, direct(1, 2, 3 * max_basp_part) + direct(1, 2, 100));
  output.clear();
  CHECK(output.empty());
  write(output, direct(1, 2, 100));
  CHECK_FALSE(output.has_parts());
}

TEST_CASE("a handshake says that parts are read, and CAF does not see it") {
  basp_output output;
  write(output, basp::hello(7));
  auto sent = take(output);
  CHECK(static_cast<std::uint8_t>(sent[3]) == reads_basp_parts_flag);
  for (auto flags : {0, int{reads_basp_parts_flag}}) {
    sent[3] = static_cast<char>(flags);
    basp_reader reader;
    std::memcpy(reader.input().room().data(), sent.data(), sent.size());
    reader.input().add(sent.size());
    std::vector<char> payload;
    REQUIRE(reader.next(basp_phase::awaits_client, payload)
            == basp_reader::found::message);
    CHECK(reader.other_reads_parts() == (flags != 0));
    CHECK(reader.header().flags == 0);
  }
}

TEST_CASE("parts that no node sends are refused") {
  auto message = direct(1, 2, max_basp_part + 100);
  auto whole = part(message.substr(0, max_basp_part));
  SUBCASE("shorter than a header") {
    CHECK(read(part(message.substr(0, header_size - 1)))
          == strings{"part of a message that is shorter than its header"});
  }
  SUBCASE("a header that is refused") {
    auto bad = basp::message({basp::server_handshake, 0, 0, 3}, "x");
    CHECK(read(part(bad)) == strings{"unexpected server_handshake"});
  }
  SUBCASE("in each other") {
    CHECK(read(part(part("x"))) == strings{"part of a part"});
  }
  SUBCASE("more than their message") {
    CHECK(read(whole + part(message.substr(max_basp_part) + "x"))
          == strings{"parts of a message that are more than it"});
  }
  SUBCASE("empty, or longer than a part") {
    CHECK(read(part("")) == strings{"part of a message with 0 bytes"});
    CHECK(read(part(std::string(max_basp_part + 1, 'x')))
          == strings{"part of a message with 65537 bytes"});
  }
  SUBCASE("before the handshake") {
    CHECK(refuse_basp_header(whole.substr(0, header_size),
                             basp_phase::awaits_client)
          == "unexpected part of a message before the handshake");
  }
}

} // namespace wsrelay::basp_parts_test
