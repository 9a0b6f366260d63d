"""A Debian system in a folder, made by debootstrap once and unpacked from then on.

Whoever uses it runs in namespaces of its own for mounts and processes
(`own_namespaces`): however the test ends, the kernel takes both away."""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import own_namespaces
from deb_files import BUILD, run

MIRROR = os.environ.get("WSRELAY_DEBIAN_MIRROR", "http://deb.debian.org/debian")
RELEASE = "bookworm"
CACHE = BUILD / "debian"

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}


def why_not():
    """Returns why there can be no root here, or nothing."""
    if os.getuid() != 0 or not own_namespaces.are_here():
        return "only root makes a Debian root"
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [each for each in ("debootstrap", "chroot", "setpriv", "strace")
               if not shutil.which(each, path=path)]
    return f"missing: {', '.join(missing)}" if missing else ""


def _remove(folder):
    # What an earlier test mounted went with its namespace; --one-file-system
    # should somebody have mounted something by hand.
    run("rm", "-rf", "--one-file-system", folder)


def _base():
    """Returns the packed system; makes it the first time."""
    packed = CACHE / f"{RELEASE}.tar"
    if not packed.is_file():
        fresh = CACHE / "fresh"
        _remove(fresh)
        CACHE.mkdir(exist_ok=True)
        run("debootstrap", "--variant=minbase", RELEASE, fresh, MIRROR)
        # debootstrap leaves /proc mounted at times: not in the archive, and not
        # for rm to meet.
        subprocess.run(["umount", "-l", fresh / "proc"], capture_output=True)
        unfinished = packed.with_suffix(".new")
        run("tar", "-C", fresh, "--one-file-system", "-cf", unfinished, ".")
        unfinished.rename(packed)
        _remove(fresh)
    return packed


class DebianRoot:
    def __init__(self, name="root"):
        self.path = CACHE / name
        packed = _base()
        self.path.mkdir(exist_ok=True)
        # dpkg waits for a disk after each file; memory needs no cleaning up.
        run("mount", "-t", "tmpfs", "-o", "size=4g,mode=755", "root", self.path)
        run("tar", "-C", self.path, "-xf", packed)
        run("mount", "-t", "proc", "proc", self.path / "proc")
        shutil.copy("/etc/resolv.conf", self.path / "etc/resolv.conf")
        # Downloads of before are as good.
        archives = CACHE / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", archives, self.path / "var/cache/apt/archives")
        self.run("apt-get", "update", "-q")

    def close(self):
        run("umount", "--recursive", "--lazy", self.path)
        self.path.rmdir()

    def run(self, *command, **environment):
        """Returns what a command prints that runs in it as root."""
        return run("chroot", self.path, *command,
                   env={**_ENVIRONMENT, **environment})

    def install(self, *packages, options=()):
        """Packages by name, or by the path of a file outside."""
        names = []
        for package in map(str, packages):
            if package.endswith(".deb"):
                shutil.copy(package, self.path / "tmp")
                package = f"/tmp/{Path(package).name}"
            names.append(package)
        done = self.run("apt-get", "install", "-y", "-q",
                        "--no-install-recommends", *options, *names)
        for package in packages:
            if str(package).endswith(".deb"):
                (self.path / "tmp" / Path(package).name).unlink()
        return done

    def find(self, pattern):
        """Returns the paths of files whose names match, but for caches."""
        found = run("find", self.path, "-xdev", "-iname", pattern,
                    "-printf", "/%P\\n")
        return sorted(found.split())

    def user(self, name):
        """Returns the numbers of a user and its group."""
        entry = re.search(rf"^{name}:[^:]*:(\d+):(\d+):",
                          (self.path / "etc/passwd").read_text(), re.M)
        return int(entry[1]), int(entry[2])

    @contextlib.contextmanager
    def mounted(self, source, target):
        """A folder of outside, readable inside at `target` meanwhile."""
        place = self.path / target.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", source, place)
        try:
            yield
        finally:
            run("umount", place)
            place.rmdir()
