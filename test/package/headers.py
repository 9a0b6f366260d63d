"""The installed headers, and programs that include them: what is installed is public
or included by what is public; each header compiles alone, and the README's programs
as they stand, where warnings are errors and the program's own folders are called as
the project's; pkg-config alone is enough to compile and link.

Alone are compiled the headers that documents and examples name; with WSRELAY_LONG=1
all of them, which takes minutes."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/system"))

from support import BUILD  # noqa: E402

APP = ROOT / "test/package/app"  # has folders that hold what must not be found
CXX = os.environ.get("CXX", "g++")
FLAGS = ("-std=c++20", "-Wall", "-Wextra", "-Werror", "-I", APP)
OWN = re.compile(r'^#include "([^"]+)"', re.M)
INSTALLED = re.compile(r"^#include <wsrelay/([^>]+)>", re.M)
FENCE = re.compile(r"^```cpp\n(.*?)^```", re.M | re.S)

prefix = None  # what was installed


def run(*command, **keys):
    done = subprocess.run([*map(str, command)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **keys)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    return done.stdout


def setUpModule():
    global prefix
    folder = tempfile.TemporaryDirectory(prefix="wsrelay-headers-")
    unittest.addModuleCleanup(folder.cleanup)
    run("cmake", "--install", BUILD, "--component", "libraries", "--prefix",
        folder.name)
    prefix = Path(folder.name)


def installed_headers():
    root = prefix / "include/wsrelay"
    return {str(path.relative_to(root)): path.read_text()
            for path in root.rglob("*") if path.is_file()}


def public_headers():
    text = (ROOT / "tools/cmake/wsrelay_install.cmake").read_text()
    named = re.search(r"set\(wsrelay_public\s+([^)]*)\)", text)[1].split()
    return {*named, "test/http_kit/test_relay.hpp",
            *(str(path.relative_to(ROOT))
              for path in (ROOT / "test/kit").glob("*.hpp"))}


def closure(names, includes_of):
    """Returns the names, and what these include, also through others."""
    result, rest = set(), list(names)
    while rest:
        name = rest.pop()
        if name not in result:
            result.add(name)
            rest += includes_of(name)
    return result


def named_headers():
    """Returns what documents and examples include."""
    files = [ROOT / "README.md", *(ROOT / "actors").glob("*.md"),
             *(ROOT / "tools/wsrelay").glob("*.md"),
             *(prefix / "share/doc/wsrelay-dev/examples").glob("*.*pp")]
    return {name for path in files for name in INSTALLED.findall(path.read_text())}


def chains(headers, names):
    """The names in lists in which each includes the one before: then nothing is
    known before one that it does not include itself."""
    loader = importlib.machinery.SourceFileLoader(
        "check_headers", str(ROOT / "tools/check-headers"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    includes = {name: names & closure([name], lambda x: INSTALLED.findall(headers[x]))
                - {name} for name in names}
    return module.chains(sorted(names), includes)


def findings(names):
    """What the compiler says about a source that includes these."""
    done = subprocess.run(
        [CXX, *FLAGS, "-I", prefix / "include", "-fsyntax-only", "-x", "c++", "-"],
        input="".join(f"#include <wsrelay/{name}>\n" for name in names),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def flags_of(package):
    """What pkg-config says, without a path of this machine's own."""
    path = prefix / "lib/pkgconfig"
    return run("pkg-config", "--cflags", "--libs", package,
               env={**os.environ, "PKG_CONFIG_PATH": str(path)}).split()


# -- the programs of documents -----------------------------------------------------

DOCTEST = """
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
"""

# What the blocks of the kit's guides have before them.
KIT_HEAD = """
#include <wsrelay/test/http_kit/test_relay.hpp>
#include <wsrelay/test/kit/probe.hpp>
#include <wsrelay/test/kit/test_cluster.hpp>
#include <wsrelay/test/kit/with_doctest.hpp>
using namespace std::chrono_literals;
using namespace wsrelay::test;
"""

KIT_TEST = """
TEST_CASE("block {number}") {{
  test_node node;
  probe target{{node}};
  auto ann = node.connect(target);
  [[maybe_unused]] const auto chat = hub;
  {{
    {block}
  }}
}}
"""


# What stands for `...` in a block.
SYSTEM = """
  system_config options{config};
  caf::actor_system system{options};
  wsrelay::node node{system, config};
"""
GREETER = """
#include <unistd.h>
caf::behavior greeter() { return {[](int) {}}; }
"""


def blocks_of(path):
    return FENCE.findall((ROOT / path).read_text())


def readme_program():
    program = next(text for text in blocks_of("README.md") if "int main(" in text)
    # Only main may end without a return.
    return ('#pragma GCC diagnostic ignored "-Wreturn-type"\n'
            f"#define main run_relay\n{program}#undef main\n")


def readme_test():
    return next(text for text in blocks_of("README.md")
                if "<wsrelay/test/kit/" in text)


def other_code():
    """What else documents show, whole functions or what stands in one, after the
    README's program."""
    for path in ("README.md", "actors/MESSAGES.md", "tools/wsrelay/OPERATING.md"):
        for number, block in enumerate(blocks_of(path)):
            if "int main(" in block or "TEST_CASE(" in block:
                continue  # those are built and run
            includes = "".join(re.findall(r"^#include.*\n", block, re.M))
            block = re.sub(r"^#include.*\n", "", block, flags=re.M)
            block = block.replace("...\n", SYSTEM)
            if not re.search(r"^caf::behavior ", block, re.M):
                name = re.sub(r"\W", "_", f"{path}{number}")
                block = f"void {name}() {{\n{block}}}\n"
            yield includes + block


def guide_tests():
    blocks = [block for path in ("test/kit/KIT.md", "test/kit/CLUSTER.md",
                                 "config/DEPARTURES.md")
              for block in blocks_of(path)]
    for number, block in enumerate(blocks):
        block = "\n".join(line for line in block.splitlines()
                          if not line.startswith("#include"))
        yield (block if "TEST_CASE" in block
               else KIT_TEST.format(number=number, block=block))


class Headers(unittest.TestCase):
    def test_installed_is_what_is_public_and_what_that_includes(self):
        wanted = closure(public_headers(),
                         lambda name: OWN.findall((ROOT / name).read_text()))
        self.assertEqual(set(installed_headers()), wanted)
        self.assertNotIn("actors/directory.hpp", wanted)

    def test_they_include_each_other_as_users_do(self):
        headers = installed_headers()
        for name, text in headers.items():
            self.assertEqual(OWN.findall(text), [], name)
            self.assertLessEqual(set(INSTALLED.findall(text)), set(headers), name)

    def test_each_compiles_alone(self):
        headers = installed_headers()
        names = set(headers) if os.environ.get("WSRELAY_LONG") else named_headers()
        lists = chains(headers, names)
        self.assertEqual({name for each in lists for name in each}, names)
        with ThreadPoolExecutor(2) as pool:
            said = [text for text in pool.map(findings, lists) if text]
        self.assertEqual(said, [])


class PkgConfig(unittest.TestCase):
    def setUp(self):
        try:
            run("pkg-config", "--version")
        except FileNotFoundError:
            self.skipTest("no pkg-config: tools/install-packages test")
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-pc-")
        self.addCleanup(folder.cleanup)
        self.program = Path(folder.name, "program")

    def build(self, source, *packages, options=()):
        flags = [flag for package in packages for flag in flags_of(package)]
        run(CXX, "-Wall", "-Wextra", "-Werror", "-I", APP, source, "-o",
            self.program, *options, *flags)
        return options or run(self.program)

    def test_a_target_is_tested_with_the_kit_alone(self):
        self.build(APP / "app_test.cpp", "wsrelay-kit")
        self.assertNotIn("-lwsrelay_net", flags_of("wsrelay-kit"))

    def test_the_programs_of_the_readme_are_built_as_they_stand(self):
        source = self.program.with_name("readme.cpp")
        source.write_text(f"{readme_program()}{DOCTEST}{readme_test()}")
        self.build(source, "wsrelay-kit", "wsrelay")

    def test_the_code_of_documents_compiles(self):
        source = self.program.with_name("documents.cpp")
        source.write_text(f"{readme_program()}{GREETER}" + "".join(other_code())
                          + DOCTEST + KIT_HEAD + "".join(guide_tests()))
        self.build(source, "wsrelay-http-kit", "wsrelay", options=["-fsyntax-only"])


if __name__ == "__main__":
    unittest.main()
