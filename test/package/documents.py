"""The documents that the package installs: every relative link of one leads to a
file that is installed as well. The examples of the other one are a project that
finds it. Looks at what cmake installs, so that it needs no package: the build folder
is WSRELAY_BUILD."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/system"))

from support import BUILD  # noqa: E402

DOC = "usr/share/doc/wsrelay"
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")  # [text](target "title")
CODE = re.compile(r"^ *(```|~~~).*?^ *\1|`[^`\n]*`|^(?: {4}[^\n]*\n)+",
                  re.M | re.S)


def links_of(path):
    """Returns the relative links of a document, without what is behind a #."""
    links = LINK.findall(CODE.sub("", path.read_text()))
    files = (link.partition("#")[0] for link in links
             if not re.match(r"[a-z][a-z0-9+.-]*:", link))
    return [each for each in files if each]


def run(*command, **environment):
    done = subprocess.run(command, env={**os.environ, **environment}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise AssertionError(done.stdout)


def installed(component, clean_up):
    """Returns a folder that a component was installed into."""
    if not (BUILD / "CPackConfig.cmake").is_file():
        raise unittest.SkipTest("this build makes no packages")
    folder = tempfile.TemporaryDirectory(prefix="wsrelay-doc-")
    clean_up(folder.cleanup)
    run("cmake", "--install", BUILD, "--component", component, "--prefix",
        "/usr", DESTDIR=folder.name)
    return Path(folder.name)


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = installed("system", cls.addClassCleanup) / DOC
        cls.documents = sorted(cls.folder.rglob("*.md"))

    def test_every_link_leads_to_an_installed_file(self):
        self.assertGreater(len(self.documents), 20)
        broken, count = [], 0
        for path in self.documents:
            for link in links_of(path):
                count += 1
                target = Path(os.path.normpath(path.parent / link))
                if self.folder not in target.parents or not target.is_file():
                    broken.append(f"{path.relative_to(self.folder)}: {link}")
        self.assertGreater(count, 100)
        self.assertEqual(broken, [])

    def test_what_guides_give_to_other_programs_is_there(self):
        for name in ("alerts.rules.yaml", "alerts.test.yaml", "demo.png",
                     "grafana.json", "page.png"):
            mine = self.folder / "tools/docs" / name
            theirs = ROOT / "tools/docs" / name
            self.assertEqual(mine.read_bytes(), theirs.read_bytes(), name)

    def test_the_guides_are_all_installed(self):
        for folder in ("tools/docs", "config"):
            wanted = {path.name for path in (ROOT / folder).glob("*.md")}
            found = {path.name for path in (self.folder / folder).glob("*.md")}
            self.assertEqual(wanted - found - {"README.md"}, set())


class Examples(unittest.TestCase):
    """installed.py builds them."""

    @classmethod
    def setUpClass(cls):
        cls.root = installed("libraries", cls.addClassCleanup)
        cls.folder = cls.root / f"{DOC}-dev/examples"

    def test_they_are_a_project_of_their_own(self):
        run("cmake", "-S", self.folder, "-B", self.root / "build",
            f"-DCMAKE_PREFIX_PATH={self.root / 'usr'}")
        text = (self.folder / "CMakeLists.txt").read_text()
        for path in self.folder.glob("*.cpp"):
            self.assertRegex(text, rf"\b{path.stem}\b")

    def test_they_include_what_is_installed(self):
        sources = [*self.folder.glob("*.cpp"), *self.folder.glob("*.hpp")]
        self.assertGreater(len(sources), 10)
        count = 0
        for path in sources:
            text = path.read_text()
            for name in re.findall(r"#include <(wsrelay/.*)>", text):
                self.assertTrue((self.root / "usr/include" / name).is_file(), name)
                count += 1
            for name in re.findall(r'#include "(.*)"', text):
                self.assertTrue((self.folder / name).is_file(), name)
        self.assertGreater(count, 10)


if __name__ == "__main__":
    unittest.main()
