// How much a program has allocated.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <optional>

namespace wsrelay::test {

/// Returns how many bytes are allocated and not freed, by all threads, or
/// nothing where a sanitizer allocates. What a thread keeps of freed memory for
/// itself counts as allocated.
inline std::optional<std::size_t> heap_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::nullopt;
#else
  auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
#endif
}

} // namespace wsrelay::test
