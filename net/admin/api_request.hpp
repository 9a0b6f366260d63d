// A request of the API, taken apart; what is wrong with it is a problem.
#pragma once

#include "actors/messages.hpp"
#include "net/http/problem_response.hpp"

#include <rapidjson/document.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Parameters of a query, each of which has to be known: a typing error is not
/// silently everything. Throws `problem`.
class query_params {
public:
  explicit query_params(std::string_view query);

  /// Takes one out.
  std::optional<std::string> take(const std::string& name);
  std::uint64_t take_number(const std::string& name, std::uint64_t otherwise,
                            std::uint64_t most);
  bool take_flag(const std::string& name, bool otherwise);

  /// What is left is unknown.
  void refuse_rest() const;

private:
  std::map<std::string, std::string> all_;
};

/// The members of a body that is a JSON object, in the same way.
class body_members {
public:
  explicit body_members(std::string_view body);

  std::optional<std::string> take_text(const char* name);
  std::optional<std::uint64_t> take_number(const char* name,
                                           std::uint64_t most);
  /// Returns an object as JSON text.
  std::optional<std::string> take_json(const char* name);

  void refuse_rest() const;

private:
  const rapidjson::Value* take(const char* name);

  rapidjson::Document document_;
  std::vector<std::string> taken_;
};

/// Returns the bytes that base64 stands for; nothing where it is none.
std::optional<std::string> from_base64(std::string_view text);

} // namespace wsrelay
