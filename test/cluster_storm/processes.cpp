// Starting and ending nodes.
#include "test/cluster_storm/processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace wsrelay::cluster_storm {

namespace {

// Short, so that the storm sees what happens after them.
constexpr std::string_view template_text = R"yaml(
- name: gateway
  kind: http.service
  addr: 127.0.0.1:0
  threads: 2
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  prefix: /ws
  post_middleware: [websocket_relay]
  post_options:
    wsrelay.window: 16
    wsrelay.join.timeout: 1s
- name: to
  kind: http.endpoint
  meta: {{router: ws}}
  path: /to/{{target}}/{{node}}/{{serial}}
  relay:
    target_pid: "{{target}}@{{node}}"
    metadata: {{serial: "{{serial}}"}}
- name: {}
  kind: cluster.node
  listen: "127.0.0.1:{}"
  peers: [{}]
  heartbeat_interval: 300ms
  heartbeat_timeout: 1500ms
  reconnect_min: 50ms
  reconnect_max: 300ms
)yaml";

} // namespace

node_process::node_process(const storm_options& options, std::string name)
    : program_{options.node},
      before_{options.before},
      protocol_{options.protocol},
      seed_{options.seed},
      folder_{options.folder},
      tls_{options.tls},
      name_{std::move(name)} {}

node_process::~node_process() {
  kill();
}

// Which of the nodes begin so says the seed; then each in turn.
bool node_process::is_before() const {
  auto turn = seed_ + static_cast<unsigned char>(name_.back()) + labels_.size();
  return !before_.empty() && turn % 2 == 0;
}

std::string node_process::file(const char* kind) const {
  return fmt::format("{}/{}.{}", folder_, label(), kind);
}

std::string
node_process::config(const std::vector<std::uint16_t>& peers) const {
  std::string list;
  for (auto port : peers)
    list += fmt::format("{}\"127.0.0.1:{}\"", list.empty() ? "" : ", ", port);
  auto result = fmt::format(template_text, name_, cluster_port_, list);
  if (!tls_.empty())
    result +=
        fmt::format("  tls: {{certificate: {0}, key: {0}, ca: {0}}}\n", tls_);
  return result;
}

void node_process::start(const std::vector<std::uint16_t>& peers) {
  labels_.push_back(fmt::format("{}.{}", name_, labels_.size() + 1));
  std::ofstream{file("yaml")} << config(peers);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  auto to_file = [&](int descriptor, const char* kind) {
    posix_spawn_file_actions_addopen(&files, descriptor, file(kind).c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  };
  to_file(STDOUT_FILENO, "out");
  to_file(STDERR_FILENO, "err");
  std::vector<std::string> words{is_before() ? before_ : program_,
                                 "--config",
                                 file("yaml"),
                                 "--journal",
                                 file("log"),
                                 "--label",
                                 label()};
  if (is_before() && protocol_ != 0)
    words.insert(words.end(), {"--protocol", std::to_string(protocol_)});
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

bool node_process::stop() {
  if (pid_ <= 0)
    return false;
  ::kill(pid_, SIGTERM);
  for (auto deadline = steady::now() + std::chrono::seconds{10};
       steady::now() < deadline; ::usleep(5'000)) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
  }
  kill();
  return false;
}

} // namespace wsrelay::cluster_storm
