// Transparent huge pages.
#include "net/loop/large_memory.hpp"

#include <cstdint>

#include <sys/mman.h>

namespace wsrelay {

namespace {

constexpr std::uintptr_t large_page = 2 << 20;
constexpr std::size_t min_size = 2 * large_page;

} // namespace

// Whole large pages only: what lies beside may be somebody else's. Where the
// kernel has none, nothing changes.
void prefer_large_pages(void* begin, std::size_t size) noexcept {
  if (size < min_size)
    return;
  auto from = reinterpret_cast<std::uintptr_t>(begin);
  auto first = (from + large_page - 1) & ~(large_page - 1);
  auto last = (from + size) & ~(large_page - 1);
  if (first < last)
    ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

} // namespace wsrelay
