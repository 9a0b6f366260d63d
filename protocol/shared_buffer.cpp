// Memory of shared bytes.
#include "protocol/shared_buffer.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace wsrelay {

namespace {

// An empty message is a header and nothing else.
std::string_view empty_frame(opcode op) noexcept {
  static constexpr char frames[] = "\x80\0\x81\0\x82\0\x83\0\x84\0\x85\0\x86\0"
                                   "\x87\0\x88\0\x89\0\x8a";
  return {frames + 2 * static_cast<std::size_t>(op), 2};
}

} // namespace

shared_buffer::shared_buffer(std::string_view bytes) {
  if (bytes.empty())
    return;
  block_ = reallocate(nullptr, bytes.size());
  std::memcpy(static_cast<void*>(block_ + 1), bytes.data(), bytes.size());
  finish(block_, bytes.size());
}

// As its object representation a block may be moved with its memory: atomics of
// integers are plain memory (checked by the assertion on its size).
shared_buffer::block* shared_buffer::reallocate(block* old,
                                                std::size_t capacity) {
  auto* memory =
      std::realloc(static_cast<void*>(old), sizeof(block) + capacity);
  if (!memory)
    throw std::bad_alloc{};
  return old ? static_cast<block*>(memory) : new (memory) block{};
}

void shared_buffer::finish(block* made, std::size_t size) noexcept {
  made->references.store(1, std::memory_order_relaxed);
  made->size = size;
  auto* header = reinterpret_cast<char*>(made + 1) - plain_header_size(size);
  *header = 0;
  put_plain_length(header + 1, size);
}

void shared_buffer::destroy(block* what) noexcept {
  std::free(what);
}

bool shared_buffer::is_utf8() const noexcept {
  if (!block_)
    return true;
  auto known = block_->utf8.load(std::memory_order_relaxed);
  if (known == 0) {
    known = is_valid_utf8(view()) ? 1 : 2;
    block_->utf8.store(known, std::memory_order_relaxed);
  }
  return known == 1;
}

std::optional<std::string_view>
shared_buffer::framed(opcode op) const noexcept {
  if (!block_)
    return empty_frame(op);
  auto header_size = plain_header_size(block_->size);
  auto* header = reinterpret_cast<char*>(block_ + 1) - header_size;
  std::atomic_ref<char> first{*header};
  auto wanted = first_byte(op);
  auto found = first.load(std::memory_order_relaxed);
  if (found == 0
      && first.compare_exchange_strong(found, wanted,
                                       std::memory_order_relaxed))
    found = wanted;
  if (found != wanted)
    return std::nullopt;
  return std::string_view{header, header_size + block_->size};
}

std::string_view buffer_builder::view() const noexcept {
  return {block_ ? reinterpret_cast<const char*>(block_ + 1) : nullptr, size_};
}

char* buffer_builder::extend(std::size_t count, std::size_t expected) {
  auto needed = size_ + count;
  if (needed > capacity_) {
    capacity_ = std::max(needed, std::min(expected, 2 * needed));
    block_ = shared_buffer::reallocate(block_, capacity_);
  }
  return reinterpret_cast<char*>(block_ + 1) + std::exchange(size_, needed);
}

shared_buffer buffer_builder::finish(bool known_utf8) noexcept {
  shared_buffer result;
  if (size_ > 0) {
    shared_buffer::finish(block_, size_);
    block_->utf8.store(known_utf8, std::memory_order_relaxed);
    result.block_ = std::exchange(block_, nullptr);
  }
  clear();
  return result;
}

void buffer_builder::clear() noexcept {
  if (block_)
    shared_buffer::destroy(block_);
  block_ = nullptr;
  size_ = capacity_ = 0;
}

} // namespace wsrelay
