// Starting and ending nodes.
#include "test/cluster_storm/processes.hpp"

#include "test/cluster_storm/node_config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace wsrelay::cluster_storm {

node_process::node_process(const storm_options& options, std::string name)
    : options_{options}, name_{std::move(name)} {}

node_process::~node_process() {
  kill();
}

// Which of the nodes begin so says the seed; then each in turn.
bool node_process::is_before() const {
  auto turn =
      options_.seed + static_cast<unsigned char>(name_.back()) + labels_.size();
  return !options_.before.empty() && turn % 2 == 0;
}

std::string node_process::file(const char* kind) const {
  return fmt::format("{}/{}.{}", options_.folder, label(), kind);
}

void node_process::start(const std::vector<std::uint16_t>& peers) {
  labels_.push_back(fmt::format("{}.{}", name_, labels_.size() + 1));
  std::ofstream{file("yaml")}
      << node_config(options_, name_, cluster_port_, peers);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  auto to_file = [&](int descriptor, const char* kind) {
    posix_spawn_file_actions_addopen(&files, descriptor, file(kind).c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  };
  to_file(STDOUT_FILENO, "out");
  to_file(STDERR_FILENO, "err");
  std::vector<std::string> words{is_before() ? options_.before : options_.node,
                                 "--config",
                                 file("yaml"),
                                 "--journal",
                                 file("log"),
                                 "--label",
                                 label()};
  if (is_before() && options_.protocol != 0)
    words.insert(words.end(),
                 {"--protocol", std::to_string(options_.protocol)});
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (posix_spawn(&pid_, words.front().c_str(), &files, nullptr,
                  arguments.data(), environ)
      != 0)
    pid_ = 0;
  posix_spawn_file_actions_destroy(&files);
}

bool node_process::ready() {
  std::ifstream output{file("out")};
  std::string word;
  std::uint16_t cluster_port = 0;
  std::uint16_t port = 0;
  if (!(output >> word >> cluster_port >> port) || word != "ready")
    return false;
  cluster_port_ = cluster_port;
  port_ = port;
  return true;
}

void node_process::kill() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void node_process::freeze() const {
  ::kill(pid_, SIGSTOP);
}

void node_process::thaw() const {
  ::kill(pid_, SIGCONT);
}

void node_process::terminate() const {
  ::kill(pid_, SIGTERM);
}

std::optional<bool> node_process::ended() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_)
    return std::nullopt;
  pid_ = 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool node_process::stop() {
  if (pid_ <= 0)
    return false;
  terminate();
  for (auto deadline = steady::now() + stop_limit; steady::now() < deadline;
       ::usleep(5'000))
    if (auto well = ended())
      return *well;
  kill();
  return false;
}

} // namespace wsrelay::cluster_storm
