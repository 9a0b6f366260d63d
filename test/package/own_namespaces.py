"""Namespaces for mounts and processes, for a test that makes some of both: however
it ends, the kernel takes them away. Imports nothing that makes a folder for itself,
which the first of the two programs would leave."""

import os
import shutil
import sys

_INSIDE = "WSRELAY_INSIDE_NAMESPACES"


def are_here():
    return _INSIDE in os.environ


def enter(*more):
    """Starts this program again, as process 1 of namespaces that end with it;
    returns where that is done, or cannot be. `more`: options of unshare."""
    if are_here() or os.getuid() != 0 or not shutil.which("unshare"):
        return
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", [
        "unshare", "--mount", "--propagation", "private", "--pid", "--fork",
        "--kill-child", "--mount-proc", *more, sys.executable, "-B", *sys.argv])
