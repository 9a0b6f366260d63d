// The same over TLS.
#include "test/net/http/certificates.hpp"
#include "test/net/loop/async_stream_fixture.hpp"

#include <boost/asio/ssl/error.hpp>

#include <algorithm>

namespace wsrelay::async_stream_tls_test {

using namespace wsrelay::test;
namespace error = boost::asio::error;

namespace {

// The other side is a stream of the same loop.
struct fixture : async_fixture {
  fixture() {
    auto pair = make_pair_of(SOCK_STREAM);
    take(std::move(pair[0]));
    theirs = std::make_shared<async_stream>(home, unique_fd{pair[1].release()});
    mine->use_tls(client_context.get());
    theirs->use_tls(server_context.get());
  }

  ~fixture() {
    home.call([this] { theirs->close(); });
    wait_for_turns(home);
    home.call([this] { theirs = nullptr; });
  }

  bool shake_hands() {
    home.call([this] {
      mine->handshake(tls_engine::client, other.note());
      theirs->handshake(tls_engine::server, proved.note());
    });
    return completes(other) && completes(proved) && !*other.ec && !*proved.ec;
  }

  test_authority authority;
  tls_server_ptr server_context = authority.make_server("DNS:a.example");
  tls_server_ptr client_context{SSL_CTX_new(TLS_client_method())};
  std::shared_ptr<async_stream> theirs;
  io_result proved;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "records carry both parts of a write, and count "
                           "as what they are") {
  REQUIRE(shake_hands());
  read_some();
  const std::string head{"head"}, body{"body"};
  home.call([&] {
    theirs->write({boost::asio::buffer(head), boost::asio::buffer(body)},
                  written.note());
  });
  REQUIRE(completes(written));
  CHECK(written.count == 8);
  REQUIRE(completes(read));
  CHECK(seen() == "headbody");
  home.call([this] {
    CHECK(theirs->sent() > 8 + 16);
    CHECK(mine->received() == theirs->sent());
  });
}

TEST_CASE_FIXTURE(fixture, "much goes through, with a reader that is "
                           "slow") {
  REQUIRE(shake_hands());
  const std::string much(3 << 20, 'x');
  home.call(
      [&] { theirs->write({boost::asio::buffer(much)}, written.note()); });
  std::size_t seen = 0;
  while (seen < much.size()) {
    read_some();
    REQUIRE(completes(read));
    REQUIRE(!*read.ec);
    seen += read.count;
  }
  CHECK(seen == much.size());
  CHECK(completes(written));
}

namespace {

// New keys, as one piece: each is a record of 27 bytes without data.
std::string make_key_updates(SSL* from, int count) {
  auto* out = BIO_new(BIO_s_mem());
  SSL_set0_wbio(from, out);
  for (int i = 0; i < count; ++i) {
    SSL_key_update(from, SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(from);
  }
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(out, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// Notes how much a stream reads in a turn.
struct turn_witness final : loop_task {
  turn_witness(loop& home, async_stream& stream) : home{home}, stream{stream} {}

  void flush() override {}
  void go_on() override {
    auto now = stream.received();
    most = std::max(most, now - last);
    last = now;
    if (last < end)
      home.go_on_later(*this);
  }

  loop& home;
  async_stream& stream;
  std::uint64_t last = 0, end = 0, most = 0;
};

} // namespace

TEST_CASE_FIXTURE(fixture,
                  "records without data hold the loop for a portion in "
                  "each turn") {
  REQUIRE(shake_hands());
  read_some();
  wait_for_turns(home);
  turn_witness witness{home, *mine};
  home.call([&] {
    auto records = make_key_updates(theirs->tls(), 8000);
    REQUIRE(records.size() > 128 * 1024);
    auto sent = ::send(theirs->descriptor(), records.data(), records.size(),
                       MSG_DONTWAIT);
    REQUIRE(sent == static_cast<ssize_t>(records.size()));
    witness.last = mine->received();
    witness.end = witness.last + records.size();
    home.go_on_later(witness);
  });
  CHECK(holds_soon(
      [&] { return home.call([&] { return witness.last == witness.end; }); }));
  CHECK(witness.most <= 2 * 16 * 1024); // when told, and when it goes on
  CHECK(!read.ec);
}

TEST_CASE_FIXTURE(fixture, "an end that TLS does not tell is none of the "
                           "other side's") {
  REQUIRE(shake_hands());
  error_code expected;
  SUBCASE("told") {
    home.call([this] { SSL_shutdown(theirs->tls()); });
    expected = error::eof;
  }
  SUBCASE("not told") {
    expected = boost::asio::ssl::error::stream_truncated;
  }
  home.call([this] { theirs->close(); });
  read_some();
  REQUIRE(completes(read));
  CHECK(*read.ec == expected);
}

TEST_CASE_FIXTURE(fixture, "a handshake ends with what the other side "
                           "is") {
  home.call([this] { mine->handshake(tls_engine::client, other.note()); });
  SUBCASE("gone") {
    home.call([this] { theirs->end_output(); });
    REQUIRE(completes(other));
    CHECK(*other.ec == boost::asio::ssl::error::stream_truncated);
  }
  SUBCASE("one that speaks no TLS") {
    home.call([this] {
      ::send(theirs->descriptor(), "HTTP/1.1 400 Bad\r\n", 18, 0);
    });
    REQUIRE(completes(other));
    CHECK(other.ec->category() == error::get_ssl_category());
  }
}

} // namespace wsrelay::async_stream_tls_test
