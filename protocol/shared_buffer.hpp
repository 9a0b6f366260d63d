// Bytes that many messages share: written once, never changed, freed with the
// last reference. One payload to 10,000 connections is one allocation, is
// checked once, and is framed once.
#pragma once

#include "protocol/frame.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
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
  shared_buffer(std::string_view bytes);
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

  /// Returns whether the bytes are valid UTF-8; looks at them once.
  bool is_utf8() const noexcept;

  /// Returns one unfragmented, unmasked frame with these bytes as its payload.
  /// It stands in the memory of this buffer, whose first call decides on the
  /// opcode: nothing when that was another one.
  std::optional<std::string_view> framed(opcode op) const noexcept;

private:
  friend class buffer_builder;

  // The bytes follow it, and a frame's header is built right before them.
  struct block {
    std::atomic<std::size_t> references;
    std::size_t size;
    std::atomic<std::uint8_t> utf8; // 0 = nobody looked, 1 = valid, 2 = not
    char room[15];
  };
  static_assert(sizeof(block) % 16 == 0);
  static_assert(sizeof(block::room) >= max_plain_header);

  // Memory for `capacity` bytes, which holds what `old` held.
  static block* reallocate(block* old, std::size_t capacity);

  // `made` is of this size now and shared from now on.
  static void finish(block* made, std::size_t size) noexcept;

  void release() noexcept {
    if (block_
        && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      destroy(block_);
  }
  static void destroy(block* what) noexcept;

  block* block_ = nullptr;
};

/// Builds a shared buffer piece by piece. Owns no memory while it is empty.
class buffer_builder {
public:
  buffer_builder() noexcept = default;
  ~buffer_builder() { clear(); }

  buffer_builder(const buffer_builder&) = delete;
  buffer_builder& operator=(const buffer_builder&) = delete;

  std::size_t size() const noexcept { return size_; }
  std::string_view view() const noexcept;

  /// Adds `count` bytes and returns where the caller writes them. `expected` is
  /// the size the whole will probably have: memory grows towards it by
  /// doubling, so that it is never much more than what has come.
  char* extend(std::size_t count, std::size_t expected);

  /// Returns the bytes and becomes empty. `known_utf8`: somebody looked.
  shared_buffer finish(bool known_utf8 = false) noexcept;

  void clear() noexcept;

private:
  shared_buffer::block* block_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace wsrelay
