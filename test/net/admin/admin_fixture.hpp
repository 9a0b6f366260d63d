// A node with an admin.service, and who asks it.
#pragma once

#include "test/net/node_fixture.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay::test {

/// Returns the port in "http://HOST:PORT", 0 without one.
inline std::uint16_t port_of(std::string_view url) {
  auto text = url.substr(url.rfind(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

/// Returns whether a text has this part in it.
inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// Sends a request with `Host: localhost`, unless there is another one, and
/// reads its answer and the end of the socket.
inline received_answer ask_admin(std::uint16_t port, const std::string& method,
                                 const std::string& target,
                                 const header_list& fields = {},
                                 const std::string& body = {}) {
  auto request = method + " " + target + " HTTP/1.1\r\nConnection: close\r\n";
  auto has_host = false;
  for (auto& [name, value] : fields) {
    request += name + ": " + value + "\r\n";
    has_host = has_host || name == "Host";
  }
  if (!has_host)
    request += "Host: localhost\r\n";
  if (!body.empty() || method == "POST")
    request += fmt::format("Content-Length: {}\r\n", body.size());
  auto socket = plain_socket::connect_to(port);
  socket.send(request + "\r\n" + body);
  std::string text;
  for (auto piece = socket.receive(); !piece.empty(); piece = socket.receive())
    text += piece;
  auto head_end = text.find("\r\n\r\n");
  received_answer result;
  REQUIRE(text.starts_with("HTTP/1.1 "));
  REQUIRE(head_end != text.npos);
  result.status = static_cast<unsigned>(std::stoul(text.substr(9, 3)));
  for (auto at = text.find("\r\n") + 2; at < head_end;) {
    auto line = text.substr(at, text.find("\r\n", at) - at);
    auto colon = line.find(": ");
    if (colon != line.npos)
      result.headers.emplace_back(line.substr(0, colon),
                                  line.substr(colon + 2));
    at += line.size() + 2;
  }
  result.body = text.substr(head_end + 4);
  return result;
}

/// Returns where the API has the connection of this PID, whose "@" and "#" mean
/// something else in a target.
inline std::string api_path_of(std::string_view pid) {
  std::string result{"/api/v1/connections/"};
  for (auto c : pid)
    if (c == '@' || c == '#')
      result += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      result += c;
  return result;
}

/// Returns whether it is a problem document of this status and check.
inline bool is_problem(const received_answer& answer, unsigned status,
                       std::string_view check) {
  auto found = answer.status == status
               && answer["Content-Type"] == "application/problem+json"
               && has(answer.body, fmt::format(R"("check":"{}")", check));
  if (!found)
    MESSAGE(answer.status << " " << answer.body);
  return found;
}

/// Reads an answer that does not end by itself.
class event_stream {
public:
  event_stream(std::uint16_t port, const std::string& target)
      : socket_{plain_socket::connect_to(port)} {
    socket_.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  /// Waits until this part has come. False when it ends before.
  bool reads(std::string_view part) {
    while (!has(text_, part)) {
      auto piece = socket_.receive();
      if (piece.empty())
        return false;
      text_ += piece;
    }
    return true;
  }

  /// Waits for the last chunk.
  bool ends() { return reads("\r\n0\r\n\r\n"); }

  const std::string& text() const noexcept { return text_; }
  void close() { socket_.close(); }

private:
  plain_socket socket_;
  std::string text_;
};

/// The node. `lines` are further keys of the admin.service.
struct admin_fixture : node_fixture {
  void start_admin(std::string_view lines = {}, std::string_view more = {},
                   std::string_view service = {}) {
    start(make_config(fmt::format("- name: admin\n"
                                  "  kind: admin.service\n"
                                  "  addr: 127.0.0.1:0\n{}{}",
                                  lines, more),
                      service));
    port = port_of(relay->admin_url());
    REQUIRE(port != 0);
  }

  received_answer get(const std::string& target,
                      const header_list& fields = {}) {
    return ask_admin(port, "GET", target, fields);
  }

  received_answer post(const std::string& target, const std::string& body,
                       header_list fields = {}) {
    fields.emplace_back("Content-Type", "application/json");
    return ask_admin(port, "POST", target, fields, body);
  }

  /// Asks again and again until the answer has this part in it.
  bool gets_soon(const std::string& target, std::string_view part) {
    return holds_soon([&] { return has(get(target).body, part); });
  }

  /// Returns the PID of the only connection.
  std::string pid() {
    std::string result;
    CHECK(holds_soon([&] {
      caf::scoped_actor self{system};
      for (auto& acceptor : relay->acceptors())
        self->request(acceptor, caf::infinite, acceptor_list{})
            .receive(
                [&](const std::vector<connection_info>& all) {
                  for (auto& each : all)
                    result = each.client_pid.view();
                },
                [](caf::error&) {});
      return !result.empty();
    }));
    return result;
  }

  std::uint16_t port = 0;
};

} // namespace wsrelay::test
