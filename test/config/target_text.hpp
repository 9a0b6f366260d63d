// Configurations with one http.target.
#pragma once

#include "test/config/loaded_text.hpp"

#include <string>
#include <string_view>

namespace wsrelay::test {

/// A webhook secret; its key has 24 bytes, the fewest there may be.
inline const std::string webhook_secret =
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Another one, of 64 bytes, the most.
inline const std::string long_webhook_secret =
    "whsec_" + std::string(86, 'A') + "==";

/// A target `hook`; its URL is line 3, `more` begins in line 4.
inline std::string hook_at(std::string_view url, std::string_view more = {}) {
  return "- name: hook\n  kind: http.target\n  url: \"" + std::string{url}
         + "\"\n" + std::string{more};
}

/// The same at http://app:81/hook; `line` is line 4.
inline std::string hook_with(std::string_view line) {
  return hook_at("http://app:81/hook", "  " + std::string{line} + "\n");
}

/// The only target in `yaml`, or one without a name where there are errors.
inline http_target_config hook_of(std::string_view yaml) {
  auto config = test::config(yaml);
  return config.targets.size() == 1 ? config.targets[0] : http_target_config{};
}

/// Returns whether `part` stands in `text`.
inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace wsrelay::test
