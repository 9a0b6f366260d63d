// Names and printing of the errors.
#include "actors/error.hpp"

#include "actors/caf_compat.hpp"
#include "actors/ending.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <array>

namespace wsrelay {

namespace {

constexpr std::array<std::string_view, 24> names{
    "none",
    "invalid_utf8",
    "invalid_topic",
    "reserved_topic",
    "invalid_json",
    "invalid_close",
    "invalid_interval",
    "invalid_message",
    "message_too_big",
    "slow_consumer",
    "closing",
    "connection_lost",
    "busy",
    "no_such_target",
    "no_such_peer",
    "target_down",
    "target_refused",
    "target_silent",
    "name_taken",
    "overloaded",
    "peer_silent",
    "incompatible",
    "invalid_expiry",
    "dropped",
};
static_assert(names.size() == static_cast<std::size_t>(errc::dropped) + 1);

std::string context_text(const caf::message& context) {
  if (context.match_elements<std::string>())
    return ": " + context.get_as<std::string>(0);
  if (context.match_elements<std::uint16_t, std::string>())
    return " " + std::to_string(context.get_as<std::uint16_t>(0)) + " "
           + context.get_as<std::string>(1);
  return {};
}

std::string code_text(std::uint8_t code, caf::atom_value category) {
  if (category == errc_category)
    return std::string{to_text(static_cast<errc>(code))};
  if (category == ending_category)
    return std::string{to_text(static_cast<leave_reason>(code - 1))};
  if (category == exit_category)
    return to_string(static_cast<caf::exit_reason>(code));
  if (category == system_category)
    return to_string(static_cast<caf::sec>(code));
  return to_string(category) + " " + std::to_string(code);
}

} // namespace

caf::error make_error(errc code, std::string text) {
  return {static_cast<std::uint8_t>(code), errc_category,
          caf::make_message(std::move(text))};
}

caf::error make_error(errc code) {
  return {static_cast<std::uint8_t>(code), errc_category};
}

bool is(const caf::error& error, errc code) noexcept {
  return error && error.category() == errc_category
         && error.code() == static_cast<std::uint8_t>(code);
}

std::string_view to_text(errc code) noexcept {
  auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : "unknown";
}

std::string to_text(const caf::error& error) {
  if (!error)
    return "normal";
  return code_text(error.code(), error.category())
         + context_text(error.context());
}

void add_error_category(caf::actor_system_config& config) {
  auto render = [](std::uint8_t code, caf::atom_value category,
                   const caf::message& context) {
    return code_text(code, category) + context_text(context);
  };
  config.add_error_category(errc_category, render);
  config.add_error_category(ending_category, render);
}

} // namespace wsrelay
