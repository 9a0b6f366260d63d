// The command line.
#include "tools/wsrelayd/options.hpp"

#include "actors/node_version.hpp"
#include "config/service_address.hpp"
#include "tools/wsrelayd/checks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace wsrelay {

namespace {

std::string check_path(const std::string& text) {
  return text.empty() ? "the name of a file is needed" : "";
}

std::string check_listen(const std::string& text) {
  auto parsed = parse_service_address(text);
  return parsed ? std::string{} : parsed.error().what;
}

void declare(CLI::App& app, daemon_options& options) {
  app.set_version_flag("--version", fmt::format("wsrelayd {}", build_text()));
  auto named =
      CLI::Validator{[](std::string& text) { return check_path(text); }, ""};
  app.add_option("--config", options.config_file,
                 "YAML configuration; without it the built-in one: a demo page "
                 "at /, /ws/echo and /ws/chat/{room}")
      ->type_name("FILE")
      ->check(named);
  app.add_option("--check", options.check_file,
                 "report every error and warning of FILE and end; status 1 "
                 "when there are errors")
      ->type_name("FILE")
      ->check(named);
  app.add_option("--listen", options.listen,
                 "listen here instead of where the first http.service says; "
                 "port 0 lets the kernel choose")
      ->type_name("ADDR")
      ->check(CLI::Validator{
          [](std::string& text) { return check_listen(text); }, "ADDR"});
  app.add_option("--admin", options.admin,
                 "listen here for monitoring and operators, whatever the "
                 "configuration says of an admin.service; or off")
      ->type_name("ADDR|off")
      ->check(CLI::Validator{[](std::string& text) {
                               return text == "off" ? std::string{}
                                                    : check_listen(text);
                             },
                             "ADDR|off"});
  auto* certificate =
      app.add_option("--tls-cert", options.certificate,
                     "PEM: the first http.service speaks https and wss with "
                     "this certificate and its chain, and with no other")
          ->type_name("FILE")
          ->check(named)
          ->excludes("--check");
  auto* key = app.add_option("--tls-key", options.key,
                             "PEM: the key of --tls-cert, not encrypted")
                  ->type_name("FILE")
                  ->check(named)
                  ->needs(certificate);
  certificate->needs(key);
  app.add_option("--threads", options.threads,
                 "loops per http.service, 0 = one per core")
      ->check(CLI::Range(0, 256));
  app.add_option("--operator-socket", options.operator_socket,
                 "unix socket for wsrelay, or off; without it one named after "
                 "the node in $XDG_RUNTIME_DIR/wsrelay or /run/wsrelay")
      ->type_name("PATH|off");
  app.add_option("--drain", options.drain,
                 "whether SIGTERM drains, as each http.service says, before it "
                 "stops; SIGINT, and a second signal, stop at once")
      ->type_name("on|off")
      ->envname("WSRELAY_DRAIN")
      ->check(CLI::IsMember({"on", "off"}));
  app.add_option("--log-level", options.log_level,
                 "what goes to standard error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  app.add_option("--log-format", options.log_format,
                 "how lines look; auto is journal where systemd's reads them, "
                 "else text")
      ->envname("WSRELAY_LOG_FORMAT")
      ->check(CLI::IsMember({"auto", "text", "json", "journal"}));
  app.add_flag("--access-log", options.access_log,
               "log a line for each request, too");
  app.add_flag("--print-config", options.print_config,
               "print the effective configuration as YAML and end");
}

} // namespace

std::optional<int> parse_options(int argc, char** argv,
                                 daemon_options& options) {
  CLI::App app{"wsrelayd relays WebSockets to actors."};
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

namespace {

// What is for the first http.service needs one.
service_config* first_service(loaded_config& loaded, std::string_view option) {
  for (auto& service : loaded.config.services)
    if (!service.is_derived)
      return &service;
  if (loaded.errors.empty())
    loaded.errors.push_back(
        {{std::string{option}, 0},
         "",
         "is for an http.service, and the configuration has none"});
  return nullptr;
}

void listen_for_admin(relay_config& config, const service_address& where) {
  if (config.admins.empty())
    config.admins.emplace_back().name = "admin";
  config.admins.front().addresses = {where};
}

} // namespace

loaded_config load(const daemon_options& options) {
  auto result = options.config_file.empty()
                    ? load_config(builtin_yaml(), "built-in")
                    : load_config_file(options.config_file, check_all);
  auto& services = result.config.services;
  if (!options.listen.empty())
    if (auto* first = first_service(result, "--listen"))
      first->addresses = {*parse_service_address(options.listen)};
  if (!options.certificate.empty())
    if (auto* first = first_service(result, "--tls-cert")) {
      first->tls.certificates = {{options.certificate, options.key}};
      first->tls.are_listed = false;
    }
  if (options.admin == "off")
    result.config.admins.clear();
  else if (!options.admin.empty())
    listen_for_admin(result.config, *parse_service_address(options.admin));
  if (options.threads)
    for (auto& service : services)
      service.threads = *options.threads;
  return result;
}

} // namespace wsrelay
