"""What measurements of several nodes share: a node with the CPU it takes, the
command line, medians."""

import argparse
import os
import pathlib
import statistics

from programs import ANY_CORES, Server


class Program(Server):
    """A program, on any core, with the CPU it takes."""

    def __init__(self, name, command):
        super().__init__(name, command, "", ANY_CORES[0])

    def cpu_seconds(self):
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9


class Node(Program):
    """A wsrelayd with this configuration."""

    def __init__(self, build, folder, name, config):
        path = os.path.join(folder, f"{name}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        super().__init__(name, [str(build / "wsrelayd"), "--config", path])


def parse_arguments(about, connections=None):
    """`about` is the script's docstring, `connections` its default, if it has
    such an option."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build/release"),
                        help="build folder (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=2, metavar="SECONDS",
                        help="of a run (default: %(default)s)")
    if connections:
        parser.add_argument("--connections", type=int, default=connections)
    parser.add_argument("--check", action="store_true",
                        help="exit code 1 when a limit is exceeded")
    return parser.parse_args()


def medians(rows):
    """Returns the median of each column."""
    return [statistics.median(column) for column in zip(*rows)]
