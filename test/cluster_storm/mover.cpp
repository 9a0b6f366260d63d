// Asking for transfers.
#include "test/cluster_storm/mover.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/messages.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

namespace wsrelay::cluster_storm {

std::uint64_t ledger::open(move_record what) {
  std::lock_guard guard{lock_};
  what.asked = steady::now();
  moves_.emplace(++last_, std::move(what));
  return last_;
}

void ledger::answer(std::uint64_t id, std::string text) {
  std::lock_guard guard{lock_};
  auto& what = moves_.at(id);
  what.answered = steady::now();
  what.answer = std::move(text);
  ++what.answers;
}

void ledger::complain(std::string text) {
  std::lock_guard guard{lock_};
  complaints_.push_back(std::move(text));
}

std::size_t ledger::unanswered() const {
  std::lock_guard guard{lock_};
  std::size_t result = 0;
  for (auto& [id, what] : moves_)
    result += what.how <= manner::by_stale_handle && what.answers == 0;
  return result;
}

std::map<std::uint64_t, move_record> ledger::moves() const {
  std::lock_guard guard{lock_};
  return moves_;
}

std::vector<std::string> ledger::complaints() const {
  std::lock_guard guard{lock_};
  return complaints_;
}

void mover_state::on_move(std::uint64_t id, const std::string& pid) {
  if (auto known = clients.find(pid); known != clients.end())
    return choose_target(id, known->second);
  find(id, pid, [this, id, pid](const caf::actor& client) {
    clients[pid] = client;
    choose_target(id, client);
  });
}

void mover_state::choose_target(std::uint64_t id, const caf::actor& client) {
  auto what = book->moves().at(id);
  if (what.how == manner::by_name)
    return ask(id, client, what.where, nullptr);
  auto known = targets.find(what.where);
  if (what.how == manner::by_stale_handle && known != targets.end())
    return ask(id, client, {}, known->second);
  find(id, what.where, [this, id, client, what](const caf::actor& target) {
    targets[what.where] = target;
    ask(id, client, {}, target);
  });
}

void mover_state::find(std::uint64_t id, const std::string& what,
                       std::function<void(const caf::actor&)> then) {
  self->request(directory, answer_limit, directory_get{what})
      .then(std::move(then), [this, id](caf::error& error) {
        book->answer(id, "directory: " + to_text(error));
      });
}

void mover_state::ask(std::uint64_t id, const caf::actor& client,
                      std::string target_pid, caf::actor target) {
  if (!is_alive(client)) // CAF never answers a request to a lost proxy
    return book->answer(id, "the connection has ended");
  ws_control control;
  control.target_pid = std::move(target_pid);
  control.target = std::move(target);
  self->request(client, answer_limit, std::move(control))
      .then(
          [this, id] { book->answer(id, "ok"); },
          [this, id](caf::error& error) { book->answer(id, to_text(error)); });
}

caf::behavior mover(mover_actor* self, ledger* book, caf::actor directory) {
  auto& state = self->state;
  state.book = book;
  state.directory = std::move(directory);
  self->set_default_handler(
      [book](caf::scheduled_actor*,
             caf::message_view& message) -> caf::result<caf::message> {
        book->complain("the driver got an unexpected message: "
                       + caf::to_string(message.move_content_to_message()));
        return caf::message{};
      });
  self->set_error_handler([book](caf::error& error) {
    book->complain("the driver got an error: " + to_text(error));
  });
  return {[&state](std::uint64_t id, const std::string& pid) {
    state.on_move(id, pid);
  }};
}

} // namespace wsrelay::cluster_storm
