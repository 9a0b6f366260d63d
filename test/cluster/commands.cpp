// The commands.
#include "test/cluster/commands.hpp"

#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "test/cluster/actors.hpp"
#include "test/cluster/report.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

namespace wsrelay::cluster_probe {

namespace {

std::string word(std::istringstream& words) {
  std::string result;
  words >> result;
  return result;
}

std::string rest(std::istringstream& words) {
  std::string result;
  std::getline(words >> std::ws, result);
  return result;
}

caf::error reason_of(const std::string& text) {
  if (text == "shutdown")
    return caf::exit_reason::user_shutdown;
  if (text == "error")
    return caf::sec::runtime_error;
  if (text == "overloaded")
    return make_error(errc::overloaded);
  return text == "kill" ? caf::error{caf::exit_reason::kill} : caf::error{};
}

} // namespace

commander::~commander() {
  for (auto& who : helpers_)
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

bool commander::run(const std::string& line) {
  std::istringstream words{line};
  auto command = word(words);
  if (command == "quit")
    return false;
  if (command == "serve")
    return serve();
  if (command == "peers") {
    peers();
  } else if (command == "count") {
    count();
  } else if (command == "send") {
    send(words);
  } else if (command == "broadcast") {
    broadcast(words);
  } else if (command == "request" || command == "close"
             || command == "control") {
    ask_for(command, words);
  } else if (command == "monitor" || command == "link") {
    watch(command, word(words));
  } else if (command == "resolve") {
    resolve(word(words));
  } else if (command == "forget") {
    helpers_.clear();
    report("forgot");
  } else if (!spawn(command, words)) {
    report("unknown {}", line);
  }
  return true;
}

bool commander::serve() const {
  report("serving");
  signals_.wait();
  return false;
}

// Returns whether it knows the command.
bool commander::spawn(const std::string& command, std::istringstream& words) {
  auto name = word(words);
  if (command == "register" || command == "offer")
    add(name, system_.spawn(target, name), command == "offer");
  else if (command == "quiet")
    add(name, system_.spawn(quiet_target, name), true);
  else if (command == "deaf")
    add(name, system_.spawn(deaf_target), true);
  else if (command == "handler")
    add(name, system_.spawn(naming_handler, name, word(words)));
  else if (command == "giver")
    add(name, system_.spawn(giving_handler, name, find(word(words))));
  else if (command == "spawner")
    add(name, system_.spawn(spawning_handler, name, guest_manners::polite));
  else if (command == "stubborn")
    add(name, system_.spawn(spawning_handler, name, guest_manners::stubborn));
  else if (command == "immortal")
    add(name, system_.spawn(spawning_handler, name, guest_manners::immortal));
  else if (command == "seer")
    add(name, system_.spawn(seeing_handler));
  else if (command == "crowd")
    crowd(name, std::stoul(word(words)));
  else if (command == "long_winded")
    add(name, system_.spawn(long_winded_handler, std::stoul(word(words))));
  else if (command == "end")
    end(name, word(words));
  else
    return false;
  return true;
}

void commander::add(const std::string& name, const caf::actor& who,
                    bool offer) {
  auto put = offer ? relay_.offer(name, who) : relay_.put(name, who);
  if (!put)
    return report("refused {} {}", name, put.error().what);
  own_[name] = who;
  // Only what somebody published can be found by its PID.
  system_.registry().put(who.id(), caf::actor_cast<caf::strong_actor_ptr>(who));
  report("registered {} {}", name, pid_of(who));
}

// Targets "NAME0", "NAME1", ..., offered all at once.
void commander::crowd(const std::string& name, std::size_t count) {
  std::vector<directory_entry> entries;
  for (std::size_t i = 0; i < count; ++i)
    entries.push_back({fmt::format("{}{}", name, i),
                       system_.spawn<caf::lazy_init>(target, name)});
  auto put = relay_.offer(std::move(entries));
  report("crowd {} {}", name, put ? "offered" : put.error().what);
}

// An exit message with the reason `normal` ends nobody.
void commander::end(const std::string& name, const std::string& reason) {
  auto who = own_[name];
  caf::scoped_actor self{system_};
  if (reason == "normal")
    self->send(who, caf::ok_atom_v);
  else
    self->send_exit(who, reason_of(reason));
  self->wait_for(who);
  report("ended {}", name);
}

// Asks once for what was never found before.
caf::actor commander::find(const std::string& text) {
  if (auto known = known_.find(text); known != known_.end())
    return known->second;
  caf::scoped_actor self{system_};
  caf::actor result;
  self->request(relay_.directory(), caf::infinite, directory_get{text})
      .receive([&](const caf::actor& who) { result = known_[text] = who; },
               [&](caf::error& error) {
                 report("resolved {} error {}", text, to_text(error));
               });
  return result;
}

void commander::resolve(const std::string& text) {
  known_.erase(text);
  if (auto who = find(text))
    report("resolved {} {}", text, pid_of(who));
}

void commander::peers() {
  caf::scoped_actor self{system_};
  std::string line = "peers";
  self->request(relay_.directory(), caf::infinite, peer_list{})
      .receive(
          [&](const std::vector<peer_entry>& all) {
            for (auto& peer : all)
              line += fmt::format(" {}={}", peer.name,
                                  to_string(peer.directory.node()));
          },
          [](caf::error&) {});
  print_line(line);
}

void commander::count() {
  report("count {}", system_.registry().running());
}

void commander::watch(const std::string& command, const std::string& pid) {
  auto whom = find(pid);
  if (!whom)
    return;
  helpers_.push_back(command == "monitor" ? system_.spawn(watcher, whom)
                                          : system_.spawn(linked, whom));
  report("{}ing {}", command, pid);
}

void commander::send(std::istringstream& words) {
  auto pid = word(words);
  caf::anon_send(find(pid), ws_send{message_type::text, rest(words)});
  report("sent {}", pid);
}

void commander::ask_for(const std::string& command, std::istringstream& words) {
  auto whom = find(word(words));
  if (!whom)
    return;
  milliseconds patience{0};
  caf::message what;
  if (command == "request") {
    patience = milliseconds{std::stoi(word(words))};
    what = caf::make_message(ws_send{message_type::text, rest(words)});
  } else if (command == "close") {
    auto code = static_cast<std::uint16_t>(std::stoi(word(words)));
    what = caf::make_message(ws_close{code, rest(words)});
  } else {
    ws_control control;
    control.target_pid = word(words);
    what = caf::make_message(control);
  }
  helpers_.push_back(system_.spawn(ask, whom, what, patience));
}

void commander::broadcast(std::istringstream& words) {
  ws_send message{message_type::text, word(words)};
  std::size_t count = 0;
  for (auto pid = word(words); !pid.empty(); pid = word(words), ++count)
    caf::anon_send(find(pid), message);
  report("broadcast {}", count);
}

} // namespace wsrelay::cluster_probe
