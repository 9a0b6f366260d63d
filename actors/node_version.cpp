// Versions.
#include "actors/node_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace wsrelay {

namespace {

std::atomic<std::uint32_t> written{protocol_number};

} // namespace

std::string_view release_text() noexcept {
  return WSRELAY_VERSION;
}

std::uint32_t written_protocol() noexcept {
  return written.load(std::memory_order_relaxed);
}

void write_protocol(std::uint32_t number) noexcept {
  written.store(number, std::memory_order_relaxed);
}

node_version this_version() {
  if (written_protocol() == 1)
    return {};
  return {std::string{release_text()},
          protocol_number,
          oldest_protocol,
          {std::string{feature_name_batches}, std::string{feature_pages},
           std::string{feature_bundles}, std::string{feature_groups}}};
}

bool is_plausible(const node_version& version) noexcept {
  constexpr std::size_t max_text = 64;
  constexpr std::size_t max_features = 64;
  auto is_short = [](const std::string& text) {
    return text.size() <= max_text
           && std::all_of(text.begin(), text.end(),
                          [](char c) { return c > ' ' && c < '\x7f'; });
  };
  return is_short(version.release) && version.features.size() <= max_features
         && std::all_of(version.features.begin(), version.features.end(),
                        is_short)
         && version.oldest <= version.protocol;
}

bool has(const node_version& version, std::string_view feature) noexcept {
  return std::find(version.features.begin(), version.features.end(), feature)
         != version.features.end();
}

std::string release_of(const node_version& version) {
  return version.release.empty() ? "0.1" : version.release;
}

std::string to_text(const node_version& version) {
  return fmt::format("{} (protocol {})", release_of(version), version.protocol);
}

std::optional<std::string> refuse_version(const node_version& own,
                                          const node_version& other) {
  auto explain = [&](std::string_view older, std::uint32_t oldest) {
    return fmt::format("the other node is {}, this one {}: they need protocol "
                       "{} or later, upgrade {}",
                       to_text(other), to_text(own), oldest, older);
  };
  if (other.protocol < own.oldest)
    return explain("the other one", own.oldest);
  if (own.protocol < other.oldest)
    return explain("this one", other.oldest);
  return std::nullopt;
}

std::string build_text() {
  constexpr std::string_view commit = WSRELAY_COMMIT;
  auto result = std::string{release_text()};
  if (!commit.empty())
    result.append(" (").append(commit).append(")");
  return result;
}

} // namespace wsrelay
