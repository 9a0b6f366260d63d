// The rules of each operation, and the names of what is none.
#include "net/cluster/basp_check.hpp"

#include "net/cluster/basp_numbers.hpp"

#include <caf/io/basp/version.hpp>
#include <caf/message_id.hpp>

#include <fmt/format.h>

namespace wsrelay {

namespace {

// The releases of CAF that have spoken a version of BASP.
std::string_view release_of(std::uint64_t version) noexcept {
  switch (version) {
    case 2:
      return " (CAF 0.16)";
    case 3:
      return " (CAF 0.17)";
    case 4:
      return " (CAF 0.18)";
    case 6:
    case 7:
      return " (CAF 0.19)";
    case 8:
      return " (CAF 1)";
    default:
      return "";
  }
}

std::string spoken_here() {
  return fmt::format("this node version {}{}", caf::io::basp::version,
                     release_of(caf::io::basp::version));
}

std::string other_version(std::uint64_t version) {
  return fmt::format("it speaks version {}{} of BASP, {}", version,
                     release_of(version), spoken_here());
}

// What connects by mistake.
std::string refuse_foreign(std::string_view bytes) {
  if (bytes[0] == '\x16' && bytes[1] == '\x03')
    return "it speaks TLS, and this node's cluster.node has no tls";
  for (std::string_view method : {"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS "})
    if (bytes.starts_with(method))
      return "it speaks HTTP, and here nodes meet";
  if (bytes.starts_with("HTTP/"))
    return "it speaks HTTP, and is no node";
  if (bytes[1] != 0 || bytes[2] != 0)
    return "what it sends is not BASP";
  return {};
}

// The operations that a phase knows.
bool is_expected(const basp_header& x, basp_phase phase) noexcept {
  switch (phase) {
    case basp_phase::awaits_client:
      return x.operation == basp_operation::client_handshake;
    case basp_phase::awaits_server:
      return x.operation == basp_operation::server_handshake;
    case basp_phase::accepted: // the client may say it again
      return x.operation != basp_operation::server_handshake;
    default:
      return !is_handshake(x.operation);
  }
}

std::uint8_t known_flags(basp_operation operation) noexcept {
  switch (operation) {
    case basp_operation::server_handshake:
      return reads_basp_parts_flag;
    case basp_operation::client_handshake:
      return basp_header::select_connection_flag | reads_basp_parts_flag;
    case basp_operation::direct_message:
    case basp_operation::routed_message:
      return basp_header::named_receiver_flag;
    default:
      return 0;
  }
}

struct payload_range {
  std::size_t min;
  std::size_t max;
};

// A message: how many actors it still has to pass, "begin", and its types.
constexpr std::size_t min_message = 1 + 2 + 1 + 3;

// Code, category, and a message.
constexpr std::size_t min_error = 1 + 8 + 2 + 1 + 3;

payload_range payload_of(basp_operation operation) noexcept {
  constexpr auto route = 2 * basp_node_size;
  if (operation == basp_part)
    return {1, max_basp_part};
  if (operation == basp_bundle)
    return {min_basp_record, max_basp_message};
  switch (operation) {
    case basp_operation::server_handshake:
      return {basp_node_size + 1 + 8 + 1, max_basp_handshake};
    case basp_operation::client_handshake:
      return {basp_node_size, basp_node_size};
    case basp_operation::direct_message:
      return {min_message, max_basp_message};
    case basp_operation::routed_message:
      return {route + min_message, max_basp_message};
    case basp_operation::monitor_message:
      return {route, route};
    case basp_operation::down_message:
      return {route + min_error, max_basp_message};
    default:
      return {0, 0};
  }
}

std::string name_of(basp_operation operation) {
  return operation == basp_part     ? "part of a message"
         : operation == basp_bundle ? "bundle of messages"
                                    : to_string(operation);
}

// Whether the numbers that an operation does not use are 0, and the others not.
bool has_its_numbers(const basp_header& x) noexcept {
  auto data = x.operation_data != 0;
  auto source = x.source_actor != 0;
  auto receiver = x.dest_actor != 0;
  switch (x.operation) {
    case basp_operation::server_handshake:
      return data && !source && !receiver;
    case basp_operation::direct_message:
    case basp_operation::routed_message:
      return receiver;
    case basp_operation::monitor_message:
      return !data && !source && receiver;
    case basp_operation::down_message:
      return !data && source && !receiver;
    default:
      return !data && !source && !receiver;
  }
}

bool is_stream_message(const basp_header& x) noexcept {
  return (x.operation == basp_operation::direct_message
          || x.operation == basp_operation::routed_message)
         && caf::make_message_id(x.operation_data).is_stream_message();
}

std::string refuse_payload_size(const basp_header& x) {
  auto range = payload_of(x.operation);
  if (x.payload_len > max_basp_message)
    return fmt::format("message of {} bytes is over the limit", x.payload_len);
  if (x.payload_len >= range.min && x.payload_len <= range.max)
    return {};
  auto why =
      fmt::format("{} with {} bytes", name_of(x.operation), x.payload_len);
  // CAF 0.18 writes a node id another way, and its client names no version.
  if (x.operation == basp_operation::client_handshake)
    why += fmt::format(": not that of version {}; version 4 (CAF 0.18) and "
                       "later have others",
                       caf::io::basp::version);
  return why;
}

// A version is told by who was connected to; who claims another one elsewhere
// is taken by its word.
std::string refuse_version(const basp_header& x) {
  if (!is_handshake(x.operation) || x.operation_data == caf::io::basp::version
      || x.operation_data == 0)
    return {};
  return other_version(x.operation_data);
}

std::string refuse_numbers(const basp_header& x, basp_phase phase) {
  if (x.operation > basp_operation::heartbeat && x.operation != basp_part
      && x.operation != basp_bundle)
    return fmt::format("unknown operation {} of BASP",
                       static_cast<unsigned>(x.operation));
  if (auto why = refuse_version(x); !why.empty())
    return why;
  if (!is_expected(x, phase))
    return fmt::format("unexpected {}{}", name_of(x.operation),
                       is_open(phase) ? "" : " before the handshake");
  if ((x.flags & ~known_flags(x.operation)) != 0)
    return fmt::format("{} with flags {:#x}", name_of(x.operation), x.flags);
  if (!has_its_numbers(x))
    return fmt::format("{} with numbers that it does not have",
                       name_of(x.operation));
  if (is_stream_message(x))
    return "message of a CAF stream";
  return refuse_payload_size(x);
}

} // namespace

void put_basp_header(char* to, const basp_header& x) noexcept {
  to[0] = static_cast<char>(x.operation);
  to[1] = to[2] = 0;
  to[3] = static_cast<char>(x.flags);
  put_basp_number(to + 4, x.payload_len);
  put_basp_number(to + 8, x.operation_data);
  put_basp_number(to + 16, static_cast<std::uint64_t>(x.source_actor));
  put_basp_number(to + 24, static_cast<std::uint64_t>(x.dest_actor));
}

basp_header read_basp_header(const char* bytes) noexcept {
  return {static_cast<basp_operation>(bytes[0]),
          static_cast<std::uint8_t>(bytes[3]),
          basp_number_at<std::uint32_t>(bytes + 4),
          basp_number_at<std::uint64_t>(bytes + 8),
          basp_number_at<std::uint64_t>(bytes + 16),
          basp_number_at<std::uint64_t>(bytes + 24)};
}

std::string refuse_basp_header(std::string_view bytes, basp_phase phase) {
  if (auto why = refuse_foreign(bytes); !why.empty())
    return why;
  return refuse_numbers(read_basp_header(bytes.data()), phase);
}

std::optional<caf::node_id> take_basp_node(std::string_view& payload) {
  using data = caf::node_id::default_data;
  if (payload.size() < basp_node_size
      || basp_number_at<std::uint64_t>(payload.data())
             != static_cast<std::uint64_t>(data::class_id))
    return std::nullopt;
  auto process = basp_number_at<std::uint32_t>(payload.data() + 8);
  data::host_id_type host;
  std::copy_n(payload.begin() + 12, host.size(), host.begin());
  if (process == 0 || !data::valid(host))
    return std::nullopt;
  payload.remove_prefix(basp_node_size);
  return caf::make_node_id(process, host);
}

bool is_basp_node(const caf::node_id& node) noexcept {
  return node && node->valid()
         && node->implementation_id() == caf::node_id::default_data::class_id;
}

std::optional<basp_route> take_basp_route(std::string_view& payload) {
  auto from = take_basp_node(payload);
  if (!from)
    return std::nullopt;
  auto to = take_basp_node(payload);
  if (!to)
    return std::nullopt;
  return basp_route{std::move(*from), std::move(*to)};
}

// Who connects to itself is told so by CAF, on the side that has connected.
std::string refuse_basp_handshake(const basp_header& header,
                                  std::string_view payload,
                                  const caf::node_id& self,
                                  const caf::node_id& peer) {
  auto node = take_basp_node(payload);
  if (!node)
    return "handshake without a node";
  if (header.operation == basp_operation::client_handshake && *node == self)
    return "it says that it is this node";
  if (peer && *node != peer)
    return "it says that it is another node than before";
  return {};
}

} // namespace wsrelay
