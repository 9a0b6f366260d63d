// Options.
#include "test/cluster_storm/options.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <filesystem>
#include <random>

namespace wsrelay::cluster_storm {

namespace {

std::string new_folder() {
  auto pattern =
      std::filesystem::temp_directory_path() / "wsrelay-storm-XXXXXX";
  auto text = pattern.string();
  return ::mkdtemp(text.data()) ? text : "";
}

} // namespace

storm_options parse_options(int argc, char** argv) {
  storm_options result;
  result.seed = std::random_device{}();
  CLI::App app{"Transfers between three nodes, one of which is killed"};
  app.add_option("--seed", result.seed, "Repeats the choices of a run");
  app.add_option("--transfers", result.transfers);
  app.add_option("--connections", result.connections)
      ->check(CLI::Range(1, 10000));
  app.add_option("--kills", result.kills);
  app.add_option("--freezes", result.freezes,
                 "How many of the kills are a SIGSTOP for a while");
  app.add_option("--rate", result.rate, "Transfers per second")
      ->check(CLI::Range(1, 100000));
  app.add_option("--node", result.node, "The program of a node")->required();
  auto* before = app.add_option(
      "--before", result.before,
      "The program of a node of another release: every other start is one of "
      "it");
  app.add_option("--protocol", result.protocol,
                 "That one is told to speak this protocol");
  app.add_option("--folder", result.folder, "For journals and logs");
  app.add_option("--tls", result.tls,
                 "The nodes talk over TLS. PEM: a certificate that signed "
                 "itself, and its key")
      ->check(CLI::ExistingFile);
  app.add_flag("--park", result.park,
               "Connections outlive their target, and some of the kills are a "
               "SIGTERM")
      ->excludes(before);
  app.add_flag("--keep", result.keep, "Leaves the folder there");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (!result.tls.empty())
    result.tls = std::filesystem::absolute(result.tls).string();
  if (result.folder.empty())
    result.folder = new_folder();
  return result;
}

} // namespace wsrelay::cluster_storm
