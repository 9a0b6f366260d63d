// Clients that are told why they are not served, and nothing else.
#pragma once

#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"
#include "protocol/problem.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>

namespace wsrelay {

/// Returns the whole response that refuses, for who closes behind it.
std::string refusal_text(const problem& why);

/// Of one loop. Each has two seconds to read it: what is closed while a request
/// comes in is reset, and the answer with it. Loop thread only.
class turned_away {
public:
  /// So many at a time: one more cuts the oldest off.
  static constexpr std::size_t max = 64;

  explicit turned_away(loop_context& home);
  ~turned_away();

  turned_away(const turned_away&) = delete;
  turned_away& operator=(const turned_away&) = delete;

  void tell(std::unique_ptr<byte_stream> stream, const problem& why);

  /// Returns how many have time left.
  std::size_t count() const noexcept { return open_; }

private:
  class client;
  using place = std::list<std::unique_ptr<client>>::iterator;

  loop_context& home_;
  void cut_off_oldest();

  std::list<std::unique_ptr<client>> all_; // the oldest first
  std::size_t open_ = 0;                   // of them; others are ending
};

} // namespace wsrelay
