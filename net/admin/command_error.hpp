// What the program ends with, and how a command fails.
#pragma once

#include <string>
#include <utility>

namespace wsrelay {

/// Exit codes, for scripts.
enum class exit_code {
  ok = 0,
  refused = 1,     // the node or the actor answered with an error
  failed = 1,      // or this program: no output, no memory, no descriptors
  usage = 2,       // the command line is wrong
  unreachable = 3, // no node of wsrelay there, or it was lost
  not_found = 4,   // no such PID, name or peer
  timeout = 5,     // no answer in time; what was asked may still happen
};

/// Thrown by commands, caught by main. `kind` is one word for programs, `text`
/// one sentence for people.
struct command_error {
  exit_code code;
  std::string kind;
  std::string text;
};

} // namespace wsrelay
