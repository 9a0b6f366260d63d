// Who is there, and who has to go.
#include "net/http/key_limits.hpp"

#include "actors/messages.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <vector>

namespace wsrelay {

namespace {

void replace(const caf::actor& client) {
  caf::anon_send(client, ws_close{replaced_code,
                                  "replaced by a newer one: it goes on there"});
}

} // namespace

key_place::~key_place() {
  owner_.give_back(*this);
}

void key_place::belongs_to(const caf::actor& client) {
  owner_.set_client(*this, client);
}

key_limits::grant key_limits::take(const std::string& key, std::uint32_t max,
                                   bool closes_oldest) {
  grant result;
  auto made = std::make_unique<key_place>(*this, key);
  std::vector<caf::actor> clients;
  {
    std::unique_lock guard{mutex_};
    auto& list = all_[key];
    if (list.size() >= max && !closes_oldest) {
      made->is_replaced_ = true; // it never was one
      return result;
    }
    for (; list.size() >= max; ++result.closed) {
      auto& oldest = *list.front();
      oldest.is_replaced_ = true;
      if (oldest.client_)
        clients.push_back(oldest.client_);
      list.pop_front();
    }
    list.push_back(made.get());
  }
  for (auto& each : clients)
    replace(each);
  result.place = std::move(made);
  return result;
}

std::size_t key_limits::size() const {
  std::unique_lock guard{mutex_};
  return all_.size();
}

void key_limits::give_back(key_place& which) {
  std::unique_lock guard{mutex_};
  if (which.is_replaced_)
    return;
  auto found = all_.find(which.key_);
  if (found == all_.end()) // memory ran out before it was there
    return;
  found->second.remove(&which);
  if (found->second.empty())
    all_.erase(found);
}

void key_limits::set_client(key_place& which, const caf::actor& client) {
  std::unique_lock guard{mutex_};
  which.client_ = client;
  if (!which.is_replaced_)
    return;
  guard.unlock();
  replace(client);
}

} // namespace wsrelay
