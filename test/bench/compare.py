#!/usr/bin/python3
"""Measures wsrelayd side by side with yardsticks, mostly beast_echo.

Each run has a fresh server on one core and the load generator on another.
Rounds interleave subject and yardstick; the table shows medians and their
ratio. Exit code 0, 1 when a run fails or --check finds a limit exceeded, 2 on
bad arguments.
"""

import argparse
import json
import pathlib
import signal
import statistics
import sys
import tempfile

from cases import CASES, LIMITS
from programs import Failure, Server, command_of, run_bench


def servers_of(case):
    return [name for name in (case.subject, case.yardstick) if name]


def measure(options, folder):
    """Returns {(case, server): [report, ...]} of all rounds."""
    reports = {}
    for number in range(options.rounds):
        for name in options.cases:
            case = CASES[name]
            if number >= (case.rounds or options.rounds):
                continue
            # Whoever goes first changes, so that neither has the warmer
            # machine.
            order = servers_of(case)[::1 if number % 2 == 0 else -1]
            for server in order:
                print(f"round {number + 1}/{options.rounds}: {name} on "
                      f"{server}", file=sys.stderr)
                reports.setdefault((name, server), []).append(
                    run(options, folder, name, server))
    return reports


def run(options, folder, name, server):
    case = CASES[name]
    own = server.startswith("wsrelayd") and not options.other
    path = case.path if own or server == "hub" else "/"
    command = command_of(server, options, folder)
    with Server(server, command, path, case.cores[0]) as running:
        return run_bench(options, name, case, running)


def to_rows(options, reports):
    rows = []
    for name in options.cases:
        case = CASES[name]
        for metric in case.metrics:
            runs = {server: [metric.value(report)
                             for report in reports[name, server]]
                    for server in servers_of(case)}
            medians = [statistics.median(values) for values in runs.values()]
            rows.append(to_row(name, case, metric, medians, runs))
    return rows


def to_row(name, case, metric, medians, runs):
    row = {"case": name, "about": case.about, "metric": metric.name,
           "unit": metric.unit, "servers": servers_of(case),
           "subject": medians[0], "yardstick": None, "ratio": None,
           "difference": None, "runs": runs}
    if len(medians) == 2:
        row["yardstick"] = medians[1]
        row["difference"] = medians[0] - medians[1]
        if metric.how == "ratio" and medians[1]:
            row["ratio"] = medians[0] / medians[1]
    return row


def to_text(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"


def compared(row):
    if row["ratio"] is None and row["difference"] is not None:
        return f"{row['difference']:+.2f}"
    return to_text(row["ratio"])


def to_cells(row):
    yardstick = row["servers"][1] if len(row["servers"]) > 1 else "-"
    return (row["case"], f"{row['metric']}, {row['unit']}", row["servers"][0],
            to_text(row["subject"]), yardstick, to_text(row["yardstick"]),
            compared(row))


HEADER = ("case", "measured", "subject", "", "yardstick", "", "ratio")


def print_table(rows):
    lines = [HEADER] + [to_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        cells = [cell.rjust(width) if i in (3, 5, 6) else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def print_markdown(rows):
    print("| case | measured | wsrelay | yardstick | ratio |")
    print("|---|---|---|---|---|")
    for row in rows:
        other = to_text(row["yardstick"])
        if len(row["servers"]) > 1 and row["servers"][1] != "beast_echo":
            other += f" ({row['servers'][1]})"
        print(f"| {row['about']} | {row['metric']}, {row['unit']} | "
              f"{to_text(row['subject'])} | {other} | {compared(row)} |")


def exceeded(rows):
    """Returns a line for every limit that does not hold."""
    found = {(row["case"], row["metric"]): row for row in rows}
    lines = []
    for limit in LIMITS:
        row = found.get((limit.case, limit.metric))
        if row is None:
            continue
        value = row[limit.of]
        if value is None or value > limit.highest:
            lines.append(f"{limit.case}: {limit.metric}, {row['unit']}: "
                         f"{limit.of} {value} is above {limit.highest}")
    return lines


def case_list(text):
    names = text.split(",")
    for name in names:
        if name not in CASES:
            raise argparse.ArgumentTypeError(
                f"no case {name!r}, there are {', '.join(CASES)}")
    return names


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
    parser.add_argument("--text", action="store_true", help="text messages")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    parser.add_argument("--check", action="store_true",
                        help="exit code 1 when a limit is exceeded")
    return parser.parse_args()


def main():
    options = parse_arguments()
    # As an exception, so that a running server is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        rows = to_rows(options, measure(options, folder))
    if options.json:
        print(json.dumps({"rows": rows}))
    elif options.markdown:
        print_markdown(rows)
    else:
        print_table(rows)
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
