// What the errors of requests mean.
#include "net/admin/node_client.hpp"

#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "actors/pid_text.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

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

bool is_unknown_there(const caf::error& error) {
  return error == caf::sec::unknown_type
         || error == caf::sec::unexpected_message
         || is(error, errc::incompatible);
}

node_client::node_client(caf::actor_system& system, caf::actor directory,
                         milliseconds timeout)
    : system_{system},
      node_{directory},
      directory_{std::move(directory)},
      timeout_{timeout} {}

void node_client::choose_peer(const std::string& name) {
  auto asked = "the node";
  for (auto& peer :
       ask_directory<std::vector<peer_entry>>(node_, peer_list{}, asked))
    if (peer.name == name) {
      directory_ = peer.directory;
      return;
    }
  throw command_error{exit_code::not_found, "no_such_peer",
                      "no such peer: " + name};
}

caf::actor node_client::find(const std::string& target) {
  return ask_directory<caf::actor>(directory_, directory_get{target}, target);
}

std::vector<directory_row> node_client::names(std::string_view prefix) {
  auto found = names_at(directory_, prefix);
  if (!found)
    fail_directory(found.error(), "the node");
  return std::move(*found);
}

std::vector<directory_row> node_client::names_of(const peer_entry& peer) {
  auto found = names_at(peer.directory, {});
  return found ? std::move(*found) : std::vector<directory_row>{};
}

caf::expected<std::vector<directory_row>>
node_client::names_at(const caf::actor& whom, std::string_view prefix) {
  constexpr std::size_t max_names = 1'000'000;
  std::vector<directory_row> result;
  for (auto more = true; more;) {
    if (result.size() > max_names)
      return make_error(errc::busy, "it has more than 1000000 names");
    directory_page_get question{std::string{prefix},
                                result.empty() ? "" : result.back().name};
    auto page = request<directory_page>(whom, std::move(question)).get();
    if (!page && result.empty() && is_unknown_there(page.error()))
      return names_of_before(whom, prefix);
    if (!page)
      return page.error();
    // Else a page that leads nowhere would be asked for again and again.
    more = page->more && !page->rows.empty()
           && (result.empty() || page->rows.back().name > result.back().name);
    std::move(page->rows.begin(), page->rows.end(), std::back_inserter(result));
  }
  return result;
}

caf::expected<std::vector<directory_row>>
node_client::names_of_before(const caf::actor& whom, std::string_view prefix) {
  auto all =
      request<std::vector<directory_entry>>(whom, directory_list{}).get();
  if (!all)
    return all.error();
  std::vector<directory_row> result;
  for (auto& [name, who] : *all)
    if (name.starts_with(prefix) && who)
      result.push_back({name, pid_text(who.id(), who.node())});
  return result;
}

std::vector<peer_entry> node_client::peers() {
  return ask_directory<std::vector<peer_entry>>(directory_, peer_list{},
                                                "the node");
}

std::vector<peer_info> node_client::peer_details() {
  auto answer =
      request<std::vector<peer_info>>(directory_, wsrelay::peer_details{})
          .get();
  if (answer)
    return std::move(*answer);
  if (is_unknown_there(answer.error()))
    return peers_of_before();
  fail_directory(answer.error(), "the node");
}

std::vector<peer_info> node_client::peers_of_before() {
  std::vector<peer_info> result;
  for (auto& peer : peers())
    result.push_back(
        {peer.name, to_string(peer.directory.node()), {.protocol = 0}});
  return result;
}

void node_client::check_node() const {
  if (!is_alive(node_))
    throw lost_node();
}

void node_client::fail(const caf::actor& whom, const caf::error& error,
                       const std::string& asked) {
  check_node();
  if (error == caf::sec::unexpected_message
      && (whom == node_ || whom == directory_))
    throw command_error{exit_code::refused, "unexpected_message",
                        asked + " is a node's directory, no connection"};
  throw to_command_error(error, asked);
}

void node_client::fail_directory(const caf::error& error,
                                 const std::string& asked) {
  check_node();
  if (error == caf::sec::unexpected_message)
    throw command_error{exit_code::unreachable, "unreachable",
                        "not a node of wsrelay"};
  if (is(error, errc::no_such_target) && asked.find('@') != asked.npos)
    throw command_error{exit_code::not_found, kind_of(error),
                        asked + ": there is no such actor"};
  throw to_command_error(error, asked);
}

} // namespace wsrelay
