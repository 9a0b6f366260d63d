// What actors of this node send to those of another: encoded by the thread that
// sends, and in one place in the order in which it was sent.
#pragma once

#include "net/cluster/node_load.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/type_erased_tuple.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace wsrelay {

class loop;

/// One message for an actor of the other node.
struct outgoing_message {
  const caf::strong_actor_ptr& sender; // null = nobody
  const caf::strong_actor_ptr& receiver;
  caf::message_id id;
  const caf::mailbox_element::forwarding_stack& stages;
  const caf::type_erased_tuple& content;
};

/// What leaves together: whole messages of BASP, or one long one.
struct link_piece {
  std::vector<char> bytes;
  std::uint64_t source = 0; // of a long one
  bool is_long = false;
};

/// Is told that something waits.
class link_listener {
public:
  /// Once, until all of it is taken. On the loop's thread.
  virtual void on_link_ready() = 0;

protected:
  ~link_listener() = default;
};

/// The way to a node that is connected and reads bundles. What one actor sends
/// there arrives in its order, whichever thread it runs on: a message has its
/// place, behind all others, before the call that sends it returns, and an
/// actor runs on one thread at a time. CAF's broker has its own messages
/// written behind what waits here: so an actor's end comes after what it sent.
///
/// A node that reads no bundles, or has not said so yet, gets everything by the
/// broker. When it does, all that is on its way to the broker is written first:
/// what comes meanwhile is held.
class node_link : public std::enable_shared_from_this<node_link> {
public:
  using pieces = std::deque<link_piece>;

  /// `home` is the loop of the nodes' sockets, null in tests.
  node_link(std::shared_ptr<node_load> load, loop* home);

  node_link(const node_link&) = delete;
  node_link& operator=(const node_link&) = delete;

  /// Takes a message. Returns false when it goes by the broker: `by_broker` was
  /// called for it, in its place among the others. Any thread.
  template <class ByBroker>
  bool send(const outgoing_message& what, ByBroker by_broker) {
    {
      std::lock_guard guard{mutex_};
      if (state_ == state::by_broker) {
        by_broker();
        return false;
      }
    }
    add(what);
    return true;
  }

  // On the loop's thread.

  /// The other node reads bundles: from now on what is sent is held, until
  /// everything before it is written. `mark` is called behind all that went by
  /// the broker.
  template <class Mark>
  void hold(Mark mark) {
    std::lock_guard guard{mutex_};
    if (state_ != state::by_broker)
      return;
    state_ = state::holding;
    mark();
  }

  /// It is written.
  void open();

  /// The node is lost: what waits is dropped, and what comes.
  void close();

  /// Who is told from now on, and no more.
  void listen(link_listener& who);
  void leave(const link_listener& who);

  /// Takes all that waits.
  pieces take();

  /// Memory of a piece that is not needed any more, for the next one.
  void give_back(std::vector<char>&& memory);

  const std::shared_ptr<node_load>& load() const noexcept { return load_; }

private:
  // Bytes of memory that are kept for the next piece.
  static constexpr std::size_t max_spare = 256 * 1024;

  enum class state { by_broker, holding, open, closed };

  void add(const outgoing_message& what);
  bool add_plain(const outgoing_message& what);
  bool add_long_record(const outgoing_message& what);
  std::vector<char>& last_piece();
  bool put(const std::vector<char>& message);
  bool put_record(const outgoing_message& what, std::size_t size);
  bool put_long(std::vector<char>& message, const outgoing_message& what);
  bool note_size(std::size_t size);
  void tell();

  const std::shared_ptr<node_load> load_;
  loop* const home_;
  const std::uint64_t serial_;        // no other link of the process has it
  link_listener* listener_ = nullptr; // loop's thread only

  std::mutex mutex_;
  state state_ = state::by_broker; // guarded by mutex_, as is all that follows
  pieces waiting_;
  std::vector<char> spare_;  // for the next piece
  std::size_t bundle_ = 0;   // where the last piece's last bundle begins,
  bool is_bundling_ = false; // if it ends with one
  std::size_t size_ = 0;     // bytes as the load counts them
  bool is_told_ = false;
};

} // namespace wsrelay
