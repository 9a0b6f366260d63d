// What the errors of requests mean.
#include "tools/wsrelay/session.hpp"

#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

namespace wsrelay::cli {

namespace {

exit_code code_of(const caf::error& error) {
  if (is(error, errc::no_such_target) || is(error, errc::no_such_peer))
    return exit_code::not_found;
  return is(error, errc::peer_silent) ? exit_code::timeout : exit_code::refused;
}

std::string kind_of(const caf::error& error) {
  if (error.category() != errc_category)
    return "refused";
  return std::string{to_text(static_cast<errc>(error.code()))};
}

// The error's own sentence; without one, its kind. A connection that passes an
// error on names the kind a second time.
std::string sentence(const caf::error& error) {
  auto text = to_text(error);
  auto kind = kind_of(error) + ": ";
  while (text.starts_with(kind))
    text.erase(0, kind.size());
  return text.empty() ? kind_of(error) : text;
}

} // namespace

command_error to_command_error(const caf::error& error,
                               const std::string& asked) {
  if (error == caf::exit_reason::remote_link_unreachable)
    return lost_node();
  if (error == caf::sec::request_timeout)
    return {exit_code::timeout, "timeout",
            asked + " did not answer in time; what was asked may still happen"};
  if (error == caf::sec::request_receiver_down)
    return {exit_code::not_found, "ended", asked + " has ended"};
  if (error == caf::sec::unexpected_message
      || error == caf::sec::unexpected_response)
    return {exit_code::refused, "unexpected_message",
            asked + " does not understand that"};
  return {code_of(error), kind_of(error),
          fmt::format("{}: {}", asked, sentence(error))};
}

command_error lost_node() {
  return {exit_code::unreachable, "node_lost", "the node was lost"};
}

session::session(caf::actor_system& system, caf::actor directory,
                 milliseconds timeout)
    : system_{system},
      node_{directory},
      directory_{std::move(directory)},
      timeout_{timeout} {}

void session::choose_peer(const std::string& name) {
  auto asked = "the node";
  for (auto& peer :
       ask_directory<std::vector<peer_hello>>(node_, peer_list{}, asked))
    if (peer.name == name) {
      directory_ = peer.directory;
      return;
    }
  throw command_error{exit_code::not_found, "no_such_peer",
                      "no such peer: " + name};
}

caf::actor session::find(const std::string& target) {
  return ask_directory<caf::actor>(directory_, directory_get{target}, target);
}

std::vector<directory_entry> session::names() {
  return ask_directory<std::vector<directory_entry>>(
      directory_, directory_list{}, "the node");
}

std::vector<peer_hello> session::peers() {
  return ask_directory<std::vector<peer_hello>>(directory_, peer_list{},
                                                "the node");
}

void session::check_node() const {
  if (!is_alive(node_))
    throw lost_node();
}

void session::fail(const caf::actor& whom, const caf::error& error,
                   const std::string& asked) {
  check_node();
  if (error == caf::sec::unexpected_message
      && (whom == node_ || whom == directory_))
    throw command_error{exit_code::refused, "unexpected_message",
                        asked + " is a node's directory, no connection"};
  throw to_command_error(error, asked);
}

void session::fail_directory(const caf::error& error,
                             const std::string& asked) {
  check_node();
  if (error == caf::sec::unexpected_message)
    throw command_error{exit_code::unreachable, "unreachable",
                        "not a node of wsrelay"};
  throw to_command_error(error, asked);
}

} // namespace wsrelay::cli
