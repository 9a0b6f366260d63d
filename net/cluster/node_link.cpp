// Encoding and order.
#include "net/cluster/node_link.hpp"

#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "net/cluster/basp_input.hpp"
#include "net/cluster/bundle.hpp"
#include "net/cluster/remote_message.hpp"
#include "net/loop/loop.hpp"

#include <caf/all.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <array>
#include <atomic>
#include <utility>

namespace wsrelay {

namespace {

using buffer = std::vector<char>;

// Answers find who has asked by the registry. An actor stays there until it
// ends, so each thread remembers the last ones that it has put there, of a
// `link`: of which program's system they are does not say their ids.
void make_known(caf::actor_system& system, std::uint64_t link,
                const caf::strong_actor_ptr& who) {
  constexpr std::size_t places = 256;
  thread_local std::array<std::pair<std::uint64_t, caf::actor_id>, places>
      known{};
  std::pair mine{link, who->id()};
  auto& place = known[mine.second % places];
  if (place == mine
      || who->get()->getf(caf::abstract_actor::is_terminated_flag))
    return; // who has ended gets no answers, and its lock may be held
  system.registry().put(who->id(), who);
  place = mine;
}

std::uint64_t next_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

bool is_local(const caf::strong_actor_ptr& who, caf::actor_system& system) {
  return !who || who->node() == system.node();
}

std::uint64_t id_of(const caf::strong_actor_ptr& who) noexcept {
  return who ? who->id() : caf::invalid_actor_id;
}

// As CAF's `instance::dispatch`.
caf::error put_plain(buffer& to, const outgoing_message& what,
                     caf::actor_system& system) {
  to.clear();
  make_room(to, bulk_of(what.content));
  caf::scoped_execution_unit context{&system};
  caf::binary_serializer sink{&context, to};
  sink.skip(basp_header_size);
  basp_header header{};
  header.operation = basp_operation::direct_message;
  header.operation_data = what.id.integer_value();
  header.source_actor = id_of(what.sender);
  header.dest_actor = what.receiver->id();
  if (!is_local(what.sender, system)) {
    header.operation = basp_operation::routed_message;
    auto from = what.sender->node();
    auto node = what.receiver->node();
    if (auto error = sink(from, node))
      return error;
  }
  auto stages = what.stages;
  if (auto error = sink(stages))
    return error;
  if (auto error = caf::message::save(sink, what.content))
    return error;
  header.payload_len = static_cast<std::uint32_t>(to.size() - basp_header_size);
  put_basp_header(to.data(), header);
  return {};
}

// One message of BASP: a bundle of one record where it may be one.
caf::error encode(buffer& to, std::uint64_t link,
                  const outgoing_message& what) {
  auto& system = *what.receiver->home_system;
  auto local = is_local(what.sender, system);
  if (what.sender && local)
    make_known(system, link, what.sender);
  to.resize(basp_header_size);
  record_head head{what.id.integer_value(), id_of(what.sender),
                   what.receiver->id()};
  if (!local || !what.stages.empty()
      || !write_record(to, head, what.sender, what.content))
    return put_plain(to, what, system);
  put_basp_header(to.data(), bundle_header(to.size() - basp_header_size));
  return {};
}

bool is_bundle(const buffer& message) noexcept {
  return read_basp_header(message.data()).operation == basp_bundle;
}

// Nobody would hear of it.
void log_unsent(const outgoing_message& what, const caf::error& why) {
  static auto& lines = *new log_limit; // actors may end after main
  if (auto left_out = lines.allow("unsent", std::chrono::steady_clock::now()))
    log().warn("message not sent: node={} reason={}{}",
               to_string(what.receiver->node()), to_text(why),
               suppressed_text(*left_out));
}

void refuse(const outgoing_message& what, caf::error why) {
  if (what.sender && what.id.is_request())
    what.sender->enqueue(nullptr, what.id.response_id(),
                         caf::make_message(std::move(why)), nullptr);
  else
    log_unsent(what, why);
}

} // namespace

node_link::node_link(std::shared_ptr<node_load> load, loop* home)
    : load_{std::move(load)}, home_{home}, serial_{next_serial()} {}

// Encoded before it has its place: an application's own `inspect` runs without
// the lock, and may send something itself.
void node_link::add(const outgoing_message& what) {
  thread_local buffer spare;
  buffer encoded;
  encoded.swap(spare);
  if (auto error = encode(encoded, serial_, what))
    return refuse(what, std::move(error));
  if (encoded.size() > max_basp_part ? put_long(encoded, what) : put(encoded))
    tell();
  encoded.swap(spare);
  give_back_excess(spare);
}

// Returns whether it is the first that waits.
bool node_link::put(const buffer& message) {
  std::lock_guard guard{mutex_};
  if (!note_size(message.size()))
    return false;
  if (waiting_.empty() || waiting_.back().is_long) {
    waiting_.emplace_back();
    is_bundling_ = false;
  }
  auto& to = waiting_.back().bytes;
  auto from = message.begin();
  auto bundled = is_bundle(message);
  if (bundled && is_bundling_
      && to.size() - bundle_ + message.size() <= max_basp_part)
    from += basp_header_size; // it goes on
  else
    bundle_ = to.size();
  to.insert(to.end(), from, message.end());
  if (bundled)
    put_basp_header(to.data() + bundle_,
                    bundle_header(to.size() - bundle_ - basp_header_size));
  is_bundling_ = bundled;
  return !std::exchange(is_told_, true);
}

bool node_link::put_long(buffer& message, const outgoing_message& what) {
  std::lock_guard guard{mutex_};
  if (!note_size(message.size()))
    return false;
  waiting_.push_back({std::move(message), id_of(what.sender), true});
  return !std::exchange(is_told_, true);
}

// Returns false when nobody takes it any more. Who has asked is told by
// `open_requests`.
bool node_link::note_size(std::size_t size) {
  if (state_ == state::closed)
    return false;
  load_->add(size);
  size_ += node_load::message_cost + size;
  if (state_ == state::holding)
    is_told_ = true; // `open` tells
  return true;
}

void node_link::open() {
  {
    std::lock_guard guard{mutex_};
    if (state_ != state::holding)
      return;
    state_ = state::open;
    is_told_ = !waiting_.empty();
    if (!is_told_)
      return;
  }
  tell();
}

void node_link::close() {
  pieces dropped;
  std::lock_guard guard{mutex_};
  state_ = state::closed;
  dropped.swap(waiting_);
}

void node_link::listen(link_listener& who) {
  listener_ = &who;
  std::unique_lock guard{mutex_};
  auto waits = is_told_ && state_ == state::open;
  guard.unlock();
  if (waits)
    who.on_link_ready();
}

void node_link::leave(const link_listener& who) {
  if (listener_ == &who)
    listener_ = nullptr;
}

node_link::pieces node_link::take() {
  pieces result;
  std::lock_guard guard{mutex_};
  if (state_ != state::open || !is_told_)
    return result;
  result.swap(waiting_);
  load_->take_all(std::exchange(size_, 0));
  is_told_ = is_bundling_ = false;
  return result;
}

// On the loop's own thread at once: what else is sent in its turn goes along.
void node_link::tell() {
  auto tell_here = [me = shared_from_this()] {
    if (me->listener_)
      me->listener_->on_link_ready();
  };
  if (!home_ || home_->runs_here())
    tell_here();
  else
    home_->door()->post(tell_here);
}

} // namespace wsrelay
