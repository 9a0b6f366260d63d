// Encoding and order.
#include "net/cluster/node_link.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "net/cluster/basp_input.hpp"
#include "net/cluster/bundle.hpp"
#include "net/cluster/remote_message.hpp"
#include "net/loop/loop.hpp"
#include "protocol/json.hpp"

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

record_head head_of(const outgoing_message& what) noexcept {
  return {what.id.integer_value(), id_of(what.sender), what.receiver->id()};
}

void begin_bundle(buffer& to) {
  to.resize(to.size() + basp_header_size);
}

// The bundle that begins there goes to the end.
void end_bundle(buffer& of, std::size_t begin) noexcept {
  put_basp_header(of.data() + begin,
                  bundle_header(of.size() - begin - basp_header_size));
}

// Nobody would hear of it.
void log_unsent(const outgoing_message& what, const caf::error& why) {
  static auto& lines = *new log_limit; // actors may end after main
  if (auto left_out = lines.allow("unsent", std::chrono::steady_clock::now()))
    log(log_part::cluster)
        .warn("message not sent: node={} reason={}"
              " hint=\"it is lost to its receiver; see wsrelay peers for what "
              "waits\"{}",
              to_string(what.receiver->node()), json_string(to_text(why)),
              suppressed_text(*left_out));
}

void refuse(const outgoing_message& what, caf::error why) {
  if (what.sender && what.id.is_request())
    enqueue_to(what.sender, nullptr, what.id.response_id(),
               caf::make_message(std::move(why)), nullptr);
  else
    log_unsent(what, why);
}

} // namespace

node_link::node_link(std::shared_ptr<node_load> load, loop* home)
    : load_{std::move(load)}, home_{home}, serial_{next_serial()} {}

void node_link::add(const outgoing_message& what) {
  auto& system = *what.receiver->home_system;
  auto local = is_local(what.sender, system);
  if (what.sender && local)
    make_known(system, serial_, what.sender);
  auto size = local && what.stages.empty()
                  ? record_bytes(head_of(what), what.sender, what.content)
                  : 0;
  auto tells = size == 0 ? add_plain(what)
               : basp_header_size + size > max_basp_part
                   ? add_long_record(what)
                   : put_record(what, size);
  if (tells)
    tell();
}

// Encoded before it has its place: an application's own `inspect` runs without
// the lock, and may send something itself.
bool node_link::add_plain(const outgoing_message& what) {
  thread_local buffer spare;
  buffer encoded;
  encoded.swap(spare);
  if (auto error = put_plain(encoded, what, *what.receiver->home_system)) {
    refuse(what, std::move(error));
    return false;
  }
  auto tells =
      encoded.size() > max_basp_part ? put_long(encoded, what) : put(encoded);
  encoded.swap(spare);
  give_back_excess(spare);
  return tells;
}

// It takes a while: nobody waits for it.
bool node_link::add_long_record(const outgoing_message& what) {
  buffer encoded;
  begin_bundle(encoded);
  write_record(encoded, head_of(what), what.content);
  end_bundle(encoded, 0);
  return put_long(encoded, what);
}

// Returns where short messages go, one behind the other.
buffer& node_link::last_piece() {
  if (waiting_.empty() || waiting_.back().is_long) {
    waiting_.push_back({std::exchange(spare_, {})});
    is_bundling_ = false;
  }
  return waiting_.back().bytes;
}

// Returns whether it is the first that waits.
bool node_link::put(const buffer& message) {
  std::lock_guard guard{mutex_};
  if (!note_size(message.size()))
    return false;
  auto& to = last_piece();
  to.insert(to.end(), message.begin(), message.end());
  is_bundling_ = false;
  return !std::exchange(is_told_, true);
}

// No code but our own runs, and nothing is copied twice.
bool node_link::put_record(const outgoing_message& what, std::size_t size) {
  std::lock_guard guard{mutex_};
  if (!note_size(basp_header_size + size))
    return false;
  auto& to = last_piece();
  if (!is_bundling_ || to.size() - bundle_ + size > max_basp_part) {
    bundle_ = to.size();
    begin_bundle(to);
  }
  write_record(to, head_of(what), what.content);
  end_bundle(to, bundle_);
  is_bundling_ = true;
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

void node_link::give_back(std::vector<char>&& memory) {
  memory.clear();
  std::lock_guard guard{mutex_};
  if (memory.capacity() <= max_spare && memory.capacity() > spare_.capacity())
    spare_.swap(memory);
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
