// The command line of wsrelay.
#pragma once

#include "net/admin/command_error.hpp"
#include "tools/wsrelay/admin_client.hpp"
#include "tools/wsrelay/connect.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace wsrelay::cli {

enum class command {
  ps,
  targets,
  peers,
  send,
  close,
  transfer,
  inspect,
  reload,
  log,
  drain,
  watch,
  call,
  completion
};

/// What the command line asks for. Each command reads what is its own.
struct options {
  command what = command::ps;
  connect_options node;
  admin_options admin; // asked instead of the node, where it has a URL
  std::string peer;    // act on this peer of the node, "" = on the node itself
  bool json = false;
  bool all = false;         // targets: those of the relay, too
  std::string subject;      // the PID, or the name of a handler
  std::string target;       // transfer; drain: where to, "" = nowhere
  std::string from_node;    // drain: whose targets
  std::uint32_t rate = 500; // drain: moves per second
  std::string text;         // send: the message; call: the body
  bool binary = false;      // send: as a binary message
  std::uint16_t code = 1000;
  std::string reason;
  std::string level;    // log: "" = only ask
  std::string part;     // log: "" = all
  bool payload = false; // watch
  std::string method;   // call
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> params;
  std::string address = "127.0.0.1"; // call: the client's
  std::string scheme = "http";
  bool websocket = false;
  std::string script; // completion: the script
};

/// Ends the program: `text` goes to standard output when `code` is ok.
struct early_exit {
  exit_code code;
  std::string text;
};

/// Parses the arguments, without the program's name. Reads WSRELAY_NODE and
/// WSRELAY_TLS_CERT, _KEY and _CA from the environment, and the file of `send
/// --binary`.
std::variant<options, early_exit> parse_options(std::vector<std::string> args);

} // namespace wsrelay::cli
