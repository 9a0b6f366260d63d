#!/usr/bin/python3
"""Measures wsrelayd side by side with beast_echo, the yardstick.

Each run has a fresh server on one core and the load generator on another.
Rounds interleave both servers; the table shows medians and their ratio.
Exit code 0, 1 when a run fails or --check finds a limit exceeded, 2 on bad
arguments.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import signal
import statistics
import sys
import tempfile

from programs import CONFIG, Failure, Server, run_bench

ECHO = [("server CPU", "us/message", "server_cpu_us"),
        ("rate", "messages/s", "rate")]
LATENCY = [("latency p50", "us", "p50"), ("latency p99", "us", "p99")]
HANDSHAKE = [("rate", "handshakes/s", "rate"),
             ("server CPU", "us/handshake", "server_cpu_us")]
IDLE = [("memory", "bytes/connection", "bytes_per_connection"),
        ("opening", "connections/s", "opening_rate")]


@dataclasses.dataclass
class Case:
    arguments: list
    metrics: list
    warmup: str = "500ms"


@dataclasses.dataclass
class Limit:
    case: str
    metric: str
    highest: float
    is_ratio: bool


def echo(outstanding, size):
    return Case(["--connections", "100", "--outstanding", str(outstanding),
                 "--size", size], ECHO)


CASES = {
    "1x125B": echo(1, "125"),
    "16x125B": echo(16, "125"),
    "16x16B": echo(16, "16"),
    "1x1KiB": echo(1, "1KiB"),
    "16x1KiB": echo(16, "1KiB"),
    "1x16KiB": echo(1, "16KiB"),
    "16x16KiB": echo(16, "16KiB"),
    "latency": Case(["--connections", "1"], LATENCY),
    "handshake": Case(["--mode", "handshake", "--connections", "64"],
                      HANDSHAKE),
    "idle": Case(["--mode", "idle", "--connections", "10000"], IDLE),
}

# What --check enforces: wider than the project's budgets, since it also runs
# on machines that do other work at the same time.
LIMITS = [
    Limit("1x125B", "server CPU", 1.25, True),
    Limit("16x125B", "server CPU", 0.8, True),
    Limit("idle", "memory", 10 * 1024, False),
]


def measure(options, servers):
    """Returns {(case, server): [report, ...]} of all rounds."""
    reports = {}
    for number in range(options.rounds):
        # Whoever goes first changes, so that neither has the warmer machine.
        order = servers if number % 2 == 0 else servers[::-1]
        for case_name in options.cases:
            for name, command, path in order:
                print(f"round {number + 1}/{options.rounds}: {case_name} on "
                      f"{name}", file=sys.stderr)
                with Server(name, command, path, options.cores[0]) as server:
                    report = run_bench(options, case_name,
                                       CASES[case_name], server)
                reports.setdefault((case_name, name), []).append(report)
    return reports


def to_rows(options, servers, reports):
    rows = []
    for case_name in options.cases:
        for metric, unit, key in CASES[case_name].metrics:
            runs = [[report[key] for report in reports[case_name, name]]
                    for name, _, _ in servers]
            subject, yardstick = (statistics.median(values) for values in runs)
            rows.append({
                "case": case_name, "metric": metric, "unit": unit,
                "subject": subject, "yardstick": yardstick,
                "ratio": subject / yardstick if yardstick else None,
                "subject_runs": runs[0], "yardstick_runs": runs[1]})
    return rows


def print_table(rows, names):
    def number(value):
        if value is None:
            return "-"
        return f"{value:.2f}" if value < 100 else f"{value:.0f}"

    lines = [("case", "metric", "unit", *names, "ratio")]
    for row in rows:
        lines.append((row["case"], row["metric"], row["unit"],
                      number(row["subject"]), number(row["yardstick"]),
                      number(row["ratio"])))
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:3], widths)]
        right = [cell.rjust(width) for cell, width in zip(line[3:],
                                                          widths[3:])]
        print("  ".join(left + right))


def exceeded(rows):
    """Returns a line for every limit that does not hold."""
    found = {(row["case"], row["metric"]): row for row in rows}
    lines = []
    for limit in LIMITS:
        row = found.get((limit.case, limit.metric))
        if row is None:
            continue
        value = row["ratio" if limit.is_ratio else "subject"]
        if value is None or value > limit.highest:
            what = "ratio" if limit.is_ratio else row["unit"]
            lines.append(f"{limit.case}: {limit.metric} {what} {value} is "
                         f"above {limit.highest}")
    return lines


def case_list(text):
    names = text.split(",")
    for name in names:
        if name not in CASES:
            raise argparse.ArgumentTypeError(
                f"no case {name!r}, there are {', '.join(CASES)}")
    return names


def core_pair(text):
    try:
        first, second = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("not two numbers: 0,1") from None
    if not {first, second} <= os.sched_getaffinity(0):
        raise argparse.ArgumentTypeError(f"no such cores here: {text}")
    return first, second


def positive(convert):
    def check(text):
        value = convert(text)
        if not 0 < value <= 3600:
            raise ValueError
        return value
    check.__name__ = f"positive {convert.__name__}"
    return check


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path("build/release"),
                        help="build folder (default: %(default)s)")
    parser.add_argument("--other", type=pathlib.Path, metavar="PROGRAM",
                        help="measure PROGRAM, started as beast_echo is, "
                        "in place of wsrelayd")
    parser.add_argument("--rounds", type=positive(int), default=5)
    parser.add_argument("--duration", type=positive(float), default=3.0,
                        metavar="SECONDS", help="of a run (default: 3)")
    parser.add_argument("--cases", type=case_list, default=list(CASES),
                        help=f"some of {','.join(CASES)}")
    parser.add_argument("--cores", type=core_pair, default="0,1",
                        help="of the server and the load generator (0,1)")
    parser.add_argument("--text", action="store_true", help="text messages")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true",
                        help="exit code 1 when a limit is exceeded")
    options = parser.parse_args()
    options.bench = str(options.build / "wsrelay-bench")
    return options


def list_servers(options, config):
    """Returns (name, command, path): the subject, then the yardstick."""
    yardstick = options.build / "test" / "beast_echo"
    subject = ("wsrelayd", [str(options.build / "wsrelayd"), "--config",
                            config], "/ws/echo")
    if options.other:
        subject = (f"other:{options.other.name}",
                   [str(options.other.resolve()), "0"], "/")
    return [subject, ("beast_echo", [str(yardstick), "0"], "/")]


def main():
    options = parse_arguments()
    # As an exception, so that a running server is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(CONFIG)
        config.flush()
        servers = list_servers(options, config.name)
        reports = measure(options, servers)
    rows = to_rows(options, servers, reports)
    names = [name for name, _, _ in servers]
    if options.json:
        print(json.dumps({"subject": names[0], "yardstick": names[1],
                          "rows": rows}))
    else:
        print_table(rows, names)
    problems = exceeded(rows) if options.check else []
    for line in problems:
        print(f"compare.py: {line}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"compare.py: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
