// A message of another node, from bytes to the mailbox of its receiver.
#pragma once

#include "net/cluster/basp_check.hpp"

#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/node_id.hpp>
#include <caf/proxy_registry.hpp>
#include <caf/type_erased_tuple.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// What CAF 0.17.6 does of a direct or routed message, with care: see
/// `careful_source`. A link that is no other node's is refused, as it is no
/// business of that node and can lock this thread for good.
struct remote_message {
  const basp_header& header;
  std::string_view payload; // behind the nodes of a routed message
  const caf::node_id& from; // the node of its sender
};

/// What became of a message.
struct delivery {
  /// Why the connection ends, or "".
  std::string offence;

  /// Why it could not be read, or none. Who asked has this as an answer.
  caf::error unread;

  /// Of that: the name of its type, as far as it is known.
  std::string type;

  /// The node that its sender has lost, or none: it was for the broker.
  caf::node_id lost;
};

/// Delivers a message to the actor that it is for, if that lives. Proxies of
/// the actors that it names are made in `proxies`. May throw what the types of
/// the program throw.
delivery deliver(caf::execution_unit* context, caf::proxy_registry& proxies,
                 const remote_message& message);

/// Returns how many bytes the texts and payloads of a message have, of the
/// kinds that clients cause; 0 for any other.
std::size_t bulk_of(const caf::type_erased_tuple& content);

/// Makes room behind what is in `to` for a message of so many bytes, if it is
/// long. Else that is copied again for each field behind it, and each copy
/// takes the kernel's time for its pages.
void make_room(std::vector<char>& to, std::size_t bulk);

/// As `deliver`, for the reason of an actor's end: what is not whole is a
/// reason without text.
delivery read_reason(caf::execution_unit* context, std::string_view payload,
                     caf::error& reason);

} // namespace wsrelay
