// What another node may say, and when: BASP of CAF 0.17.6 as nodes of wsrelay
// speak it. Pure functions. CAF's own checks let through what ends the process:
// a handshake without a payload, messages of streams that nobody has opened.
#pragma once

#include <caf/atom.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

using basp_header = caf::io::basp::header;
using basp_operation = caf::io::basp::message_type;

/// Under this name brokers find each other; CAF's own have none, and messages
/// to them are dropped.
inline constexpr caf::atom_value broker_name = caf::atom("nodes");

/// Bytes of a header.
inline constexpr std::size_t basp_header_size = caf::io::basp::header_size;

/// Longest message of BASP that is read: a client's largest message and what
/// goes with it. A longer one ends the connection.
inline constexpr std::size_t max_basp_message = (1u << 30) + (1u << 20);

/// Longest payload of a handshake.
inline constexpr std::size_t max_basp_handshake = 64 * 1024;

/// An operation of wsrelay's own: a part of a message that is longer than
/// `max_basp_part`, header included. Only nodes whose handshake has the flag
/// `reads_basp_parts_flag` are sent any.
inline constexpr auto basp_part = static_cast<basp_operation>(16);
inline constexpr std::size_t max_basp_part = 64 * 1024;
inline constexpr std::uint8_t reads_basp_parts_flag = 0x40;

/// Another: short messages, one after the other (bundle.hpp). Only nodes with
/// the feature `feature_bundles` are sent any.
inline constexpr auto basp_bundle = static_cast<basp_operation>(17);

/// Bytes of the smallest message in it.
inline constexpr std::size_t min_basp_record = 4 + 2 + 3 * 8;

/// Bytes of a node id, as nodes of wsrelay have one.
inline constexpr std::size_t basp_node_size = 32;

/// How far a connection is.
enum class basp_phase {
  awaits_client, // the other side has connected, and says who it is
  awaits_server, // this side has connected, and is told who is there
  accepted,      // it has said so
  connected,     // this side was told
};

/// Returns whether both sides know who is there.
constexpr bool is_open(basp_phase phase) noexcept {
  return phase >= basp_phase::accepted;
}

/// Returns the phase after the handshake that this one waits for.
constexpr basp_phase after_handshake(basp_phase phase) noexcept {
  return phase == basp_phase::awaits_client ? basp_phase::accepted
                                            : basp_phase::connected;
}

/// Returns whether an operation says who is there.
constexpr bool is_handshake(basp_operation operation) noexcept {
  return operation == basp_operation::server_handshake
         || operation == basp_operation::client_handshake;
}

/// Writes a header to its `basp_header_size` bytes.
void put_basp_header(char* to, const basp_header& header) noexcept;

/// Reads a header from its `basp_header_size` bytes.
basp_header read_basp_header(const char* bytes) noexcept;

/// Returns why a message is refused before its payload is read, or "" when it
/// is not. `bytes` are those of the header.
std::string refuse_basp_header(std::string_view bytes, basp_phase phase);

/// Returns whether a node id is one that a node of wsrelay may have. A message
/// may hold any: whoever passes on one of another kind, or one of zeros, would
/// be refused.
bool is_basp_node(const caf::node_id& node) noexcept;

/// Two nodes, as routed messages, monitors and their ends name them.
struct basp_route {
  caf::node_id from;
  caf::node_id to;
};

/// Takes the node id that `payload` begins with. Nothing when there is none, it
/// names no node, or it is of a kind that nodes of wsrelay do not have.
std::optional<caf::node_id> take_basp_node(std::string_view& payload);

/// As `take_basp_node`, for two.
std::optional<basp_route> take_basp_route(std::string_view& payload);

/// Returns why a handshake is refused, or "". `self` is this node; `peer` is
/// the node that the connection leads to, or none yet.
std::string refuse_basp_handshake(const basp_header& header,
                                  std::string_view payload,
                                  const caf::node_id& self,
                                  const caf::node_id& peer);

} // namespace wsrelay
