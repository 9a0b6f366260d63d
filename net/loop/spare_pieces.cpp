// Keeping and freeing.
#include "net/loop/spare_pieces.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace wsrelay {

namespace {

// Freed between two looks at the clock.
constexpr std::size_t few_pieces = 64;

} // namespace

spare_pieces::pieces spare_pieces::take() noexcept {
  pieces result;
  if (!kept_.empty()) {
    result = std::move(kept_.back());
    kept_.pop_back();
  }
  return result;
}

// Without memory for the list it is freed here.
void spare_pieces::give(pieces&& what) noexcept try {
  auto owned = std::move(what);
  if (owned.size() > max_pieces)
    return spent_.push_back(std::move(owned));
  owned.clear();
  if (owned.capacity() > 0 && owned.capacity() <= max_pieces
      && kept_.size() < max_kept)
    kept_.push_back(std::move(owned));
} catch (const std::bad_alloc&) {
}

void spare_pieces::free_some(
    std::chrono::steady_clock::time_point until) noexcept {
  do {
    if (spent_.empty())
      return;
    auto& last = spent_.back();
    last.erase(
        last.end()
            - static_cast<std::ptrdiff_t>(std::min(few_pieces, last.size())),
        last.end());
    if (last.empty())
      spent_.pop_back();
  } while (std::chrono::steady_clock::now() < until);
}

} // namespace wsrelay
