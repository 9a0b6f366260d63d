// What a backend says: whether it is a binary message, then the message. What
// is read holds no more than was said, and what is wrong is told in a line.
#include "protocol/backend_order.hpp"

#include "protocol/json.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

// Numbers may have more digits than they were written with.
constexpr std::size_t most_digits = 32;

void check_order(const backend_order& order, std::string_view said) {
  auto most = (most_digits + 1) * (said.size() + 1);
  expect(order.data.size() <= most && order.relay.size() <= most,
         "nothing is made of nothing");
  expect(order.names.size() <= max_backend_names, "names have a bound");
  expect(order.is_binary || is_valid_utf8(order.data), "a text is UTF-8");
  expect(order.id.empty() || check_json(order.id), "an id is JSON");
  if (order.metadata)
    expect(static_cast<bool>(check_json_object(*order.metadata)),
           "metadata is an object");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto is_binary = in.byte() % 2 == 1;
  auto said = in.rest();
  backend_order order;
  if (auto bad = read_backend_order(said, is_binary, order)) {
    expect(!bad->what.empty() && bad->what.size() < 1000
               && is_valid_utf8(bad->what),
           "what is wrong is told in a line");
    return 0;
  }
  check_order(order, said);
  return 0;
}
