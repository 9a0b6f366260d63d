// What a configuration may send to another node, of which `output_limit` is to
// hold enough.
#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// What is largest on its way to another node, and who lets it in.
struct message_need {
  std::size_t size = 0; // bytes, with all that goes along
  std::string who;
  std::string_view what;
  std::size_t limit = 0; // bytes, of the configuration
  std::string_view key;
};

/// Size 0 where nothing goes to other nodes.
message_need largest_message(const relay_config& config);

/// Returns how many bytes the loops add at most behind the moment when much
/// waits for another node: each the message that it reads. Without `threads`
/// the loops are those of this machine.
std::size_t largest_burst(const relay_config& config);

} // namespace wsrelay
