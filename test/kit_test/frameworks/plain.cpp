// The kit without a framework: exceptions, and what cannot be one aborts. The
// argument says which case.
#include "test/kit_test/frameworks/cases.hpp"

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  std::string_view which = argc > 1 ? argv[1] : "passes";
  try {
    if (which == "passes")
      wsrelay::test::pass();
    else if (which == "misses")
      wsrelay::test::miss_a_text();
    else
      wsrelay::test::leave_an_actor();
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
  return 0;
}
