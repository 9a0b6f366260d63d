// What peers are told of this node's offers: to those that take batches many at
// a time, one after the other; to others each by itself.
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <utility>

namespace wsrelay {

void directory_state::offer_to(const peer_hello& peer,
                               const std::vector<directory_entry>& entries) {
  auto fed = feeds.find(peer.directory.address());
  for (auto& each : entries)
    if (fed != feeds.end())
      fed->second.put(each);
    else
      offer_one_to(peer, each);
  feed(peer.directory, peer.name);
}

// Who has the name there keeps it; then the offer waits.
void directory_state::offer_one_to(const peer_hello& peer,
                                   const directory_entry& what) {
  self->request(peer.directory, peer_patience,
                directory_put{what.name, what.who})
      .then([] {},
            [this, peer = peer.name, name = what.name](caf::error& error) {
              if (is(error, errc::name_taken))
                log_offer(spdlog::level::info, "offer waits", peer, name);
              else
                log_offer(spdlog::level::warn, "offer refused", peer, name,
                          " reason=" + json_string(to_text(error))
                              + " hint=\"that node does not know this name; "
                                "its log may say more\"");
            });
}

void directory_state::take_back(const directory_entry& what) {
  for (auto& peer : peers.list_all())
    if (auto fed = feeds.find(peer.directory.address()); fed != feeds.end()) {
      fed->second.take_back(what);
      feed(peer.directory, peer.name);
    } else {
      self->send(peer.directory, directory_erase{what.name, what.who});
    }
}

void directory_state::feed(const caf::actor& peer,
                           const std::string& peer_name) {
  auto fed = feeds.find(peer.address());
  auto batch = fed == feeds.end() ? std::nullopt : fed->second.next();
  if (!batch)
    return;
  if (batch->takes_back)
    take_back_there(peer, peer_name, std::move(batch->entries));
  else
    put_there(peer, peer_name, std::move(batch->entries));
}

void directory_state::put_there(const caf::actor& peer,
                                const std::string& peer_name,
                                std::vector<directory_entry> entries) {
  directory_puts message{entries};
  self->request(peer, feed_patience, std::move(message))
      .then(
          [this, peer, peer_name,
           told = std::move(entries)](const directory_puts_answer& answer) {
            on_put(peer_name, told, answer);
            on_fed(peer, peer_name);
          },
          [this, peer, peer_name](caf::error& why) {
            on_not_fed(peer, peer_name, why);
          });
}

void directory_state::on_put(const std::string& peer_name,
                             const std::vector<directory_entry>& entries,
                             const directory_puts_answer& answer) {
  if (answer.waiting.size() + answer.refused.size() > entries.size())
    return;
  for (auto i : answer.waiting)
    if (i < entries.size())
      log_offer(spdlog::level::info, "offer waits", peer_name, entries[i].name);
  for (auto i : answer.refused)
    if (i < entries.size())
      log_offer(spdlog::level::warn, "offer refused", peer_name,
                entries[i].name,
                R"( reason="it has too many names of this node")"
                R"( hint="that node does not know this name; offer fewer")");
}

// There may be a hundred thousand of them.
void directory_state::log_offer(spdlog::level::level_enum level,
                                std::string_view what, const std::string& peer,
                                const std::string& name,
                                const std::string& rest) {
  if (auto left_out =
          lines.allow(fmt::format("{} {}", what, peer), self->clock().now()))
    log(log_part::cluster)
        .log(level, "{}: peer={} name={}{}{}", what, log_value(peer),
             log_value(name), rest, suppressed_text(*left_out));
}

void directory_state::take_back_there(const caf::actor& peer,
                                      const std::string& peer_name,
                                      std::vector<directory_entry> entries) {
  self->request(peer, feed_patience, directory_erases{std::move(entries)})
      .then([this, peer, peer_name] { on_fed(peer, peer_name); },
            [this, peer, peer_name](caf::error& why) {
              on_not_fed(peer, peer_name, why);
            });
}

// What is still to be told would gather. When it is found again it starts anew.
void directory_state::on_not_fed(const caf::actor& peer,
                                 const std::string& peer_name,
                                 const caf::error& why) {
  if (why != caf::sec::request_timeout || !links)
    return on_fed(peer, peer_name);
  if (auto left_out = lines.allow("silent " + peer_name, self->clock().now()))
    log(log_part::cluster)
        .warn(
            "peer does not take names, parted from it: name={} node={}"
            " hint=\"it is met again by itself; does it hang? see its log\"{}",
            log_value(peer_name), to_string(peer.node()),
            suppressed_text(*left_out));
  feeds.erase(peer.address());
  self->send(links, node_refused{peer.node()});
}

void directory_state::on_fed(const caf::actor& peer,
                             const std::string& peer_name) {
  if (auto fed = feeds.find(peer.address()); fed != feeds.end()) {
    fed->second.settle();
    feed(peer, peer_name);
  }
}

} // namespace wsrelay
