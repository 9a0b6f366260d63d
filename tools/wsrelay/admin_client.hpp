// Questions to a node's admin listener, by HTTP.
#pragma once

#include "net/admin/command_error.hpp"

#include <rapidjson/document.h>

#include <chrono>
#include <string>
#include <string_view>

namespace wsrelay::cli {

/// Where the listener is, and what it wants to see.
struct admin_options {
  std::string url; // "http://HOST:PORT", "https://..", "unix:/PATH"; "" = none
  std::string token;
  std::string ca; // PEM: who signs its certificate, "" = the system's
};

/// Blocks, for the timeout at most. Its functions throw `command_error`: the
/// kind is the `check` of what it answers.
class admin_client {
public:
  admin_client(const admin_options& where, std::chrono::milliseconds timeout)
      : where_{where}, timeout_{timeout} {}

  /// Asks for a path behind "/api/v1/"; returns the document that is answered.
  rapidjson::Document get(const std::string& path);

  /// The same with a body, a JSON object.
  rapidjson::Document post(const std::string& path, const std::string& body);

private:
  rapidjson::Document ask(const std::string& path, const std::string* body);

  const admin_options& where_;
  std::chrono::milliseconds timeout_;
};

/// Returns `text` so that it can be a part of a path or of a query.
std::string percent_encode(std::string_view text);

} // namespace wsrelay::cli
