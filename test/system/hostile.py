"""Everything that strangers can do to a loop, beside clients that behave.

hostile.py [--seed N] [--count N] [--long]: mutated requests, 1,000,000 with
--long. `hostile.py --show SEED NUMBER` prints one of them.
"""

import argparse
import signal
import statistics
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

from attackers import Attack, Attackers, Mutants
from healthy_clients import HealthyClients
from mutations import mutated_request
from raw_client import request_bytes, upgrade_fields
from support import (REPORTS, SANITIZED, Relay, endpoint, free_port,
                     router, service, wait_until)

MIB = 1 << 20
ROUNDS = 3
COUNT, LONG_COUNT = (4_000 if SANITIZED else 30_000), 1_000_000
# How much slower healthy clients may be beside an attack of their own relay
# than beside the same one of another relay, which takes as much of the machine.
SLOWER = 2
# Seconds that count for nothing: what one slice of the scheduler takes.
FLOOR = 0.100 if SANITIZED else 0.010

# Seconds, in the relay's configuration. Each attack has an end that is due.
REQUEST, IDLE, WRITE, SHUTDOWN = 1, 1.5, 1, 4
SLACK = 2  # an attacker may live longer than it is due

LARGE = 8 * MIB
PHASES = ("calm", "beside_attacked", "attacked", "beside_mutated", "mutated")

GET = b"GET /%s HTTP/1.1\r\nHost: relay\r\n"
POST = b"POST /up/x HTTP/1.1\r\nHost: relay\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HANDSHAKE = request_bytes("GET", "/ws/echo", upgrade_fields())
DRIP = 0.1


def attacks():
    never = dict(reads=False)
    return [
        # Slowly: the deadline of a request ends them.
        Attack("silence", b"", life=IDLE),
        Attack("slow start", b"G", b"E", DRIP, life=REQUEST),
        Attack("slow head", GET % b"large" + b"A: ", b"b", DRIP, life=REQUEST),
        Attack("slow fields", GET % b"", b"A: b\r\n", DRIP, life=REQUEST),
        Attack("slow empty lines", b"\r\n", b"\r\n", DRIP, life=IDLE),
        Attack("slow body", POST + b"Content-Length: 999\r\n\r\n", b"b", DRIP,
               life=REQUEST),
        Attack("slow chunks", CHUNKED, b"1\r\nb\r\n", DRIP, life=REQUEST),
        Attack("slow extension", CHUNKED + b"1;", b"x", DRIP, life=REQUEST),
        Attack("slow trailer", CHUNKED + b"0\r\n", b"A: b\r\n", DRIP,
               life=REQUEST),
        Attack("slow close", request_bytes(
            "GET", "/none", [("Connection", "close")]), b"x", DRIP,
            life=REQUEST + IDLE),
        # Without an end: limits end them.
        Attack("endless target", GET[:5], b"x" * 4096, life=REQUEST),
        Attack("endless field name", GET % b"", b"x" * 4096, life=REQUEST),
        Attack("endless field", GET % b"" + b"A: ", b"x" * 4096,
               life=REQUEST),
        Attack("endless fields", GET % b"", b"A: b\r\n" * 700, life=REQUEST),
        Attack("endless body", CHUNKED, b"1000\r\n" + b"b" * 4096 + b"\r\n",
               life=REQUEST),
        Attack("endless tiny chunks", CHUNKED, b"1\r\nb\r\n" * 700,
               life=REQUEST),
        Attack("endless length", POST + b"Content-Length: 9999999999\r\n\r\n",
               b"b" * 4096, life=REQUEST),
        Attack("endless zeros", CHUNKED, b"0" * 4096, life=REQUEST),
        Attack("endless extension", CHUNKED + b"1;", b"x" * 4096,
               life=REQUEST),
        Attack("endless extensions", CHUNKED, b"1;" + b"x" * 90 + b"\r\nb\r\n",
               life=REQUEST),
        Attack("endless trailer field", CHUNKED + b"0\r\nA: ", b"x" * 4096,
               life=REQUEST),
        Attack("endless trailer", CHUNKED + b"0\r\n", b"A: b\r\n" * 700,
               life=REQUEST),
        Attack("endless garbage", b"", bytes(range(256)) * 16, life=REQUEST),
        # What comes is not read: the deadline of an answer ends them.
        Attack("never reads", request_bytes("GET", "/large") * 8,
               life=REQUEST + WRITE, **never),
        Attack("never reads and sends on", request_bytes("GET", "/large"),
               request_bytes("GET", "/large") * 40, life=REQUEST + WRITE,
               **never),
        # How long it takes to fill the kernels' buffers nobody knows.
        Attack("never reads refusals", b"", request_bytes("GET", "/none") * 90,
               **never),
        Attack("never reads, half closed", request_bytes("GET", "/large") * 8,
               ending="half", life=REQUEST + WRITE, **never),
        # As much as it can.
        Attack("flood", b"", request_bytes("GET", "/none") * 90),
        Attack("flood of files", b"", request_bytes("GET", "/small") * 90),
        Attack("flood of empty lines", b"", b"\r\n" * 2048),
        Attack("flood of unfit upgrades", b"",
               request_bytes("GET", "/ws/echo") * 90),
        # Halves.
        Attack("half nothing", b"", ending="half", life=REQUEST),
        Attack("half head", GET % b"x", ending="half", life=REQUEST),
        Attack("half body", POST + b"Content-Length: 9\r\n\r\nhalf",
               ending="half", life=REQUEST),
        Attack("half behind a request", request_bytes("GET", "/small"),
               ending="half", life=REQUEST),
        Attack("half behind a handshake", HANDSHAKE, ending="half",
               life=REQUEST),
        Attack("reset in the head", GET % b"x", ending="reset"),
        Attack("reset behind a request", request_bytes("GET", "/large"),
               ending="reset"),
        Attack("reset behind a handshake", HANDSHAKE, ending="reset"),
    ]


def config(folder):
    Path(folder, "large").write_bytes(b"l" * LARGE)
    Path(folder, "small").write_bytes(b"s" * 100)
    Path(folder, "plain.txt").write_bytes(b"p" * 1000)
    return (service(request_timeout=f"{REQUEST * 1000}ms",
                    idle_timeout=f"{IDLE * 1000:.0f}ms",
                    write_timeout=f"{WRITE * 1000}ms",
                    shutdown_timeout=f"{SHUTDOWN}s",
                    max_header_size="4KiB", max_body_size="64KiB",
                    max_connections=4000)
            + router(close_timeout="300ms")
            + endpoint("echo", "/echo", "relay: {target_pid: echo}")
            + router("up", "/up")
            + endpoint("up", "/{what}", 'method: "*"\nupstream: '
                       f"http://127.0.0.1:{free_port()}", router="up")
            + f"- {{name: files, kind: http.static, path: /, "
              f"meta: {{server: gateway}}, root: \"{folder}\"}}\n")


class Run:
    """One run of everything; what it found is for the tests."""

    def __init__(self, seed, count, clean_up):
        self.seed, self.count, self.clean_up = seed, count, clean_up
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        clean_up(folder.cleanup)
        self.relay = Relay(config(folder.name), threads=1)
        clean_up(self.relay.end)
        self.other = Relay(config(folder.name), threads=1)
        clean_up(self.other.end)
        self.healthy = HealthyClients(self.relay.port)
        clean_up(self.healthy.end)
        self.attacks = attacks()
        self.sockets = 2  # of each attack
        self.calm, self.attacked, self.mutated = [], [], []
        # The same while another relay was attacked.
        self.beside_attacked, self.beside_mutated = [], []
        self.answers, self.mutation_faults, self.overdue = Counter(), [], set()
        self.faults = []
        self.peak, self.resident = 0, []  # bytes; at the end of each phase
        self.start = self.left = (0, 0)  # descriptors, resident bytes
        self.status = self.stop_time = None

    def everything(self):
        self.warm_up()
        for i in range(ROUNDS):
            if not self.relay.alive():
                break
            self.next_phase()
            time.sleep(1)
            self.calm.append(self.next_phase())
            self.attack(self.other)
            self.beside_attacked.append(self.next_phase())
            self.attack()
            self.attacked.append(self.next_phase())
            self.mutate(0, self.count // 10, seed=2, relay=self.other)
            self.beside_mutated.append(self.next_phase())
            self.mutate(self.count * i // ROUNDS,
                        self.count * (i + 1) // ROUNDS)
            self.mutated.append(self.next_phase())
        if self.relay.alive():
            self.rest()
        self.faults = self.healthy.finish()
        if self.relay.alive():
            self.stop()
        self.log = self.relay.stderr

    def phases(self):
        return [phase for name in PHASES for phase in getattr(self, name)]

    def resident_bytes(self):
        """Those of a relay that is gone are 0."""
        try:
            found = self.relay.resident_bytes()
        except (OSError, AttributeError):
            return 0
        self.peak = max(self.peak, found)
        return found

    def next_phase(self):
        self.resident.append(self.resident_bytes())
        return self.healthy.next_phase()

    def start_attackers(self, relay=None):
        attackers = Attackers((relay or self.relay).port, self.attacks,
                              self.sockets)
        self.clean_up(attackers.end)
        return attackers

    def attack(self, relay=None, seconds=3 * REQUEST + SLACK):
        attackers = self.start_attackers(relay)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.relay.alive():
            self.resident_bytes()
            time.sleep(0.1)
        overdue = attackers.finish()
        self.overdue.update(overdue)

    def mutate(self, first, last, seed=None, relay=None):
        mutants = Mutants((relay or self.relay).port, seed or self.seed,
                          range(first, last))
        self.clean_up(mutants.end)
        faults, answers = mutants.finish()
        self.mutation_faults += faults
        self.answers.update(answers)

    def warm_up(self):
        """Everything has run, and has the memory that it keeps: how many meet
        at once is up to the machine, so until one more attack takes none."""
        self.begin = self.resident_bytes()
        self.mutate(0, 1000, seed=1)
        for _ in range(1 if SANITIZED else 5):
            before = self.resident_bytes()
            self.attack()
            self.settle()
            if self.resident_bytes() - before < MIB // 2:
                break
        self.answers.clear()
        self.start = self.left

    def rest(self):
        """What the allocator keeps is as much as ever met at once, and that is
        up to the machine: it may rise. A leak takes more with each attack."""
        self.settle()
        for _ in range(0 if SANITIZED else 4):
            if self.left[1] <= self.start[1] + 2 * MIB:
                break
            self.start = (self.start[0], self.left[1])
            self.attack()
            self.settle()

    def settle(self):
        """Waits until the attackers' sockets are gone and the memory is what
        it was; keeps what is left in the end."""
        end = time.monotonic() + 10
        last = None
        while self.relay.alive() and time.monotonic() < end:
            self.left = (self.relay.descriptors(), self.resident_bytes())
            is_back = (self.left[0] <= self.start[0]
                       and self.left[1] <= self.start[1] + 2 * MIB)
            if is_back or (not self.start[0] and self.left == last):
                break
            last = self.left
            time.sleep(IDLE)

    def stop(self):
        """An operator ends it while the attackers are at work."""
        attackers = self.start_attackers()
        time.sleep(0.5)
        begin = time.monotonic()
        self.relay.signal(signal.SIGTERM)
        self.status = self.relay.wait(SHUTDOWN + 10)
        self.stop_time = time.monotonic() - begin
        attackers.end()


class Hostile(unittest.TestCase):
    """What must hold after a run, and while it lasts."""

    seed, count = 0, COUNT

    @classmethod
    def setUpClass(cls):
        print(f"seed {cls.seed}, {cls.count} mutated requests", flush=True)
        begin = time.monotonic()
        cls.run_of_all = Run(cls.seed, cls.count, cls.addClassCleanup)
        cls.run_of_all.everything()
        cls.report(time.monotonic() - begin)

    @classmethod
    def report(cls, seconds):
        run = cls.run_of_all
        print(f"{seconds:.0f} s; echoes: "
              f"{sum(len(each.times) for each in run.phases())}")
        for name in PHASES:
            phases = getattr(run, name)
            print(f"{name:>15}: p99 and slowest, ms: " + ", ".join(
                f"{each.p99 * 1000:.1f} {each.slowest * 1000:.0f}"
                for each in phases))
        print(f"resident MiB: begin {run.begin / MIB:.1f}, warm "
              f"{run.start[1] / MIB:.1f}, peak {run.peak / MIB:.1f}, left "
              f"{run.left[1] / MIB:.1f}; descriptors: {run.start[0]}, left "
              f"{run.left[0]}")
        print("in phases:", *(f"{each / MIB:.1f}" for each in run.resident))
        print("answers:", dict(sorted(run.answers.items())), flush=True)

    def setUp(self):
        self.found = self.run_of_all

    def test_the_relay_lives_until_it_is_told_to_end(self):
        self.assertEqual(self.found.status, 0, self.found.log[-3000:])
        self.assertNotRegex(self.found.log, REPORTS)

    def test_it_ends_within_its_timeout(self):
        self.assertLess(self.found.stop_time or SHUTDOWN, SHUTDOWN + 1)

    def test_no_echo_of_a_healthy_client_is_lost_or_wrong(self):
        self.assertEqual(self.found.faults[:5], [])

    def test_healthy_clients_stay_quick(self):
        for name in ("attacked", "mutated"):
            with self.subTest(name):
                self.check_quick(getattr(self.found, name),
                                 getattr(self.found, "beside_" + name))

    def check_quick(self, phases, beside):
        """In most rounds: what else the machine did must not count."""
        own, others = (statistics.median(phase.p99 for phase in each)
                       for each in (phases, beside))
        self.assertLessEqual(own, max(SLOWER * others, others + FLOOR))

    def test_every_attacker_is_cut_off_in_time(self):
        self.assertEqual(sorted(self.found.overdue), [])

    def test_what_answers_a_mutated_request_is_http(self):
        self.assertEqual(self.found.mutation_faults[:40], [])

    def test_no_descriptor_is_left(self):
        self.assertLessEqual(self.found.left[0], self.found.start[0])

    @unittest.skipIf(SANITIZED, "sanitizers keep freed memory")
    def test_memory_is_bounded_and_comes_back(self):
        self.assertLess(self.found.peak - self.found.begin, 64 * MIB)
        self.assertLessEqual(self.found.left[1], self.found.start[1] + 2 * MIB)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=time.time_ns() >> 20
                        & 0xFFFFFF)
    parser.add_argument("--count", type=int)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--show", type=int, nargs=2,
                        metavar=("SEED", "NUMBER"))
    options, rest = parser.parse_known_args()
    if options.show:
        print(mutated_request(*options.show))
        return
    Hostile.seed = options.seed
    Hostile.count = options.count or (LONG_COUNT if options.long else COUNT)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
