"""The packages that the tests look at: those of the folder WSRELAY_PACKAGES, or
what cpack makes of the build folder, WSRELAY_BUILD."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/system"))

from support import BUILD  # noqa: E402

_made = None  # the folder that cpack wrote to, for as long as the process lives


def run(*command, **keys):
    """Returns what a command prints; fails with it when the command does."""
    done = subprocess.run([*map(str, command)], text=True, **{
        "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT, **keys})
    if done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def need(*programs):
    """Skips where one of these is missing."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for program in programs:
        if not shutil.which(program, path=path):
            raise unittest.SkipTest(f"no {program}: tools/install-packages")


def _folder():
    global _made
    if "WSRELAY_PACKAGES" in os.environ:
        return Path(os.environ["WSRELAY_PACKAGES"])
    if _made is None:
        config = BUILD / "CPackConfig.cmake"
        if not config.is_file():
            raise unittest.SkipTest("this build makes no packages")
        _made = tempfile.TemporaryDirectory(prefix="wsrelay-deb-")
        run("cpack", "--config", config, "-B", _made.name)
    return Path(_made.name)


def packages():
    """Returns the paths of wsrelay's package and of wsrelay-dev's."""
    found = []
    for name in ("wsrelay", "wsrelay-dev"):
        paths = list(_folder().glob(f"{name}_*.deb"))
        if len(paths) != 1:
            raise AssertionError(f"{name}: {paths}")
        found += paths
    return found


def assert_no_findings(package):
    """Fails with what lintian says about a package."""
    need("lintian")
    run("lintian", "--no-cfg", "--allow-root", "--fail-on=error,warning",
        package)


def repacked(package, folder, version, changes):
    """Makes a package of another version; `changes` are pairs of a path and
    text that goes behind what is there. Returns its path."""
    tree = Path(folder, "tree")
    run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN/control"
    lines = [f"Version: {version}" if line.startswith("Version:") else line
             for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    for path, text in changes:
        with open(tree / path, "a") as file:
            file.write(text)
    result = Path(folder, f"wsrelay_{version}_amd64.deb")
    run("dpkg-deb", "-b", "--root-owner-group", tree, result)
    shutil.rmtree(tree)
    return result
