// Connections that a command counts by a key: so many of a user, say.
#pragma once

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace wsrelay {

/// The close code of a connection that a newer one with its key has replaced.
inline constexpr std::uint16_t replaced_code = 4409;

class key_limits;

/// One of the connections of a key, until it is destroyed. The `key_limits`
/// outlive it.
class key_place {
public:
  key_place(key_limits& owner, std::string key)
      : owner_{owner}, key_{std::move(key)} {}
  ~key_place();

  key_place(const key_place&) = delete;
  key_place& operator=(const key_place&) = delete;

  /// Says whose place it is. One that was replaced before is closed now.
  void belongs_to(const caf::actor& client);

private:
  friend class key_limits;

  key_limits& owner_;
  const std::string key_;
  caf::actor client_; // guarded by the owner's mutex, as is the next one
  bool is_replaced_ = false;
};

/// Any thread. Has an entry for each key of an open connection, and no other.
class key_limits {
public:
  struct grant {
    std::unique_ptr<key_place> place; // null: refused
    std::size_t closed = 0;           // others that gave way
  };

  /// Takes one of `max` places. When none is left, `closes_oldest` closes the
  /// connection that has one for the longest time, with 4409; else it is
  /// refused. @pre max > 0
  grant take(const std::string& key, std::uint32_t max, bool closes_oldest);

  /// Returns how many keys have places.
  std::size_t size() const;

private:
  friend class key_place;

  using places = std::list<key_place*>; // the oldest first

  void give_back(key_place& which);
  void set_client(key_place& which, const caf::actor& client);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, places> all_; // guarded by mutex_
};

} // namespace wsrelay
