// Offers, choices and times.
#include "net/http/session_terms.hpp"

#include "protocol/subprotocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace wsrelay {

namespace {

using offers = std::vector<std::string_view>;

// They were checked before.
offers offers_of(const http_fields& headers) {
  auto found = offered_subprotocols(headers);
  return found ? std::move(*found) : offers{};
}

problem bad_choice(unsigned blame, std::string_view what) {
  return {blame, "subprotocol", std::string{what}};
}

std::variant<std::string, problem>
choose(const relay_command& command, std::string_view answered,
       const endpoint_config& route, const offers& offered, unsigned blame) {
  std::string_view wanted{command.subprotocol};
  if (!wanted.empty() && !answered.empty() && wanted != answered)
    return bad_choice(blame, "the handler chose two subprotocols");
  if (wanted.empty())
    wanted = answered;
  if (wanted.empty())
    return std::string{choose_subprotocol(route.subprotocols, offered)};
  if (std::find(offered.begin(), offered.end(), wanted) == offered.end())
    return bad_choice(blame,
                      "the handler chose a subprotocol that was not offered");
  return std::string{wanted};
}

std::optional<problem> check_time(const relay_command& command,
                                  const expiry_options& expiry, unsigned blame,
                                  std::chrono::milliseconds now) {
  if (expiry.required && !command.expires_at)
    return problem{blame, "command", "the relay command lacks expires_at"};
  if (command.expires_at && *command.expires_at <= now)
    return problem{403, "expiry", "the session's time is over"};
  return std::nullopt;
}

} // namespace

std::optional<problem> check_offers(const endpoint_config& route,
                                    const http_fields& headers) {
  auto offered = offered_subprotocols(headers);
  if (!offered)
    return problem{400, "subprotocol", offered.error().what};
  if (route.require_subprotocol
      && choose_subprotocol(route.subprotocols, *offered).empty())
    return problem{400, "subprotocol",
                   fmt::format("a subprotocol must be offered: {}",
                               fmt::join(route.subprotocols, ", "))};
  return std::nullopt;
}

std::variant<session_terms, problem>
agree_on_terms(const relay_command& command, std::string_view answered,
               const endpoint_config& route, const expiry_options& expiry,
               const http_fields& headers, unsigned blame,
               std::chrono::milliseconds now) {
  auto chosen = choose(command, answered, route, offers_of(headers), blame);
  if (auto* bad = std::get_if<problem>(&chosen))
    return std::move(*bad);
  if (auto bad = check_time(command, expiry, blame, now))
    return std::move(*bad);
  return session_terms{
      std::get<std::string>(std::move(chosen)),
      command.expires_at.value_or(std::chrono::milliseconds{0})};
}

std::string subprotocol_of_refusal(const endpoint_config& route,
                                   const http_fields& headers) {
  auto offered = offers_of(headers);
  auto chosen = choose_subprotocol(route.subprotocols, offered);
  if (chosen.empty() && !offered.empty())
    chosen = offered.front();
  return std::string{chosen};
}

} // namespace wsrelay
