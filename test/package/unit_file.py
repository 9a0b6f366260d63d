"""What systemd makes of wsrelay.service, for a test that has no systemd: the
command, what it runs under, and which system calls it may make."""

import resource
import subprocess
from functools import cache

from deb_files import run


class UnitFile:
    def __init__(self, path):
        self.values = {}
        for line in path.read_text().splitlines():
            key, found, value = line.partition("=")
            if found and not line.startswith("#"):
                self.values.setdefault(key, []).append(value)

    def __getitem__(self, key):
        return self.values[key][-1]

    def prefix(self, groups=()):
        """Returns the command that becomes the service's, with its user, its
        capabilities and its limits; `groups` are numbers of more groups."""
        capabilities = ",".join(
            f"+{each.lower().removeprefix('cap_')}"
            for each in self["AmbientCapabilities"].split())
        # The closest that there may be, as systemd sets it.
        limit = min(int(self["LimitNOFILE"]),
                    resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        joined = (f"--groups={','.join(map(str, groups))}" if groups
                  else "--init-groups")
        return ["prlimit", f"--nofile={limit}:{limit}",
                "setpriv", f"--reuid={self['User']}", f"--regid={self['Group']}",
                joined, "--no-new-privs", f"--bounding-set=-all,{capabilities}",
                f"--inh-caps=-all,{capabilities}",
                f"--ambient-caps=-all,{capabilities}"]

    def command(self):
        return self["ExecStart"].split()

    def system_calls(self):
        """Returns the names that SystemCallFilter= lets through."""
        allowed = set()
        for line in self.values["SystemCallFilter"]:
            denies = line.startswith("~")
            for name in line.lstrip("~").split():
                names = _members(name) if name.startswith("@") else {name}
                allowed = allowed - names if denies else allowed | names
        # systemd adds it to every allow list: the call that starts the program.
        return allowed | _members("@default") | {"execve"}


@cache
def _members(group):
    found = set()
    for line in run("systemd-analyze", "syscall-filter", group,
                    stderr=subprocess.DEVNULL).splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            found |= _members(name)
        elif name and not name.startswith("#"):
            found.add(name)
    return found
