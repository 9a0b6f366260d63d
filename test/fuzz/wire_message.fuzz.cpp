// What another node sends as one of the relay's messages: it is read or
// refused, and what was read is written and read again as the same.
//
// An input: the name of a message and a zero, or else a byte that chooses one;
// the rest are its fields.
#include "actors/node_messages.hpp"
#include "net/cluster/basp_check.hpp"
#include "net/cluster/careful_source.hpp"
#include "test/fuzz/input.hpp"
#include "test/net/cluster/basp_bytes.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>
#include <caf/proxy_registry.hpp>

#include <string>
#include <vector>

namespace wsrelay::fuzz_wire_message {

namespace {

// An actor of some other node.
class some_actor final : public caf::actor_proxy {
public:
  using actor_proxy::actor_proxy;
  using actor_proxy::enqueue;
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
  void kill_proxy(caf::execution_unit* host, caf::error reason) override {
    cleanup(std::move(reason), host);
  }
};

class world final : caf::proxy_registry::backend {
public:
  world() {
    caf::actor_system_config of_caf;
    for (auto& [name, factory] : settings_.value_factories_by_name)
      if (of_caf.value_factories_by_name.count(name) == 0)
        names_.push_back(name);
    std::sort(names_.begin(), names_.end());
    context_.proxy_registry_ptr(&proxies_);
  }

  void run(std::string_view input) {
    auto end = std::min(input.find('\0'), input.size());
    std::string name{input.substr(0, end)};
    if (std::binary_search(names_.begin(), names_.end(), name))
      return run(name, input.substr(std::min(end + 1, input.size())));
    auto first = static_cast<std::uint8_t>(input.front());
    run(names_[first % names_.size()], input.substr(1));
  }

private:
  void run(const std::string& name, std::string_view fields) {
    auto bytes = test::basp::content("+" + name, fields);
    caf::message content;
    if (!read(bytes, content))
      return;
    auto written = write(content);
    caf::message again;
    fuzz::expect(read(written, again), "what was written is read");
    fuzz::expect(write(again) == written, "it is the same");
  }

  bool read(std::string_view bytes, caf::message& content) {
    careful_source source{&context_, bytes};
    auto error = content.load(source);
    return !error && !source.failure() && source.offence().empty();
  }

  std::string write(const caf::message& content) {
    std::vector<char> bytes;
    caf::binary_serializer sink{&context_, bytes};
    fuzz::expect(!sink(content), "what was read is written");
    return {bytes.begin(), bytes.end()};
  }

  caf::strong_actor_ptr make_proxy(caf::node_id node,
                                   caf::actor_id id) override {
    if (id == 0 || !is_basp_node(node))
      return nullptr;
    caf::actor_config config;
    return caf::make_actor<some_actor, caf::strong_actor_ptr>(
        id, std::move(node), &system_, config);
  }
  void set_last_hop(caf::node_id*) override {}

  struct settings : caf::actor_system_config {
    settings() { wsrelay::add_message_types(*this); }
  };

  settings settings_;
  caf::actor_system system_{settings_};
  caf::proxy_registry proxies_{system_, *this};
  caf::scoped_execution_unit context_{&system_};
  std::vector<std::string> names_;
};

} // namespace

} // namespace wsrelay::fuzz_wire_message

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace wsrelay;
  static auto* all = new fuzz_wire_message::world; // until the program ends
  if (size > 0)
    all->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
