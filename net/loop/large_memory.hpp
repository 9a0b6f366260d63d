// Memory of long messages.
#pragma once

#include <cstddef>

namespace wsrelay {

/// Asks the kernel for large pages in the `size` bytes at `begin`, which were
/// allocated and not written to. Where 4 KiB pages are dear, 16 MiB of them
/// take as long as copying that twenty times. Does nothing below 4 MiB.
void prefer_large_pages(void* begin, std::size_t size) noexcept;

} // namespace wsrelay
