// Reads an http.router.
#include "config/key_hints.hpp"
#include "config/nearest.hpp"
#include "config/read_entries.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <array>

namespace wsrelay {

namespace {

constexpr std::string_view origins_key = "wsrelay.allowed.origins";

void read_middleware(yaml_map& in, router_config& out) {
  constexpr std::string_view key = "post_middleware";
  constexpr std::array known{relay_middleware};
  auto names = in.texts(key);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == relay_middleware)
      out.relays = true;
    else
      in.fail(fmt::format("{}[{}]", key, i),
              fmt::format("unknown middleware {}, known is {}", shown(names[i]),
                          relay_middleware));
    // One that is misspelled is no reason to refuse what needs it.
    out.relays = out.relays || !did_you_mean(names[i], known).empty();
  }
}

void read_origins(yaml_map& options, origin_policy& out) {
  auto text = options.text(origins_key);
  if (!text || trim(*text).empty())
    return;
  for (auto part : split(*text, ',')) {
    auto pattern = parse_origin_pattern(trim(part));
    if (pattern)
      out.allowed.push_back(*pattern);
    else
      options.fail(origins_key,
                   fmt::format("bad origin \"{}\": {}", shown(trim(part)),
                               pattern.error().what));
  }
}

constexpr std::string_view endings_key = "wsrelay.park.endings";

void read_endings(yaml_map& options, park_endings& out) {
  auto text = options.text(endings_key);
  if (!text)
    return;
  constexpr std::array<std::string_view, 4> endings{"crashed", "lost",
                                                    "shutdown", "normal"};
  out = {false, false, false, false};
  for (auto part : split(*text, ',')) {
    auto word = trim(part);
    auto known = word.empty();
    visit_endings(out, [&](std::string_view name, bool& member) {
      if (word == name)
        known = member = true;
    });
    if (!known)
      options.fail(endings_key,
                   fmt::format("unknown ending {}, known are {}{}", shown(word),
                               fmt::join(endings, ", "),
                               did_you_mean(word, endings)));
  }
}

} // namespace

std::string read_reference(yaml_map& in, std::string_view key) {
  auto meta = in.child("meta");
  auto name = meta.text(key);
  meta.refuse_unknown();
  return (name ? name : in.misplaced(key, "meta")).value_or("");
}

router_config read_router(yaml_map& in) {
  router_config out;
  out.server = read_reference(in, "server");
  out.prefix = in.text("prefix").value_or("");
  read_middleware(in, out);
  auto options = in.child("post_options");
  read_origins(options, out.options.origins);
  visit_options(out.options, field_reader{options});
  read_endings(options, out.options.parking.endings);
  auto& reason = out.options.expiry.reason;
  reason = options.text("wsrelay.expiry.reason").value_or(reason);
  out.options.overflow.event =
      options.text("wsrelay.overflow.event").value_or("");
  options.refuse_unknown(hint_for_option);
  return out;
}

} // namespace wsrelay
