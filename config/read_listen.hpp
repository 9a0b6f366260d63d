// What services have in common: where they listen, and their token.
#pragma once

#include "config/file_text.hpp"
#include "config/read_entries.hpp"
#include "config/yaml_reader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

/// The keys `addr`, `socket_mode`, `socket_owner` and `tls`.
struct listen_keys {
  std::vector<service_address> addresses;
  unsigned socket_mode;
  std::string socket_owner;
  service_tls_config tls;
};

/// Reads them; what is absent or bad stays as it is. Looks the files of `tls`
/// up in `folder`.
listen_keys read_listen_keys(yaml_map& in, listen_keys out,
                             const std::string& folder);

/// The same, into an entry that has these members.
template <class Entry>
void read_listen(yaml_map& in, Entry& out, const std::string& folder) {
  auto keys = read_listen_keys(in,
                               {std::move(out.addresses),
                                out.socket_mode,
                                std::move(out.socket_owner),
                                {}},
                               folder);
  out.addresses = std::move(keys.addresses);
  out.socket_mode = keys.socket_mode;
  out.socket_owner = std::move(keys.socket_owner);
  out.tls = std::move(keys.tls);
}

/// Reads `token_file` into an entry that has it and `token`: a path, looked up
/// in `folder`, and what the file holds.
template <class Entry>
void read_token(yaml_map& in, Entry& out, const std::string& folder) {
  auto file = in.text("token_file");
  if (!file)
    return;
  out.token_file = resolve_path(folder, *file);
  auto token = read_secret(out.token_file);
  if (token)
    out.token = std::move(*token);
  else
    in.fail("token_file", token.error().what);
}

} // namespace wsrelay
