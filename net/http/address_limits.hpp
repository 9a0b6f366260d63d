// What the clients of one address have of a service, in all of its loops.
#pragma once

#include "config/address_set.hpp"
#include "config/client_view.hpp"
#include "config/config.hpp"
#include "net/http/limit_counts.hpp"
#include "protocol/problem.hpp"
#include "protocol/token_bucket.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wsrelay {

class address_limits;

/// One of the connections of an address, until it is destroyed. Any thread.
class address_place {
public:
  address_place() = default;
  address_place(std::shared_ptr<address_limits> owner, std::uint64_t client)
      : owner_{std::move(owner)}, client_{client} {}
  address_place(address_place&& other) noexcept = default;
  address_place& operator=(address_place&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(client_, other.client_);
    return *this;
  }
  ~address_place();

  explicit operator bool() const noexcept { return owner_ != nullptr; }

private:
  std::shared_ptr<address_limits> owner_;
  std::uint64_t client_ = 0;
};

/// Counts by IPv4 address and by the /64 of an IPv6 address. What is no
/// address, a unix socket say, and who is exempt has no limits. Its memory is
/// bounded: by the places that are taken, and by `max_addresses`; a flood of
/// others than those makes it forget the ones that were least active. Any
/// thread.
class address_limits : public std::enable_shared_from_this<address_limits> {
public:
  using time_point = token_bucket::time_point;

  /// `is_trusted` are proxies; `counts` outlives it, but for the ends of
  /// places.
  address_limits(const address_limit_options& options, trust is_trusted,
                 limit_counts& counts);

  /// A connection begins, which has `place` while it is open. Returns why it
  /// must not: 429, "address".
  std::optional<problem> connect(std::string_view address, time_point now,
                                 address_place& place);

  /// A request is about to reach an endpoint. Returns why it must not.
  std::optional<problem> request(std::string_view address, time_point now);

  /// Returns how many addresses have places.
  std::size_t open_addresses() const;

private:
  friend class address_place;

  struct seeded_hash {
    std::uint64_t seed;
    std::size_t operator()(std::uint64_t client) const noexcept;
  };

  // What an address has used of its rates.
  struct usage {
    std::uint64_t client = 0;
    token_bucket connects;
    token_bucket requests;

    time_point full_at() const noexcept;
  };

  // One in so many addresses.
  struct part {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint32_t, seeded_hash> open;
    std::vector<usage> usages; // in sets of `ways`
  };

  static constexpr std::size_t ways = 8;

  std::optional<std::uint64_t> client_of(std::string_view address) const;
  part& part_of(std::uint64_t client);
  usage& find(part& where, std::uint64_t client) const;
  bool take_place(std::uint64_t client);
  void give_back(std::uint64_t client) noexcept;
  std::optional<problem> take_token(std::uint64_t client, time_point now,
                                    token_bucket usage::*which,
                                    const token_rate& rate,
                                    std::string_view what);

  const std::size_t max_open_; // of an address; 0 = no limit
  const token_rate connects_;
  const token_rate requests_;
  const bool is_on_;
  address_set allowed_;
  const trust is_trusted_;
  limit_counts& counts_;
  const seeded_hash hash_;
  std::array<part, 16> parts_;
};

} // namespace wsrelay
