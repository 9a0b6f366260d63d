// The command line: what is declared here is also what shells complete.
#include "tools/wsrelay/options.hpp"

#include "actors/node_version.hpp"
#include "config/listen_address.hpp"
#include "protocol/close_code.hpp"
#include "protocol/duration.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/text.hpp"
#include "tools/wsrelay/completion.hpp"
#include "tools/wsrelay/option_checks.hpp"
#include "tools/wsrelay/option_finish.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace wsrelay::cli {

namespace {

constexpr auto exit_codes =
    "Exit codes: 0 ok, 1 refused, 2 usage, 3 node not reachable or lost,\n"
    "4 no such PID, name or peer, 5 no answer in time.\n"
    "With --json errors are {\"error\":{...}} on standard error.";

constexpr auto tls_cert_variable = "WSRELAY_TLS_CERT";
constexpr auto tls_key_variable = "WSRELAY_TLS_KEY";
constexpr auto tls_ca_variable = "WSRELAY_TLS_CA";

using commands = std::map<command, CLI::App*>;

CLI::Validator checked_by(std::string (*check)(const std::string&)) {
  return {[check](std::string& text) { return check(text); }, ""};
}

// An unset variable of a shell is no order.
CLI::Validator is_given() {
  return checked_by([](const std::string& text) {
    return std::string{text.empty() ? "must not be empty" : ""};
  });
}

CLI::Validator existing_file() {
  return CLI::ExistingFile.description(""); // the type says it
}

void add_tls(CLI::App& app, const char* name, std::string& file,
             const char* help, const char* variable) {
  app.add_option(name, file, help)->type_name("FILE")->envname(variable);
}

bool is_written(const std::vector<std::string>& args, const std::string& word) {
  return std::any_of(args.begin(), args.end(), [&word](auto& arg) {
    return arg == word || arg.starts_with(word + "=");
  });
}

// An error names what somebody has written.
void choose_word(std::string& word, const std::vector<std::string>& args,
                 const char* variable) {
  if (!is_written(args, word) && std::getenv(variable))
    word = variable;
}

void choose_words(tls_words& words, const std::vector<std::string>& args) {
  choose_word(words.certificate, args, tls_cert_variable);
  choose_word(words.key, args, tls_key_variable);
  choose_word(words.ca, args, tls_ca_variable);
}

// Who is asked on the command line is asked, whatever the variables say.
void add_node(CLI::App& app, options& out, raw_options& raw,
              const std::vector<std::string>& args) {
  auto* node =
      app.add_option("--node", raw.node,
                     "where a node listens: its operator's socket (without it "
                     "that of the only node here), or its cluster.node's "
                     "listen")
          ->type_name("PATH|HOST:PORT")
          ->check(checked_by(check_node));
  if (!is_written(args, "--admin"))
    node->envname("WSRELAY_NODE");
  auto* admin =
      app.add_option("--admin", out.admin.url,
                     "ask the node's admin listener by HTTP instead: "
                     "http://HOST:PORT, https://HOST:PORT or unix:/PATH")
          ->type_name("URL")
          ->check(checked_by(check_admin_url));
  if (!is_written(args, "--node") && !is_written(args, "--peer"))
    admin->envname("WSRELAY_ADMIN");
  app.add_option("--token-file", raw.token_file,
                 "what the admin listener wants to see")
      ->type_name("FILE")
      ->envname("WSRELAY_TOKEN_FILE");
  app.add_option("--peer", out.peer, "act on this peer of the node instead")
      ->type_name("NAME");
  auto& tls = out.node.tls;
  add_tls(app, "--tls-cert", tls.certificate, "certificate of ours, PEM",
          tls_cert_variable);
  add_tls(app, "--tls-key", tls.key, "its private key, PEM", tls_key_variable);
  add_tls(app, "--tls-ca", tls.ca, "who signs nodes, PEM", tls_ca_variable);
  app.add_option("--timeout", raw.timeout, "wait for an answer so long")
      ->type_name("DURATION")
      ->check(checked_by(check_timeout))
      ->capture_default_str();
  app.add_flag("--json", out.json, "print JSON");
}

CLI::App* add_command(CLI::App& app, commands& all, command what,
                      const char* name, const char* help) {
  auto* result = app.add_subcommand(name, help)->fallthrough();
  all[what] = result;
  return result;
}

void add_pid(CLI::App& app, options& out) {
  app.add_option("pid", out.subject, "PID of a connection, as ps prints it")
      ->type_name("PID")
      ->required()
      ->check(is_given());
}

void add_lists(CLI::App& app, commands& all, options& out) {
  add_command(app, all, command::ps, "ps", "list the connections");
  add_command(app, all, command::targets, "targets",
              "list the names of actors and their PIDs")
      ->add_flag("--all", out.all, "also the relay's own names");
  add_command(app, all, command::peers, "peers",
              "list the nodes that are connected to the node");
}

void add_actions(CLI::App& app, commands& all, options& out, raw_options& raw) {
  auto* send = add_command(app, all, command::send, "send",
                           "send one message to a client; ends when the kernel "
                           "has it");
  add_pid(*send, out);
  auto* text = send->add_option("text", out.text, "the text");
  send->add_option("--binary", raw.file, "send this file's bytes instead")
      ->type_name("FILE")
      ->check(existing_file())
      ->excludes(text);
  auto* close = add_command(app, all, command::close, "close",
                            "close a connection with a close frame");
  add_pid(*close, out);
  close->add_option("code", raw.code, "close code")
      ->type_name("CODE")
      ->check(checked_by(check_code))
      ->capture_default_str();
  close->add_option("reason", out.reason, "close reason");
  auto* transfer = add_command(app, all, command::transfer, "transfer",
                               "move a connection to another target; ends "
                               "when that has happened");
  add_pid(*transfer, out);
  transfer->add_option("target", out.target, "name, NAME@PEER or PID")
      ->type_name("TARGET")
      ->required()
      ->check(is_given());
  auto* watch = add_command(app, all, command::watch, "watch",
                            "tell of each message of a connection until it "
                            "ends");
  add_pid(*watch, out);
  watch->add_flag("--payload", out.payload, "show what is in the messages");
}

void add_node_commands(CLI::App& app, commands& all, options& out) {
  auto* inspect = add_command(app, all, command::inspect, "inspect",
                              "all there is to tell of a connection, also of "
                              "one that has ended a while ago");
  add_pid(*inspect, out);
  add_command(app, all, command::reload, "reload",
              "have the node read its configuration again; one that is wrong "
              "changes nothing");
  auto* log = add_command(app, all, command::log, "log",
                          "what the node logs: shows it, or changes it until "
                          "the node ends");
  log->add_option("level", out.level, "debug, info, warning, error or off")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  log->add_option("part", out.part,
                  "node, http, connection, cluster, access or caf; without it "
                  "all but access")
      ->type_name("PART")
      ->check(CLI::IsMember(
          {"node", "http", "connection", "cluster", "access", "caf"}));
}

// Behind the command `--node` is the one whose targets move; before it, where
// to ask, as ever.
void add_drain(CLI::App& app, commands& all, options& out, raw_options& raw) {
  auto* drain = add_command(app, all, command::drain, "drain",
                            "empty a node and end it; with --to: move the "
                            "connections of a target, or of a node's targets");
  auto* from = drain
                   ->add_option("--target", out.subject,
                                "whose connections move: name or PID")
                   ->type_name("NAME");
  drain
      ->add_option("--node", raw.drained_node,
                   "the node whose targets' connections move, each to the "
                   "actor of its target's name")
      ->type_name("NAME")
      ->excludes(from);
  drain->add_option("--to", out.target, "where to: a target, or a node")
      ->type_name("NAME");
  drain->add_option("--rate", out.rate, "moves per second")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

void add_call(CLI::App& app, commands& all, options& out, raw_options& raw) {
  auto* call = add_command(app, all, command::call, "call",
                           "ask a handler actor as the relay does for a "
                           "request");
  call->add_option("name", out.subject, "name of the handler, or its PID")
      ->type_name("NAME")
      ->required();
  auto* json = call->add_option("json", raw.body, "the body, JSON")
                   ->type_name("JSON")
                   ->check(checked_by(check_body));
  call->add_option("--body", out.text, "the body, any text")->excludes(json);
  call->add_option("--method", out.method,
                   "method (GET, or POST if there is a body)");
  call->add_option("--path", out.path, "path and query")->capture_default_str();
  call->add_option("--header", raw.headers, "'Name: value', also repeated")
      ->type_name("FIELD")
      ->check(checked_by(check_field))
      ->type_size(1)
      ->allow_extra_args(false);
  call->add_option("--param", raw.params,
                   "parameter of the endpoint's path, also repeated")
      ->type_name("NAME=VALUE")
      ->check(checked_by(check_param))
      ->type_size(1)
      ->allow_extra_args(false);
  call->add_option("--address", out.address, "the client's address")
      ->capture_default_str();
  call->add_option("--scheme", out.scheme, "what the client speaks")
      ->check(CLI::IsMember({"http", "https"}))
      ->capture_default_str();
  call->add_flag("--websocket", out.websocket, "it asks for a WebSocket");
}

void add_completion(CLI::App& app, commands& all, raw_options& raw) {
  add_command(app, all, command::completion, "completion",
              "print a script that completes commands in a shell")
      ->add_option("shell", raw.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

// CLI11 says of a word that is no command that a command is missing.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error) {
  auto rest = app.remaining();
  if (app.get_subcommands().empty() && !rest.empty()
      && !rest.front().starts_with('-'))
    return "unknown command " + rest.front();
  if (app.get_subcommands().empty() && rest.empty())
    return fmt::format("{} (wsrelay --help)", error.what());
  return error.what();
}

// Takes over what needs converting. Returns what is wrong, or nothing.
std::string finish(const CLI::App& app, const commands& all,
                   const raw_options& raw, options& out) {
  for (auto& [what, sub] : all)
    if (sub->parsed())
      out.what = what;
  auto& sub = *all.at(out.what);
  std::string error;
  if (out.what == command::send)
    error = finish_send(sub, raw, out);
  if (out.what == command::close)
    error = finish_close(raw, out);
  if (out.what == command::inspect)
    error = finish_inspect(out);
  if (out.what == command::drain)
    error = finish_drain(sub, raw, out);
  if (out.what == command::call)
    finish_call(sub, raw, out);
  if (out.what == command::completion)
    out.script = make_completion(raw.shell, app);
  else if (error.empty())
    error = finish_node(raw, out);
  return error;
}

} // namespace

std::variant<options, early_exit> parse_options(std::vector<std::string> args) {
  options out;
  choose_words(out.node.words, args);
  raw_options raw;
  commands all;
  CLI::App app{"Operates nodes of wsrelay.", "wsrelay"};
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("wsrelay {}", build_text()));
  app.footer(exit_codes);
  add_node(app, out, raw, args);
  add_lists(app, all, out);
  add_actions(app, all, out, raw);
  add_node_commands(app, all, out);
  add_drain(app, all, out, raw);
  add_call(app, all, out, raw);
  add_completion(app, all, raw);
  try {
    // CLI11 takes the arguments from the back.
    std::reverse(args.begin(), args.end());
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    auto chosen = app.get_subcommands();
    return early_exit{exit_code::ok,
                      chosen.empty() ? app.help()
                                     : chosen.front()->help(app.get_name())};
  } catch (const CLI::CallForVersion& version) {
    return early_exit{exit_code::ok, std::string{version.what()} + "\n"};
  } catch (const CLI::ParseError& error) {
    return early_exit{exit_code::usage, usage_text(app, error)};
  }
  if (auto error = finish(app, all, raw, out); !error.empty())
    return early_exit{exit_code::usage, error};
  return out;
}

} // namespace wsrelay::cli
