// Counting, and tokens.
#include "net/http/address_limits.hpp"

#include "config/ip_address.hpp"
#include "net/http/retry_after.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace wsrelay {

namespace {

std::uint64_t random_seed() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

// The first 64 bits of an IPv6 address. Those of IPv4 look like a prefix that
// nobody has.
std::uint64_t to_client(const address_bytes& bytes) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0,    0,
                                                0, 0, 0, 0, 0xFF, 0xFF};
  auto is_ipv4 = std::equal(mapped.begin(), mapped.end(), bytes.begin());
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < 8; ++i)
    result = (result << 8) | bytes[is_ipv4 ? i + 8 : i];
  return is_ipv4 ? result | 0xFFFF'0000'0000'0000 : result;
}

problem too_many(std::string_view what, std::chrono::nanoseconds wait) {
  return {429, "address", fmt::format("too many {} from this address", what),
          retry_after(wait)};
}

} // namespace

address_place::~address_place() {
  if (owner_)
    owner_->give_back(client_);
}

std::size_t
address_limits::seeded_hash::operator()(std::uint64_t client) const noexcept {
  return mix(client ^ seed);
}

address_limits::time_point address_limits::usage::full_at() const noexcept {
  return std::max(connects.full_at(), requests.full_at());
}

address_limits::address_limits(const address_limit_options& options,
                               trust is_trusted, limit_counts& counts)
    : max_open_{options.connections},
      connects_{static_cast<double>(options.connects), options.burst},
      requests_{static_cast<double>(options.requests), options.burst},
      is_on_{max_open_ > 0 || options.counts_time()},
      is_trusted_{std::move(is_trusted)},
      counts_{counts},
      hash_{random_seed()} {
  for (auto& each : options.allow)
    static_cast<void>(allowed_.add(each)); // validated before
  auto sets = (std::max<std::size_t>(options.max_addresses, 1) - 1)
                  / (parts_.size() * ways)
              + 1;
  for (auto& each : parts_) {
    each.open = decltype(each.open){0, hash_};
    if (options.counts_time())
      each.usages.resize(sets * ways);
  }
}

std::optional<problem> address_limits::connect(std::string_view address,
                                               time_point now,
                                               address_place& place) {
  auto client = client_of(address);
  if (!client)
    return std::nullopt;
  if (auto bad = take_token(*client, now, &usage::connects, connects_,
                            "new connections")) {
    ++counts_.address_connects;
    return bad;
  }
  if (max_open_ == 0)
    return std::nullopt;
  if (!take_place(*client)) {
    ++counts_.address_connections;
    return too_many("connections", place_wait);
  }
  place = address_place{shared_from_this(), *client};
  return std::nullopt;
}

std::optional<problem> address_limits::request(std::string_view address,
                                               time_point now) {
  auto client = client_of(address);
  if (!client)
    return std::nullopt;
  auto bad = take_token(*client, now, &usage::requests, requests_, "requests");
  if (bad)
    ++counts_.address_requests;
  return bad;
}

std::size_t address_limits::open_addresses() const {
  std::size_t result = 0;
  for (auto& each : parts_) {
    std::unique_lock guard{each.mutex};
    result += each.open.size();
  }
  return result;
}

// Nothing for who has no limits.
std::optional<std::uint64_t>
address_limits::client_of(std::string_view text) const {
  if (!is_on_)
    return std::nullopt;
  auto address = parse_ip_address(text.substr(0, text.find('%')));
  if (!address || is_trusted_(text) || allowed_.contains(text))
    return std::nullopt;
  return to_client(address->bytes);
}

address_limits::part& address_limits::part_of(std::uint64_t client) {
  return parts_[hash_(client) % parts_.size()];
}

// One that is not there takes the place of who has used the least, of which
// little is forgotten.
address_limits::usage& address_limits::find(part& where,
                                            std::uint64_t client) const {
  auto sets = where.usages.size() / ways;
  auto set = (hash_(client) / parts_.size()) % sets;
  auto begin = where.usages.begin() + static_cast<std::ptrdiff_t>(set * ways);
  auto end = begin + ways;
  auto found = std::find_if(
      begin, end, [client](auto& each) { return each.client == client; });
  if (found != end)
    return *found;
  auto& least = *std::min_element(
      begin, end, [](auto& a, auto& b) { return a.full_at() < b.full_at(); });
  least = {client, {}, {}};
  return least;
}

std::optional<problem> address_limits::take_token(std::uint64_t client,
                                                  time_point now,
                                                  token_bucket usage::*which,
                                                  const token_rate& rate,
                                                  std::string_view what) {
  if (rate.per_second == 0)
    return std::nullopt;
  auto& where = part_of(client);
  std::unique_lock guard{where.mutex};
  auto& bucket = find(where, client).*which;
  if (bucket.try_take(rate, now))
    return std::nullopt;
  return too_many(what, bucket.ready_at(rate, 1) - now);
}

bool address_limits::take_place(std::uint64_t client) {
  auto& where = part_of(client);
  std::unique_lock guard{where.mutex};
  auto& count = where.open[client];
  if (count >= max_open_)
    return false;
  ++count;
  return true;
}

void address_limits::give_back(std::uint64_t client) noexcept {
  auto& where = part_of(client);
  std::unique_lock guard{where.mutex};
  auto found = where.open.find(client);
  if (--found->second == 0)
    where.open.erase(found);
}

} // namespace wsrelay
