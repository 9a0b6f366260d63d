#!/usr/bin/python3
"""Measures what a broadcast costs the node of the target that sends it: with
members on a relay node (remote), and with connections of its own (local).

The target sends at a fixed rate, so that its timer and waking up cost every
case the same. Figures are medians; rounds interleave the cases. With --check,
exit code 1 when the most remote members cost more than ten local connections.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

from cases import Case
from programs import SERVICE, Failure, Server, run_bench

CONFIG = SERVICE + """\
- name: ws
  kind: http.router
  meta: {{server: gateway}}
  post_middleware: [websocket_relay]
- name: news
  kind: http.endpoint
  meta: {{router: ws}}
  path: /news
  relay: {{target_pid: "{target}"}}
- name: {name}
  kind: cluster.node
  {way}
"""

REMOTE = (1, 10, 1000)
LOCAL = (1, 10)


def write(folder, name, target, way):
    path = pathlib.Path(folder) / f"{name}.yaml"
    path.write_text(CONFIG.format(threads=1, name=name, target=target,
                                  way=way),
                    encoding="utf-8")
    return str(path)


def start_app(options, folder):
    config = write(folder, "app", "news", 'listen: "127.0.0.1:0"')
    command = [str(options.build / "test" / "news_node"), config,
               str(options.rate)]
    return Server("news_node", command, "/news", 0)


def start_relay(options, folder, app):
    port = app.find(r"node listening on port (\d+)\n")
    config = write(folder, "relay", "news@app", f'peers: ["127.0.0.1:{port}"]')
    command = [str(options.build / "wsrelayd"), "--config", config]
    return Server("wsrelayd", command, "/news", 1)


def measure(options, folder, where, members):
    """Returns the microseconds of CPU of the target's node per broadcast."""
    case = Case("", ["--mode", "idle", "--connections", str(members)], [],
                cores=(0, 1))
    with start_app(options, folder) as app:
        if where == "local":
            return per_broadcast(options, run_bench(options, where, case, app))
        with start_relay(options, folder, app) as relay:
            relay.find("peer (connected): ")
            app.url = relay.url
            return per_broadcast(options, run_bench(options, where, case, app))


def per_broadcast(options, report):
    return report["server_cpu_ns"] / 1e3 / (report["seconds"] * options.rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    default = pathlib.Path(__file__).resolve().parents[2] / "build/release"
    parser.add_argument("--build", type=pathlib.Path, default=default)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=200.0,
                        help="broadcasts per second")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    options.text = options.other = None
    cases = ([("local", count) for count in LOCAL]
             + [("remote", count) for count in REMOTE])
    runs = {case: [] for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for case in cases:
                runs[case].append(measure(options, folder, *case))
    medians = {case: statistics.median(values)
               for case, values in runs.items()}
    for (where, count), median in medians.items():
        print(f"{count:5} {where:6}  {median:8.1f} us per broadcast")
    if options.check and (medians["remote", max(REMOTE)]
                          > medians["local", max(LOCAL)]):
        print("over the limit", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(os.EX_SOFTWARE)
