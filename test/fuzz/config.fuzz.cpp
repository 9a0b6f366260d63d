// The configuration: loading never throws, every report is one line, and what
// is accepted prints as a configuration that is accepted and prints the same.
#include "config/load.hpp"

#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

void check_reports(const std::vector<config_issue>& issues) {
  for (const auto& issue : issues)
    expect(to_text(issue).find_first_of("\r\n") == std::string::npos,
           "a report is one line");
}

void check_usable(const relay_config& config) {
  auto text = to_yaml(config);
  auto again = load_config(text, "again.yaml");
  expect(again.errors.empty(), "what is printed is accepted");
  expect(to_yaml(again.config) == text, "what is printed stays the same");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto text = fuzz::input{data, size}.rest();
  if (text.find("secret_file") != text.npos)
    return 0; // reads files, and some devices never end
  auto loaded = load_config(text, "fuzz.yaml");
  check_reports(loaded.errors);
  check_reports(loaded.warnings);
  if (loaded.errors.empty())
    check_usable(loaded.config);
  return 0;
}
