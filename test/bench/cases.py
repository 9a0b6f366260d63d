"""What compare.py measures: the cases, their servers and their limits."""

import dataclasses

from programs import ANY_CORES, CORES


@dataclasses.dataclass
class Metric:
    name: str
    unit: str
    value: object  # a function of the load generator's report
    how: str = "ratio"  # or "difference", where only that says something


def field(key):
    return lambda report: report[key]


def faults_per_message(report):
    return report["server_faults"] / max(1, report["messages"])


def core_percent(report):
    return report["server_cpu_ns"] / report["seconds"] / 1e7


CPU = Metric("server CPU", "us/message", field("server_cpu_us"))
FAULTS = Metric("page faults", "1/message", faults_per_message, "difference")
RATE = Metric("rate", "messages/s", field("rate"))
MEMORY = Metric("memory", "bytes/connection", field("bytes_per_connection"))
OPENING = Metric("opening", "connections/s", field("opening_rate"))
LATENCY = [Metric("latency p50", "us", field("p50")),
           Metric("latency p99", "us", field("p99"))]
DELIVERY = Metric("server CPU", "us/delivery", field("server_cpu_us"),
                  "difference")
BEATS = Metric("server CPU", "% of a core", core_percent)


@dataclasses.dataclass
class Case:
    about: str
    arguments: list  # of the load generator
    metrics: list
    subject: str = "wsrelayd"
    yardstick: str = "beast_echo"  # None: the subject alone
    warmup: str = "500ms"
    seconds: float = None  # a duration of its own
    rounds: int = None  # at most so many
    path: str = "/ws/echo"
    cores: tuple = CORES  # of the server and of the load generator


def echo(outstanding, size, metrics=(CPU, RATE), connections=100, **more):
    return Case(f"{size}, {outstanding} outstanding",
                ["--connections", str(connections),
                 "--outstanding", str(outstanding),
                 "--size", size.replace(" ", "")], list(metrics), **more)


# On a fresh server: what it takes the first time is within the warm-up.
def pages(outstanding, size):
    return echo(outstanding, size, metrics=[FAULTS], yardstick="epoll_echo",
                connections=10 if size == "1 MiB" else 100, warmup="200ms",
                seconds=3, rounds=2)


# What is possible at all.
def bare(case):
    return dataclasses.replace(case, yardstick="epoll_echo")


CASES = {
    "1x125B": echo(1, "125 B"),
    "16x125B": echo(16, "125 B"),
    "16x125B:nodelay": echo(16, "125 B", yardstick="beast_echo:nodelay"),
    "16x16B": echo(16, "16 B"),
    "1x1KiB": echo(1, "1 KiB"),
    "16x1KiB": echo(16, "1 KiB"),
    "1x16KiB": echo(1, "16 KiB"),
    "16x16KiB": echo(16, "16 KiB"),
    "1x16KiB:nodelay": echo(1, "16 KiB", yardstick="beast_echo:nodelay"),
    "10k/s": Case("10,000 messages/s in all",
                  ["--connections", "100", "--rate", "10000"], [CPU]),
    "latency": Case("one client", ["--connections", "1"], LATENCY),
    "fanout": Case("one message to 1,000",
                   ["--mode", "fanout", "--connections", "1000"], [DELIVERY],
                   subject="hub", yardstick="bare_fanout", path="/hub"),
    "handshake": Case("connect, 101, one echo, close",
                      ["--mode", "handshake", "--connections", "64"],
                      [RATE, CPU]),
    "idle": Case("10,000 held", ["--mode", "idle", "--connections", "10000"],
                 [MEMORY, OPENING]),
    "burst": Case("10,000 after a burst of 32 messages each",
                  ["--connections", "10000", "--outstanding", "16",
                   "--messages", "320000"], [MEMORY], warmup="0s", seconds=60),
    "beats": Case("10,000 with ping and heartbeat every 30 s",
                  ["--mode", "idle", "--connections", "10000"], [BEATS],
                  yardstick=None, seconds=60, rounds=1, path="/ws/beats"),
    "lone": Case("one client", ["--connections", "1"], [CPU]),
    "1000x1": Case("125 B, 1,000 connections, 1 outstanding",
                   ["--connections", "1000"], [CPU]),
    "2loops": Case("two loops against one, 125 B, 16 outstanding",
                   ["--connections", "100", "--outstanding", "16"],
                   [CPU, RATE], subject="wsrelayd:2", yardstick="wsrelayd:1",
                   cores=ANY_CORES),
}

CASES |= {f"{name}:bare": bare(CASES[name]) for name in
          ("1x125B", "16x125B", "lone", "10k/s", "1000x1", "1x16KiB",
           "16x16KiB", "latency", "handshake")}
CASES |= {f"{outstanding}x{size.replace(' ', '')}:pages":
          pages(outstanding, size)
          for size in ("125 B", "1 KiB", "4 KiB", "16 KiB", "64 KiB", "1 MiB")
          for outstanding in (1, 16)}


# By wss, beside Asio's TLS.
def secured(case):
    return dataclasses.replace(case, subject="wsrelayd:tls",
                               yardstick="beast_echo:tls")


CASES |= {f"{name}:tls": secured(CASES[name]) for name in
          ("1x125B", "16x125B", "1x16KiB", "16x16KiB", "lone", "handshake",
           "idle")}


# JSON by permessage-deflate, beside zlib as Beast has it.
def packed(size, *more):
    return Case(f"{size} of JSON, deflate",
                ["--connections", "100", "--size", size.replace(" ", ""),
                 "--deflate", *more], [CPU, RATE],
                yardstick="beast_echo:deflate", path="/packed/echo")


CASES |= {f"1x{size.replace(' ', '')}:deflate": packed(size)
          for size in ("125 B", "1 KiB", "16 KiB")}
CASES["idle:deflate"] = dataclasses.replace(
    CASES["idle"], about="10,000 held, deflate", path="/packed/echo",
    arguments=[*CASES["idle"].arguments, "--deflate"],
    yardstick="beast_echo:deflate")


@dataclasses.dataclass
class Limit:
    case: str
    metric: str
    highest: float
    of: str = "ratio"  # or "subject", "difference"


# What --check enforces: wider than the project's budgets, since it also runs
# on machines that do other work at the same time.
LIMITS = [
    Limit("1x125B", "server CPU", 1.0),
    Limit("16x125B", "server CPU", 0.5),
    Limit("16x16KiB", "server CPU", 0.8),
    Limit("10k/s", "server CPU", 1.5),
    *(Limit(name, "page faults", 0.02, "difference")
      for name in CASES if name.endswith(":pages")),
    *(Limit(name, "server CPU", highest) for name, highest in {
        "1x125B:bare": 1.5, "16x125B:bare": 3.5, "lone:bare": 1.8,
        "10k/s:bare": 2.0, "1000x1:bare": 1.5, "1x16KiB:bare": 1.5,
        "16x16KiB:bare": 2.5, "handshake:bare": 1.8}.items()),
    *(Limit(f"{name}:tls", "server CPU", highest) for name, highest in {
        "1x125B": 1.1, "16x125B": 0.5, "1x16KiB": 1.0}.items()),
    Limit("idle:tls", "memory", 20 * 1024, "subject"),
    Limit("1x1KiB:deflate", "server CPU", 1.1),
    Limit("idle:deflate", "memory", 6 * 1024, "subject"),
    Limit("fanout", "server CPU", 2.5, "difference"),
    Limit("handshake", "server CPU", 1.6),
    Limit("idle", "memory", 3 * 1024, "subject"),
    Limit("burst", "memory", 6 * 1024, "subject"),
    Limit("beats", "server CPU", 2.0, "subject"),
]
