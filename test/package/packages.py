"""What is in the packages, seen without installing them: files, who depends on
what, the units, the manual. `installed.py` installs them."""

import configparser
import gzip
import json
import os
import re
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from deb_files import assert_no_findings, need, packages, run

PROGRAMS = {"wsrelayd": 8, "wsrelay": 1, "wsrelay-bench": 1}


def fields(package):
    """Returns the fields of a package's control file."""
    return dict(re.findall(r"^([A-Z][\w-]*): (.*)$",
                           run("dpkg-deb", "-f", package), re.M))


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need("dpkg-deb")
        cls.relay, cls.dev = packages()
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-deb-")
        cls.addClassCleanup(folder.cleanup)
        cls.tree = Path(folder.name, "relay")
        cls.dev_tree = Path(folder.name, "dev")
        run("dpkg-deb", "-R", cls.relay, cls.tree)
        run("dpkg-deb", "-R", cls.dev, cls.dev_tree)

    def test_programs_are_there_and_stripped(self):
        for name in PROGRAMS:
            path = self.tree / "usr/bin" / name
            self.assertTrue(os.access(path, os.X_OK), name)
            self.assertNotIn(".symtab", run("readelf", "-SW", path))

    def test_nothing_is_where_it_must_not_be(self):
        for tree in (self.tree, self.dev_tree):
            for path in tree.rglob("*"):
                mode = path.lstat().st_mode
                self.assertFalse(mode & (stat.S_ISUID | stat.S_IWOTH), path)
                self.assertNotIn("/local/", str(path.relative_to(tree)))
            tops = {each.name for each in tree.iterdir()}
            self.assertLessEqual(tops, {"DEBIAN", "etc", "lib", "usr"})

    def test_the_client_for_browsers_is_an_npm_package(self):
        folder = self.dev_tree / "usr/share/wsrelay/client"
        about = json.loads((folder / "package.json").read_text())
        self.assertEqual({each.name for each in folder.iterdir()},
                         {"package.json", *about["files"]})

    def test_only_the_configuration_is_a_conffile(self):
        text = (self.tree / "DEBIAN/conffiles").read_text()
        self.assertEqual(text, "/etc/wsrelay/relay.yaml\n")
        found = [str(each.relative_to(self.tree))
                 for each in (self.tree / "etc").rglob("*") if each.is_file()]
        self.assertEqual(found, ["etc/wsrelay/relay.yaml"])
        self.assertFalse((self.dev_tree / "etc").exists())

    def test_the_configuration_is_local_and_without_warnings(self):
        path = self.tree / "etc/wsrelay/relay.yaml"
        done = run(self.tree / "usr/bin/wsrelayd", "--check", path)
        self.assertEqual(done, f"{path}: ok\n")
        for address in re.findall(r"^ *addr: (.*)$", path.read_text(), re.M):
            self.assertTrue(address.startswith("127.0.0.1:"), address)

    def test_libraries_are_dependencies(self):
        depends = fields(self.relay)["Depends"]
        for name in ("libc6", "libcaf-core0.17", "libcaf-io0.17", "libssl3",
                     "libstdc++6", "libsystemd0", "libyaml-cpp0.7"):
            self.assertRegex(depends, rf"\b{re.escape(name)} \(>= ")
        self.assertNotIn("-dev", depends)

    def test_what_the_cmake_package_finds_is_a_dependency(self):
        folder = self.dev_tree / "usr/lib/cmake/wsrelay"
        text = (folder / "wsrelay-config.cmake").read_text()
        found = {name.lower()
                 for name in re.findall(r"find_dependency\((\S+?)[ )]", text)}
        debian = {"caf": "libcaf-dev", "boost": "libboost1.81-dev",
                  "zlib": "zlib1g-dev", "openssl": "libssl-dev",
                  "yaml-cpp": "libyaml-cpp-dev", "fmt": "libfmt-dev",
                  "spdlog": "libspdlog-dev"}
        self.assertEqual(found - {"threads"}, set(debian))
        # Libraries without a CMake package of their own.
        text = (folder / "wsrelay-targets.cmake").read_text()
        plain = {"systemd": "libsystemd-dev",
                 "prometheus-cpp-core": "prometheus-cpp-dev"}
        linked = set(re.findall(r"LINK_ONLY:([\w-]+)>", text))
        self.assertLessEqual(linked, {*plain, "yaml-cpp"})
        depends = re.split(r"[^\w.+-]+", fields(self.dev)["Depends"])
        for name in (*debian.values(),
                     *(plain[each] for each in linked & set(plain))):
            self.assertIn(name, depends)

    def test_both_have_the_same_version_and_their_papers(self):
        version = fields(self.relay)["Version"]
        self.assertEqual(fields(self.dev)["Version"], version)
        for tree, name in ((self.tree, "wsrelay"),
                           (self.dev_tree, "wsrelay-dev")):
            folder = tree / "usr/share/doc" / name
            papers = (folder / "copyright").read_text()
            self.assertIn("License: BSD-3-Clause\n Redistribution", papers)
            log = gzip.decompress((folder / "changelog.Debian.gz").read_bytes())
            self.assertIn(f"wsrelay ({version})".encode(), log)
            self.assertTrue((folder / "changelog.gz").is_file())
        said = run(self.tree / "usr/bin/wsrelayd", "--version").split()[1]
        self.assertEqual(said, version.rsplit("-", 1)[0])

    def test_completions_are_what_the_program_prints(self):
        for shell, path in (
                ("bash", "bash-completion/completions/wsrelay"),
                ("zsh", "zsh/vendor-completions/_wsrelay"),
                ("fish", "fish/vendor_completions.d/wsrelay.fish")):
            text = (self.tree / "usr/share" / path).read_text()
            self.assertEqual(
                text, run(self.tree / "usr/bin/wsrelay", "completion", shell))

    def test_the_manual_has_every_option(self):
        need("man")
        for name, section in PROGRAMS.items():
            page = (self.tree / "usr/share/man" / f"man{section}"
                    / f"{name}.{section}.gz")
            done = subprocess.run(
                ["man", "--warnings", "-E", "UTF-8", "-l", page], text=True,
                capture_output=True, env={**os.environ, "MANWIDTH": "80"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            usage = run(self.tree / "usr/bin" / name, "--help")
            for option in re.findall(r"^  (--[\w-]+)", usage, re.M):
                self.assertIn(option, done.stdout)
            for part in ("NAME", "SYNOPSIS", "EXIT STATUS", "SEE ALSO"):
                self.assertRegex(done.stdout, rf"(?m)^{part}$")

    def unit(self, name):
        return self.tree / "lib/systemd/system" / name

    def test_units_are_valid(self):
        need("systemd-analyze")
        with tempfile.TemporaryDirectory(prefix="wsrelay-deb-") as folder:
            for name in ("wsrelay.service", "wsrelay.socket"):
                # The programs are not installed here.
                text = self.unit(name).read_text().replace(
                    "/usr/bin/", f"{self.tree}/usr/bin/")
                Path(folder, name).write_text(text)
            done = run("systemd-analyze", "verify", "--man=no",
                       f"{folder}/wsrelay.service", f"{folder}/wsrelay.socket")
            self.assertEqual(done, "")

    def test_the_service_is_confined(self):
        need("systemd-analyze")
        run("systemd-analyze", "security", "--offline=true", "--threshold=20",
            self.unit("wsrelay.service"))

    def test_the_stop_is_not_cut_short(self):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(self.unit("wsrelay.service"))
        config = run(self.tree / "usr/bin/wsrelayd", "--print-config",
                     "--config", self.tree / "etc/wsrelay/relay.yaml")
        longest = 0
        for key in ("deadline", "shutdown_timeout"):
            longest += int(re.search(rf"\b{key}: (\d+)s\n", config)[1])
        self.assertGreater(
            int(unit["Service"]["TimeoutStopSec"].rstrip("s")), longest)

    # That of wsrelay-dev has 20 s of work to do: installed.py.
    def test_lintian_finds_nothing(self):
        assert_no_findings(self.relay)


if __name__ == "__main__":
    unittest.main()
