// Bytes that many messages share: written once, never changed, freed with the
// last reference. One payload to 10,000 connections is one allocation.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay {

/// An immutable, reference-counted sequence of bytes. Copies share the bytes
/// and are safe across threads. An empty buffer owns no memory.
class shared_buffer {
public:
  shared_buffer() noexcept = default;

  /// Copies `bytes` once.
  shared_buffer(std::string_view bytes) : block_{make(bytes)} {}
  shared_buffer(const char* text) : shared_buffer{std::string_view{text}} {}
  shared_buffer(const std::string& text)
      : shared_buffer{std::string_view{text}} {}

  shared_buffer(const shared_buffer& other) noexcept : block_{other.block_} {
    if (block_)
      block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  shared_buffer(shared_buffer&& other) noexcept
      : block_{std::exchange(other.block_, nullptr)} {}
  shared_buffer& operator=(shared_buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~shared_buffer() { release(); }

  std::size_t size() const noexcept { return block_ ? block_->size : 0; }
  bool empty() const noexcept { return block_ == nullptr; }
  const char* data() const noexcept {
    return block_ ? reinterpret_cast<const char*>(block_ + 1) : nullptr;
  }
  std::string_view view() const noexcept { return {data(), size()}; }

  bool operator==(const shared_buffer& other) const noexcept {
    return block_ == other.block_ || view() == other.view();
  }

private:
  struct block {
    std::atomic<std::size_t> references;
    std::size_t size;
  };

  static block* make(std::string_view bytes) {
    if (bytes.empty())
      return nullptr;
    auto* memory = ::operator new(sizeof(block) + bytes.size());
    auto* result = new (memory) block{1, bytes.size()};
    std::memcpy(static_cast<char*>(memory) + sizeof(block), bytes.data(),
                bytes.size());
    return result;
  }

  void release() noexcept {
    if (block_
        && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      ::operator delete(block_);
  }

  block* block_ = nullptr;
};

} // namespace wsrelay
