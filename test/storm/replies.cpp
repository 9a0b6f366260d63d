// Counting.
#include "test/storm/replies.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace wsrelay::storm {

std::uint64_t number_at(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string replies::on_text(std::string_view text) {
  auto colon = text.find(':');
  if (colon == text.npos)
    return {};
  if (text.front() == '{')
    return on_event(text);
  return on_number(std::string{text.substr(0, colon)},
                   number_at(text.substr(colon + 1)));
}

std::string replies::on_event(std::string_view text) {
  auto says = [&](std::string_view topic) {
    return text.starts_with(fmt::format(R"({{"topic":"{}")", topic));
  };
  if ((says("relay.parked") || says("relay.resumed")) && !where_->parks)
    return fmt::format("got {}, its route does not park", text);
  if (!says(hole_topic))
    return {};
  constexpr std::string_view key = R"("dropped":)";
  auto at = text.find(key);
  auto count = at == text.npos ? 0 : number_at(text.substr(at + key.size()));
  told_ += count;
  if (count == 0)
    return fmt::format("got {}, which tells of nothing", text);
  if (where_->may_lose == losses::none)
    return fmt::format("got {}, its route drops nothing", text);
  return {};
}

// What is missing is told before what comes behind it, unless a newer one with
// its key has replaced it.
std::string replies::on_number(const std::string& stream,
                               std::uint64_t number) {
  auto before = std::exchange(last_[stream], number);
  if (number <= before)
    return fmt::format("reply {} of target {} behind {}", number, stream,
                       before);
  auto has_key = stream.find('k') != stream.npos;
  if (number == before + 1 || (has_key && where_->may_lose == losses::replaced))
    return {};
  missing_ += number - before - 1;
  if (missing_ <= told_)
    return {};
  return fmt::format("reply {} of target {} instead of {}: {} missing, {} told",
                     number, stream, before + 1, missing_, told_);
}

std::string replies::on_close(std::string_view reason) const {
  if (reason == "too fast: send less at a time, then connect again"
      && !where_->has_rate)
    return "closed as too fast, its route has no rate";
  if (reason == "too slow: read what comes sooner, then connect again"
      && where_->may_lose != losses::none)
    return "closed as too slow, its route drops instead";
  return {};
}

} // namespace wsrelay::storm
