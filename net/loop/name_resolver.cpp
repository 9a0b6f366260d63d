// Look-ups, their threads, and what is known.
#include "net/loop/name_resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace wsrelay {

namespace {

namespace ip = boost::asio::ip;
using addresses = std::vector<ip::address>;

// Addresses of one name that are used; a server has a few.

// Names that are remembered before old ones are looked for.
constexpr std::size_t many_names = 64;

std::optional<ip::address> to_address(const sockaddr& from) {
  if (from.sa_family == AF_INET) {
    auto& found = reinterpret_cast<const sockaddr_in&>(from);
    return ip::address_v4{ntohl(found.sin_addr.s_addr)};
  }
  if (from.sa_family != AF_INET6)
    return std::nullopt;
  auto& found = reinterpret_cast<const sockaddr_in6&>(from);
  ip::address_v6::bytes_type bytes;
  std::copy_n(found.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return ip::address_v6{bytes, found.sin6_scope_id};
}

name_result to_result(const addrinfo* found, std::size_t max) {
  addresses result;
  for (; found && result.size() < max; found = found->ai_next) {
    auto address = to_address(*found->ai_addr);
    if (address
        && std::find(result.begin(), result.end(), *address) == result.end())
      result.push_back(*address);
  }
  if (result.empty())
    return failure{"the name has no address"};
  return result;
}

name_result resolve_guarded(const name_resolver_options& options,
                            const std::string& host) {
  try {
    return options.lookup(host);
  } catch (const std::exception& error) {
    return failure{error.what()};
  }
}

} // namespace

name_result look_up_name(const std::string& host, std::size_t max) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (auto error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found))
    return failure{::gai_strerror(error)};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found,
                                                             ::freeaddrinfo};
  return to_result(found, max);
}

class name_resolver::question {
public:
  question(std::shared_ptr<loop_door> door,
           std::function<void(const name_result&)> done)
      : door{std::move(door)}, done{std::move(done)} {}

  const std::shared_ptr<loop_door> door;
  const std::function<void(const name_result&)> done;
};

// Shared with the threads, which may outlive the resolver.
class name_resolver::state : public std::enable_shared_from_this<state> {
public:
  using answer_ptr = std::shared_ptr<const name_result>;

  // A question that is still wanted lives; only its loop's thread holds it, so
  // that it ends there.
  struct asker {
    std::weak_ptr<question> what;
    std::shared_ptr<loop_door> door;

    void tell(answer_ptr answer) const {
      door->post([what = what, answer = std::move(answer)] {
        if (auto wanted = what.lock())
          wanted->done(*answer);
      });
    }
  };

  explicit state(name_resolver_options options)
      : options_{std::move(options)} {}

  void ask(const asker& who, const std::string& host) {
    if (auto known = find_or_wait(who, host))
      who.tell(std::move(known));
  }

private:
  struct name {
    bool under_way = false;
    std::vector<asker> waiting;
    std::size_t crowd = 64; // so many are looked through for those that left
    answer_ptr known;
    time_point until{};
  };

  // Returns what can be told at once.
  answer_ptr find_or_wait(const asker& who, const std::string& host) {
    std::unique_lock guard{mutex_};
    auto now = options_.now();
    if (names_.size() > many_names)
      forget_old(now);
    auto& found = names_[host];
    if (found.known && now < found.until)
      return found.known;
    if (!found.under_way) {
      if (auto failed = start(host))
        return failed;
      found.under_way = true;
    }
    add(found, who);
    return nullptr;
  }

  // Returns why there is no look-up.
  answer_ptr start(const std::string& host) {
    if (lookups_ >= options_.max_lookups)
      return say("too many names are looked up");
    try {
      std::thread{[me = shared_from_this(), host] {
        me->on_found(host, std::make_shared<name_result>(
                               resolve_guarded(me->options_, host)));
      }}.detach();
    } catch (const std::system_error& error) {
      return say(error.what());
    }
    ++lookups_;
    return nullptr;
  }

  static answer_ptr say(std::string why) {
    return std::make_shared<name_result>(failure{std::move(why)});
  }

  // Those who gave up do not add up, however long a look-up takes.
  static void add(name& found, const asker& who) {
    auto& waiting = found.waiting;
    if (waiting.size() >= found.crowd) {
      std::erase_if(waiting, [](auto& each) { return each.what.expired(); });
      found.crowd = std::max<std::size_t>(64, 2 * waiting.size());
    }
    waiting.push_back(who);
  }

  void on_found(const std::string& host, const answer_ptr& answer) {
    for (auto& each : take_askers(host, answer))
      each.tell(answer);
  }

  std::vector<asker> take_askers(const std::string& host,
                                 const answer_ptr& answer) {
    std::unique_lock guard{mutex_};
    --lookups_;
    auto& found = names_[host];
    found.under_way = false;
    found.known = answer;
    found.until = options_.now()
                  + (*answer ? options_.keep_found : options_.keep_missing);
    return std::exchange(found.waiting, {});
  }

  void forget_old(time_point now) {
    std::erase_if(names_, [now](auto& each) {
      return !each.second.under_way && each.second.until <= now;
    });
  }

  const name_resolver_options options_;
  std::mutex mutex_;
  std::map<std::string, name> names_; // guarded by mutex_
  std::size_t lookups_ = 0;           // guarded by mutex_
};

name_resolver::name_resolver(name_resolver_options options)
    : state_{std::make_shared<state>(std::move(options))} {}

std::shared_ptr<name_resolver::question>
name_resolver::find(std::shared_ptr<loop_door> door, const std::string& host,
                    std::function<void(const name_result&)> done) {
  auto result = std::make_shared<question>(door, std::move(done));
  state::asker who{result, std::move(door)};
  boost::system::error_code ec;
  auto address = ip::make_address(host, ec);
  if (!ec)
    who.tell(std::make_shared<name_result>(addresses{address}));
  else
    state_->ask(who, host);
  return result;
}

} // namespace wsrelay
