// Reading what another node sends, without trusting a number in it.
#pragma once

#include "actors/message_source.hpp"

#include <caf/binary_deserializer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// CAF 0.17.6's own reader makes room for as many bytes as a message says that
/// it has, up to 4 GiB, and follows messages that hold messages until the stack
/// ends. This one does neither, and reads no types that are CAF's own business:
/// of groups, which connect to who is named, of streams and of brokers. It
/// keeps the first error: CAF's headers drop those of a message inside of
/// something else when they are compiled as C++20, and what is left is an empty
/// message.
class careful_source final : public message_source {
public:
  /// Messages in messages.
  static constexpr std::size_t max_depth = 16;

  /// Bytes of what directories tell each other, but for lists of before pages:
  /// each element takes many times its bytes.
  static constexpr std::size_t max_short = 256 * 1024;

  /// Reads `bytes`, which outlive it.
  careful_source(caf::execution_unit* context, std::string_view bytes)
      : message_source{context}, source_{context, bytes.data(), bytes.size()} {}

  /// Returns what no node sends, or "".
  const std::string& offence() const noexcept { return offence_; }

  /// Returns the types of the outermost message, "ws.message" or "a+b".
  /// For a line of a log: short, and without what is no text.
  std::string type() const;

  /// Returns the first error, wherever it happened, or none.
  const caf::error& failure() const noexcept { return failure_; }

  // message_source
  std::size_t bytes_left() const override { return source_.remaining(); }
  caf::error keep(caf::error error) override;
  caf::error read_row(std::size_t size, const reader& read) override;

  // From CAF.
  caf::error begin_object(std::uint16_t& number, std::string& name) override;
  caf::error end_object() override;

  /// A sequence has as many elements as bytes are left, at most: none of the
  /// messages between nodes has elements of no bytes.
  caf::error begin_sequence(std::size_t& size) override;
  caf::error end_sequence() override { return caf::none; }

  caf::error apply_raw(std::size_t count, void* to) override {
    return keep(source_.apply_raw(count, to));
  }

protected:
  caf::error apply_impl(std::int8_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::uint8_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::int16_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::uint16_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::int32_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::uint32_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::int64_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::uint64_t& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(float& x) override { return keep(source_.apply(x)); }
  caf::error apply_impl(double& x) override { return keep(source_.apply(x)); }
  caf::error apply_impl(long double& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::string& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::u16string& x) override {
    return keep(source_.apply(x));
  }
  caf::error apply_impl(std::u32string& x) override {
    return keep(source_.apply(x));
  }

private:
  std::string_view rest() const noexcept {
    auto bytes = source_.remainder();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void check_types(std::string_view name);

  caf::binary_deserializer source_;
  std::size_t depth_ = 0;
  std::string type_; // as it came
  std::string offence_;
  caf::error failure_;
};

} // namespace wsrelay
