// Runs the fuzz targets on inputs that stand in files; needs no clang. The
// folder of a file names its target. The input that a failure ends on is the
// last one printed.
//
//   test_fuzz_seeds FOLDER|FILE...
#include "test/fuzz/input.hpp"

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#define FUZZ_TARGET(name)                                                      \
  extern "C" int fuzz_##name(const std::uint8_t*, std::size_t);
#include "fuzz_targets.inc"
#undef FUZZ_TARGET

namespace {

namespace fs = std::filesystem;

struct target {
  int (*run)(const std::uint8_t*, std::size_t);
  std::size_t inputs = 0; // that were run
};

std::map<std::string, target> all_targets() {
  std::map<std::string, target> out;
#define FUZZ_TARGET(name) out.emplace(#name, target{fuzz_##name});
#include "fuzz_targets.inc"
#undef FUZZ_TARGET
  return out;
}

// In memory of exactly this size, so that AddressSanitizer sees its end.
std::vector<std::uint8_t> read(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::vector<std::uint8_t> out{std::istreambuf_iterator<char>{in}, {}};
  out.shrink_to_fit();
  return out;
}

class replay {
public:
  void run_below(const fs::path& path) {
    if (!fs::is_directory(path))
      return run(path);
    std::set<fs::path> files; // in the same order everywhere
    for (const auto& entry : fs::recursive_directory_iterator{path})
      if (entry.is_regular_file())
        files.insert(entry.path());
    for (const auto& file : files)
      run(file);
  }

  void run(const fs::path& path) {
    auto name = fs::absolute(path).parent_path().filename().string();
    auto found = targets_.find(name);
    if (found == targets_.end())
      return fail("no target has the name of the folder of " + path.string());
    std::cout << name << '/' << path.filename().string() << std::endl;
    auto bytes = read(path);
    found->second.run(bytes.data(), bytes.size());
    ++found->second.inputs;
  }

  // A folder of seeds has some for every target.
  void expect_all() {
    for (const auto& [name, each] : targets_)
      if (each.inputs == 0)
        fail("no inputs for " + name);
  }

  int status() const noexcept { return status_; }

private:
  void fail(const std::string& what) {
    std::cout << what << '\n';
    status_ = 1;
  }

  std::map<std::string, target> targets_ = all_targets();
  int status_ = 0;
};

} // namespace

int main(int argc, char** argv) try {
  replay all;
  for (int i = 1; i < argc; ++i)
    all.run_below(argv[i]);
  if (argc == 2 && fs::is_directory(argv[1]))
    all.expect_all();
  return argc > 1 ? all.status() : 2;
} catch (const std::exception& e) {
  std::cout << e.what() << '\n';
  return 1;
}
