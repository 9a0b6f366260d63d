// Both sides of the question.
#include "test/cluster_storm/usage.hpp"

#include "actors/messages.hpp"
#include "test/support/heap.hpp"

#include <caf/all.hpp>

namespace wsrelay::cluster_storm {

namespace {

constexpr milliseconds usage_patience{2'000};

} // namespace

caf::behavior accountant(caf::event_based_actor* self,
                         const std::atomic<std::size_t>* at_start) {
  return {
      [self, at_start](caf::get_atom) {
        auto running = self->system().registry().running();
        return caf::make_message(static_cast<std::int64_t>(running)
                                     - static_cast<std::int64_t>(*at_start),
                                 std::uint64_t{test::heap_bytes().value_or(0)});
      },
  };
}

std::optional<usage> ask_usage(const caf::actor& directory,
                               const std::string& where) {
  caf::scoped_actor self{directory.home_system()};
  caf::actor whom;
  std::optional<usage> result;
  self->request(directory, usage_patience,
                directory_get{std::string{accountant_name} + '@' + where})
      .receive([&](const caf::actor& found) { whom = found; },
               [](caf::error&) {});
  if (whom)
    self->request(whom, usage_patience, caf::get_atom_v)
        .receive(
            [&](std::int64_t actors, std::uint64_t heap) {
              result = usage{actors, heap};
            },
            [](caf::error&) {});
  return result;
}

} // namespace wsrelay::cluster_storm
