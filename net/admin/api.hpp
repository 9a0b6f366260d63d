// The JSON API: what is asked for by method and path, and what it answers. Each
// question blocks until the node has answered it: on threads of its own.
#pragma once

#include "actors/messages.hpp"
#include "net/admin/admin_view.hpp"
#include "net/admin/connection_table.hpp"
#include "net/admin/sampler.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// Where the paths of the API begin.
inline constexpr std::string_view api_prefix = "/api/v1/";

/// Returns why the node is not ready, each in a few words; nothing when it is.
std::vector<std::string> why_not_ready(const admin_view& view,
                                       const node_sample* sample);

/// Any thread.
class admin_api {
public:
  /// How long a part of the node may take to answer.
  static constexpr milliseconds patience{5'000};

  /// `view` and `samples` outlive it.
  admin_api(admin_view& view, sampler& samples);

  /// Answers a request whose path begins with the prefix. Blocks. Never throws.
  http_response answer(const http_request& request) noexcept;

private:
  http_response find(const http_request& request);

  admin_view& view_;
  sampler& samples_;
  connection_table table_;
  std::atomic<bool> reloads_{false}; // one is under way
  const std::chrono::steady_clock::time_point begin_;
};

} // namespace wsrelay
