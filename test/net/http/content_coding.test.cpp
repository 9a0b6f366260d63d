// Content codings that a client takes.
#include "net/http/content_coding.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

namespace wsrelay::content_coding_test {

namespace {

// "br gzip identity"
std::string weights(const http_fields& fields) {
  auto found = accepted_codings(fields);
  return fmt::format("{} {} {}", found.br, found.gzip, found.identity);
}

std::string weights(const std::string& value) {
  return weights(http_fields{{"Accept-Encoding", value}});
}

} // namespace

TEST_CASE("without Accept-Encoding no coding is taken") {
  CHECK(weights(http_fields{}) == "0 0 1");
  CHECK(weights("") == "0 0 1");
}

TEST_CASE("a coding that is named is taken") {
  CHECK(weights("gzip, deflate, br, zstd") == "1000 1000 1");
  CHECK(weights("gzip") == "0 1000 1");
  CHECK(weights("BR") == "1000 0 1");
  CHECK(weights("x-gzip") == "0 1000 1");
  CHECK(weights("identity") == "0 0 1000");
}

TEST_CASE("weights say what is preferred") {
  CHECK(weights("br;q=0.5, gzip;q=0.75, identity;q=0.001") == "500 750 1");
  CHECK(weights("br ; q=1.000,gzip; Q=0.123") == "1000 123 1");
  CHECK(weights("br;q=0, gzip;q=0.000") == "0 0 1");
  CHECK(weights("br;q=1, gzip;q=0.") == "1000 0 1");
}

TEST_CASE("the star stands for what is not named") {
  CHECK(weights("*") == "1000 1000 1");
  CHECK(weights("*;q=0.5, br;q=0") == "0 500 1");
  CHECK(weights("gzip;q=0.2, *;q=0") == "0 200 1");
}

// There may be nothing else to send.
TEST_CASE("no coding is always there") {
  CHECK(weights("identity;q=0") == "0 0 1");
  CHECK(weights("*;q=0") == "0 0 1");
}

TEST_CASE("several lines are one list") {
  CHECK(weights({{"Accept-Encoding", "gzip;q=0.5"},
                 {"Other", "x"},
                 {"accept-encoding", "br"}})
        == "1000 500 1");
}

TEST_CASE("a weight that cannot be read counts as no member") {
  for (auto weight : {"q=2", "q=1.001", "q=-1", "q=0.1234", "q=", "q", "q=.5",
                      "q=a", "x=1", "q=0.5;x", "q=00", "q=1e"})
    CHECK(weights(fmt::format("br;{}", weight)) == "0 0 1");
  CHECK(weights("br;") == "1000 0 1");
  CHECK(weights(",, ,;q=1,gzip,") == "0 1000 1");
}

} // namespace wsrelay::content_coding_test
