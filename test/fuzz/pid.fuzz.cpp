// Targets: what is accepted has its parts, and they are the text.
#include "protocol/pid.hpp"

#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;
using form = target_name::form;

namespace {

std::string print(const target_name& value) {
  if (value.kind == form::pid)
    return std::to_string(value.id) + "@" + value.node;
  return value.kind == form::name ? value.name : value.name + "@" + value.node;
}

// A PID's id may be written with zeros before it.
std::string_view without_zeros(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of('0'), text.size()));
}

void check_parts(const target_name& value, std::string_view text) {
  auto is_pid = value.kind == form::pid;
  expect(is_pid == (value.id != 0), "a PID has an id");
  expect(is_pid == value.name.empty(), "all others have a name");
  expect((value.kind == form::name) == value.node.empty(),
         "a name alone has no node");
  expect(print(value) == (is_pid ? without_zeros(text) : text),
         "the parts are the text");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto text = fuzz::input{data, size}.rest();
  auto target = parse_target(text);
  auto is_name = static_cast<bool>(check_name(text));
  expect(is_name == (target && target->kind == form::name),
         "a name is a target without a node");
  auto filled = expand_target("room-{x}@app", {{"x", std::string{text}}});
  expect(!filled
             || (text.find('@') == text.npos
                 && parse_target(*filled)->node == "app"),
         "a value names no other node");
  if (!target) {
    expect(is_plain_utf8(target.error().what), "a failure may be shown");
    return 0;
  }
  expect(is_plain_utf8(text) && size <= max_name_length, "plain and short");
  check_parts(*target, text);
  return 0;
}
