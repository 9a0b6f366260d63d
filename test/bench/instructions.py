#!/usr/bin/python3
"""Counts the instructions of an echo in user space.

With valgrind's callgrind (Debian package valgrind), of wsrelayd and beast_echo.

Unlike times they hardly depend on the machine. Each figure is the difference of
two runs, so that starting and stopping do not count. Exit code 0, or 1 when a
run fails.
"""

import argparse
import pathlib
import re
import sys
import tempfile

from cases import Case
from programs import Failure, Server, command_of, run_bench

# Few connections, since valgrind takes its time; messages of the two runs.
CONNECTIONS = 10
SHORT, LONG = 4000, 24000

SERVERS = {"wsrelayd": "/ws/echo", "beast_echo": "/"}


def arguments_of(outstanding, messages):
    return ["--connections", str(CONNECTIONS), "--outstanding",
            str(outstanding), "--messages", str(messages)]


def handshakes(messages):
    return ["--mode", "handshake", "--connections", str(CONNECTIONS),
            "--messages", str(messages)]


MEASURED = {
    "echo, 125 B, 1 outstanding": lambda n: arguments_of(1, n),
    "echo, 125 B, 16 outstanding": lambda n: arguments_of(16, n),
    "connect, 101, one echo, close": lambda n: handshakes(n // 8),
}


def count(options, folder, server, arguments):
    """Returns the instructions of a whole run of a server."""
    out = pathlib.Path(folder) / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
               "--quiet", *command_of(server, options, folder)]
    case = Case("", arguments, [], warmup="0s",
                seconds=300)
    with Server(server, command, SERVERS[server], None) as running:
        run_bench(options, "instructions", case, running)
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)
    if not found:
        raise Failure(f"{server}: callgrind counted nothing")
    return int(found.group(1))


def per_round(options, folder, server, make_arguments):
    runs = [count(options, folder, server, make_arguments(n))
            for n in (SHORT, LONG)]
    rounds = [int(make_arguments(n)[-1]) for n in (SHORT, LONG)]
    return (runs[1] - runs[0]) / (rounds[1] - rounds[0])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build/release"),
                        help="build folder (default: %(default)s)")
    options = parser.parse_args()
    options.other, options.text, options.duration = None, False, 300
    return options


def main():
    options = parse_arguments()
    print("| instructions | wsrelay | plain Beast |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for what, make_arguments in MEASURED.items():
            cells = [f"{per_round(options, folder, server, make_arguments):,.0f}"
                     for server in SERVERS]
            print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"instructions.py: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
