// What crosses nodes, byte by byte: releases have to understand each other.
// test/wire/N has the bytes of each message as protocol N wrote it first; what
// stands there stays for ever.
#include "actors/node_messages.hpp"
#include "net/cluster/careful_source.hpp"
#include "test/support/far_node.hpp"
#include "test/support/wire_samples.hpp"

#include <caf/all.hpp>
#include <caf/proxy_registry.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace wsrelay::wire_bytes_test {

using namespace wsrelay::test;

namespace {

namespace files = std::filesystem;

constexpr auto newest = protocol_number;

// Wherever bytes name an actor of the other node it is the same one.
struct one_actor final : caf::proxy_registry::backend {
  explicit one_actor(caf::actor who) : who{std::move(who)} {}
  caf::strong_actor_ptr make_proxy(caf::node_id, caf::actor_id) override {
    return caf::actor_cast<caf::strong_actor_ptr>(who);
  }
  void set_last_hop(caf::node_id*) override {}
  caf::actor who;
};

struct fixture {
  checked_node node;
  far_node far{node, 'a'};
  std::vector<wire_sample> samples = wire_samples(far.directory);
  one_actor backend{far.directory};
  caf::proxy_registry proxies{node.system(), backend};
  caf::scoped_execution_unit context{&node.system()};

  fixture() { context.proxy_registry_ptr(&proxies); }

  std::string write(const caf::message& content) {
    std::vector<char> bytes;
    caf::binary_serializer sink{&context, bytes};
    REQUIRE_FALSE(sink(content));
    return {bytes.begin(), bytes.end()};
  }

  // As what another node sends is read.
  caf::error read(std::string_view bytes, caf::message& content) {
    careful_source source{&context, bytes};
    auto error = content.load(source);
    CHECK(source.offence().empty());
    return error ? error : source.failure();
  }
};

std::string to_hex(std::string_view bytes) {
  std::string result;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    result += fmt::format("{:02x}{}", static_cast<std::uint8_t>(bytes[i]),
                          (i + 1) % 32 && i + 1 < bytes.size() ? "" : "\n");
  return result;
}

std::string from_hex(std::istream& text) {
  std::string result;
  std::string line;
  while (text >> line)
    for (std::size_t i = 0; i + 1 < line.size(); i += 2)
      result += static_cast<char>(std::stoul(line.substr(i, 2), nullptr, 16));
  return result;
}

files::path folder(std::uint32_t protocol) {
  return files::path{WSRELAY_SOURCE_FOLDER} / "test/wire"
         / std::to_string(protocol);
}

// What each protocol has written, by name of the message.
std::map<std::string, std::string> kept(std::uint32_t protocol) {
  std::map<std::string, std::string> result;
  if (!files::exists(folder(protocol))) // nothing is written yet
    return result;
  for (auto& each : files::directory_iterator{folder(protocol)}) {
    std::ifstream text{each.path()};
    result[each.path().stem()] = from_hex(text);
  }
  return result;
}

// What the newest protocol writes that wrote a message another way than the
// one before.
std::string newest_kept(const std::string& name) {
  for (auto protocol = newest; protocol > 0; --protocol) {
    auto all = kept(protocol);
    if (auto found = all.find(name); found != all.end())
      return found->second;
  }
  return {};
}

// WSRELAY_WRITE_WIRE=1 keeps what is new: the bytes of what was added, or of
// what has a field more. Never the other way round.
void keep_new(const std::string& name, const std::string& bytes) {
  files::create_directories(folder(newest));
  auto path = folder(newest) / (name + ".hex");
  if (!files::exists(path))
    std::ofstream{path} << to_hex(bytes);
}

} // namespace

TEST_CASE_FIXTURE(fixture, "each message that crosses nodes is written as it "
                           "was, or its bytes are kept as those of a new "
                           "protocol") {
  for (auto& [name, content] : samples) {
    auto& shown_name = name;
    CAPTURE(shown_name);
    auto bytes = write(content);
    if (std::getenv("WSRELAY_WRITE_WIRE") && newest_kept(name) != bytes)
      keep_new(name, bytes);
    CHECK(to_hex(bytes) == to_hex(newest_kept(name)));
  }
}

TEST_CASE_FIXTURE(fixture, "each message that crosses nodes has a sample") {
  std::set<std::string> names;
  for (auto& sample : samples)
    names.insert(sample.name);
  caf::actor_system_config config;
  auto of_caf = config.value_factories_by_name;
  add_message_types(config);
  for (auto& [name, factory] : config.value_factories_by_name)
    if (of_caf.count(name) == 0) {
      auto& shown_name = name;
      CHECK_MESSAGE(names.count(name) == 1, shown_name);
    }
}

TEST_CASE_FIXTURE(fixture, "a protocol appends fields, and changes nothing "
                           "else") {
  for (std::uint32_t protocol = 1; protocol <= newest; ++protocol)
    for (auto& [name, old] : kept(protocol)) {
      auto& shown_name = name;
      CAPTURE(shown_name);
      CHECK(newest_kept(name).starts_with(old));
    }
}

TEST_CASE_FIXTURE(fixture, "what any protocol has written is read") {
  for (std::uint32_t protocol = 1; protocol <= newest; ++protocol)
    for (auto& [name, bytes] : kept(protocol)) {
      CAPTURE(protocol);
      auto& shown_name = name;
      CAPTURE(shown_name);
      caf::message content;
      CHECK(to_string(read(bytes, content)) == "none");
      CHECK(write(content).starts_with(bytes));
    }
}

TEST_CASE_FIXTURE(fixture, "fields of a later protocol are skipped") {
  for (auto& [name, content] : samples) {
    auto& shown_name = name;
    CAPTURE(shown_name);
    auto bytes = write(content);
    caf::message again;
    CHECK(to_string(read(bytes + "of a later one", again)) == "none");
    CHECK(write(again) == bytes);
  }
}

TEST_CASE_FIXTURE(fixture, "half a message is an error, wherever it is cut") {
  for (auto& [name, bytes] : kept(1)) {
    auto& shown_name = name;
    CAPTURE(shown_name);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      caf::message content;
      CHECK(read(std::string_view{bytes}.substr(0, size), content));
    }
  }
}

} // namespace wsrelay::wire_bytes_test
