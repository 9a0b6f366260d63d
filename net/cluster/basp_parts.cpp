// Cutting and joining. On the wire a part is a message of BASP with an
// operation of its own; its payload are the next bytes of the long one, header
// first. No other long message begins before all of them have come.
#include "net/cluster/basp_parts.hpp"

#include "net/cluster/bundle.hpp"
#include "net/loop/large_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace wsrelay {

namespace {

// No more is asked for than this before anything has come.
constexpr std::size_t max_reserved = 64 << 20;

constexpr std::size_t flags_offset = 3;

std::ptrdiff_t offset(std::size_t count) noexcept {
  return static_cast<std::ptrdiff_t>(count);
}

void append(std::vector<char>& to, const std::vector<char>& from,
            std::size_t first, std::size_t count) {
  to.insert(to.end(), from.begin() + offset(first),
            from.begin() + offset(first + count));
}

std::array<char, basp_header_size> part_header(std::size_t size) noexcept {
  std::array<char, basp_header_size> result;
  basp_header header{};
  header.operation = basp_part;
  header.payload_len = static_cast<std::uint32_t>(size);
  put_basp_header(result.data(), header);
  return result;
}

} // namespace

// -- what goes ----------------------------------------------------------------

void basp_output::sort(std::uint64_t directory) {
  while (gathered_.size() - sorted_ >= basp_header_size) {
    auto* message = gathered_.data() + sorted_;
    auto header = read_basp_header(message);
    auto size = std::min(basp_header_size + header.payload_len,
                         gathered_.size() - sorted_);
    if (is_handshake(header.operation))
      message[flags_offset] =
          static_cast<char>(header.flags | reads_basp_parts_flag);
    if (header.operation == basp_bundle && size <= max_basp_part)
      sort_bundle(size);
    else if (uses_parts_
             && (size > max_basp_part || must_wait(header, directory)))
      set_apart(size, header.source_actor);
    else
      sorted_ += size;
  }
}

// An actor's end comes behind all that it has sent.
bool basp_output::must_wait(const basp_header& header,
                            std::uint64_t directory) const {
  if (waiting_.empty())
    return false;
  auto source = header.source_actor;
  switch (header.operation) {
    case basp_operation::direct_message:
    case basp_operation::routed_message:
      return source == 0 || source == directory || sources_.contains(source)
             || sources_.contains(0);
    case basp_operation::down_message:
      return sources_.contains(source);
    default:
      return false;
  }
}

// Those of actors that have something waiting wait behind it.
void basp_output::sort_bundle(std::size_t size) {
  if (waiting_.empty()) {
    sorted_ += size;
    return;
  }
  auto* begin = gathered_.data() + sorted_;
  auto kept = basp_header_size;
  for (auto at = kept; at < size;) {
    auto count = std::min(record_size(begin + at), size - at);
    auto source = record_source(begin + at);
    if (source == 0 || sources_.contains(source) || sources_.contains(0)) {
      buffer alone(basp_header_size);
      put_basp_header(alone.data(), bundle_header(count));
      alone.insert(alone.end(), begin + at, begin + at + count);
      wait(std::move(alone), 0, source);
    } else {
      std::memmove(begin + kept, begin + at, count);
      kept += count;
    }
    at += count;
  }
  put_basp_header(begin, bundle_header(kept - basp_header_size));
  if (kept == basp_header_size)
    kept = 0;
  auto end = gathered_.begin() + offset(sorted_ + size);
  gathered_.erase(gathered_.begin() + offset(sorted_ + kept), end);
  sorted_ += kept;
}

void basp_output::add(buffer&& messages, std::uint64_t source, bool is_long) {
  if (is_long && uses_parts_)
    return wait(std::move(messages), 0, source);
  if (gathered_.empty())
    gathered_.swap(messages);
  else
    append(gathered_, messages, 0, messages.size());
}

// What is long mostly is the last one, and keeps its place then: the rest,
// which is less, moves.
void basp_output::set_apart(std::size_t size, std::uint64_t source) {
  buffer apart;
  if (sorted_ + size == gathered_.size() && size > sorted_) {
    apart.swap(gathered_);
    append(gathered_, apart, 0, sorted_);
    return wait(std::move(apart), sorted_, source);
  }
  append(apart, gathered_, sorted_, size);
  gathered_.erase(gathered_.begin() + offset(sorted_),
                  gathered_.begin() + offset(sorted_ + size));
  wait(std::move(apart), 0, source);
}

void basp_output::wait(buffer bytes, std::size_t begin, std::uint64_t source) {
  auto size = bytes.size() - begin;
  ++sources_[source];
  waiting_size_ += size;
  waiting_.push_back({std::move(bytes), begin, source, size > max_basp_part});
}

void basp_output::take(buffer& to) {
  to.swap(gathered_);
  sorted_ = 0;
  // Else many short ones would keep a long one from ever being whole.
  auto fair = std::max<std::size_t>(2 * to.size(), 1);
  while (!waiting_.empty() && to.size() < fair)
    take_part(to);
}

void basp_output::take_part(buffer& to) {
  auto& next = waiting_.front();
  auto count = std::min(max_basp_part, next.bytes.size() - next.begin);
  if (next.is_long) {
    auto header = part_header(count);
    to.insert(to.end(), header.begin(), header.end());
  }
  append(to, next.bytes, next.begin, count);
  next.begin += count;
  waiting_size_ -= count;
  if (next.begin < next.bytes.size())
    return;
  forget(next.source);
  waiting_.pop_front();
}

void basp_output::forget(std::uint64_t source) {
  if (auto found = sources_.find(source); --found->second == 0)
    sources_.erase(found);
}

void basp_output::clear() {
  gathered_.clear();
  waiting_.clear();
  sources_.clear();
  sorted_ = waiting_size_ = 0;
}

// -- what comes ---------------------------------------------------------------

std::string basp_assembly::add(std::string_view part, basp_phase phase) {
  if (!begun_) {
    if (part.size() < basp_header_size)
      return "part of a message that is shorter than its header";
    auto front = part.substr(0, basp_header_size);
    if (auto why = refuse_basp_header(front, phase); !why.empty())
      return why;
    header_ = read_basp_header(front.data());
    if (header_.operation == basp_part)
      return "part of a part";
    begun_ = true;
    payload_.reserve(std::min<std::size_t>(header_.payload_len, max_reserved));
    prefer_large_pages(payload_.data(), payload_.capacity());
    part.remove_prefix(basp_header_size);
  }
  if (part.size() > header_.payload_len - payload_.size())
    return "parts of a message that are more than it";
  payload_.insert(payload_.end(), part.begin(), part.end());
  return {};
}

bool basp_assembly::is_whole() const noexcept {
  return begun_ && payload_.size() == header_.payload_len;
}

void basp_assembly::take(buffer& into) {
  into.clear();
  into.swap(payload_);
  buffer{}.swap(payload_);
  begun_ = false;
}

} // namespace wsrelay
