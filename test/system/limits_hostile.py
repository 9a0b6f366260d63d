"""Many who go beyond the limits: floods of connections beside clients that
behave, what is left of them, and a process without descriptors."""

import itertools
import multiprocessing
import os
import socket
import struct
import time
import unittest
from collections import Counter, defaultdict, deque

from healthy_clients import HealthyClients
from limits_base import ENDS, Client, LimitTest, echo_at
from plain_http import DEMO
from proxy_protocol import line
from raw_client import elapsed, request_bytes, upgrade_fields
from support import (SANITIZED, Relay, echo_config, endpoint, router, service,
                     wait_until)

MIB = 1 << 20
ASK = request_bytes("GET", "/none")
HANDSHAKE = request_bytes("GET", "/ws/echo", upgrade_fields())
REFUSED = 100  # of each flood, at least
SLOWEST_P99 = 0.5 if SANITIZED else 0.1  # seconds

_fork = multiprocessing.get_context("fork")
_RESET = struct.pack("ii", 1, 0)
_BIND_ADDRESS_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT of Linux


def begin(port, source, opening):
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    client.bind((source, 0))
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    try:
        client.send(opening)
    except OSError:
        pass
    return client


def end(client):
    """Closes it with a reset; returns the status it was answered with, ""
    for none."""
    try:
        data = client.recv(4096)
    except OSError:
        data = b""
    client.close()
    return data[9:12].decode("latin-1")


def _flood(pipe, refused, port, sources, opening, kept):
    os.nice(5)  # it is the relay that is measured
    clients, found = deque(), Counter()
    for source in itertools.cycle(sources):
        if pipe.poll():
            break
        if len(clients) == kept:
            found[end(clients.popleft())] += 1
            refused.value = found["429"]
        clients.append(begin(port, source, opening))
    for client in clients:
        end(client)
    pipe.send(found)


class Flood:
    """Connects from these addresses as fast as it goes, with `kept` open at a
    time, in a process of its own until `finish`."""

    def __init__(self, port, network, addresses, opening, kept):
        self.pipe, other = _fork.Pipe()
        self.refused = _fork.Value("l", 0)
        sources = [f"127.{network}.{i}.1" for i in range(addresses)]
        self.process = _fork.Process(
            target=_flood, daemon=True,
            args=(other, self.refused, port, sources, opening, kept))
        self.process.start()
        other.close()

    def finish(self):
        """Returns how often it was answered with each status."""
        self.pipe.send("finish")
        found = self.pipe.recv()
        self.process.join()
        return found

    def end(self):
        self.process.kill()
        self.process.join()


class Floods(LimitTest):
    """All clients that behave have one address, and use all that it has."""

    CONFIG = echo_config(dict(
        address_limits="{connections: 100, connects: 100, requests: 100, "
                       "burst: 1s}")) + DEMO

    def flood(self, seconds):
        """For so long, and until all of them have been refused often."""
        start = time.monotonic()
        floods = [Flood(self.relay.port, *each) for each in (
            (11, 4, b"", 600), (12, 2, ASK, 30), (13, 4, HANDSHAKE, 600))]
        for each in floods:
            self.addCleanup(each.end)
        wait_until(lambda: elapsed(start) > seconds and all(
            each.refused.value > REFUSED for each in floods), "enough")
        return [each.finish() for each in floods]

    def test_clients_that_behave_do_not_notice(self):
        healthy = HealthyClients(self.relay.port, 100)
        self.addCleanup(healthy.end)
        before = self.relay.sockets()
        self.flood(1.5)  # then it has the memory that it keeps
        self.wait_for_sockets(before)
        memory = self.relay.resident_bytes()
        healthy.next_phase()
        silent, asking, sockets = self.flood(4)
        beside = healthy.next_phase()
        self.wait_for_sockets(before)
        self.assertEqual(healthy.finish(), [])
        print(f"p99 {beside.p99 * 1000:.1f} ms, slowest "
              f"{beside.slowest * 1000:.0f} ms; {beside.sent} echoes; "
              f"answers: {silent}, {asking}, {sockets}; memory "
              f"{(self.relay.resident_bytes() - memory) / MIB:+.1f} MiB")
        self.assertLess(beside.p99, SLOWEST_P99)
        self.assertGreater(len(beside.times), 1000)
        for found, served in ((silent, ""), (asking, "404"),
                              (sockets, "101")):
            self.assertGreater(found[served], 0)
            self.assertLessEqual(set(found), {"429", "", served})
        if not SANITIZED:
            wait_until(lambda: self.relay.resident_bytes() < memory + 4 * MIB,
                       "memory is back", deadline=12)

    def wait_for_sockets(self, count):
        wait_until(lambda: self.relay.sockets() <= count, "they are gone")


class ProxyFlood(LimitTest):
    """What a proxy tells may be any address."""

    CONFIG = echo_config(dict(
        address_limits="{connections: 10, connects: 1, burst: 30s, "
                       "max_addresses: 1024}",
        proxy_protocol="true", trusted_proxies='["127.0.0.1"]')) + DEMO

    def flood(self, first, count, at_once=50):
        """From so many networks, each of which is a client."""
        for i in range(first, first + count, at_once):
            clients = [self.come(f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::1")
                       for n in range(i, i + at_once)]
            for client in clients:
                self.assertEqual(client.get().status, 404)
                client.abort()

    def come(self, address):
        return Client(self.relay.port, line(address, "TCP6", "::1"))

    def let_in(self, address, count):
        """Returns how many are, one after the other."""
        found = 0
        for _ in range(count):
            with self.come(address) as client:
                found += client.get().status == 404
        return found

    def test_20_000_networks_take_no_memory(self):
        descriptors = self.relay.descriptors()
        self.flood(0, 1000)
        memory = self.relay.resident_bytes()
        self.flood(1000, 20_000)
        wait_until(lambda: self.relay.descriptors() <= descriptors,
                   "they are gone")
        self.assert_grown_less(memory, 3 * MIB)

    def test_who_did_most_is_not_forgotten(self):
        start = time.monotonic()
        self.assertGreaterEqual(self.let_in("fd00::1", 40), 30)
        self.flood(0x100000, 5000)
        self.assertLessEqual(self.let_in("fd00::1", 40), elapsed(start) + 1)


class ComingAndGoing(LimitTest):
    """Places do not leak, whatever becomes of who has them."""

    PLACES = 20
    CONFIG = (service(address_limits=f"{{connections: {PLACES}}}")
              + echo_at("plain")
              + echo_at("limited", f"max_connections: {PLACES}"))

    def come_and_go(self, count):
        ends = itertools.cycle(ENDS)
        for i in range(count):
            client = self.newcomer("/limited")
            if i % 3 == 0:
                self.assertEqual(client.echo("x"), "x")
            next(ends)(client)

    def test_3000_connects_leave_descriptors_and_memory_flat(self):
        descriptors = self.relay.descriptors()
        self.come_and_go(500)
        memory = self.relay.resident_bytes()
        for _ in range(3):
            self.come_and_go(500)
            for _ in range(500):
                with self.connect() as client:
                    client.send(ASK[:10])
        wait_until(lambda: self.relay.descriptors() <= descriptors,
                   "all are gone")
        self.assert_grown_less(memory, 2 * MIB)
        clients = [self.open("/limited") for _ in range(self.PLACES)]
        self.assert_turned_away(self.connect())
        self.assertEqual(
            self.upgraded("/limited", source="127.0.0.2").status, 503)
        for client in clients:
            self.assertEqual(client.echo("x"), "x")


class AllAtOnce(LimitTest):
    """Exactly as many as there are places, on two loops."""

    PLACES, CLIENTS = 20, 60  # no more are refused than can be told
    CONFIG = (service(address_limits=f"{{connections: {PLACES}, "
                      "allow: [127.0.0.1]}")
              + echo_at("plain")
              + echo_at("limited", f"max_connections: {PLACES}")
              + router("key", "/key") + endpoint(
                  "key", "/{user}", 'relay: {target_pid: echo, limit_key: '
                  f'"{{user}}", limit_max: {PLACES}}}', "key"))

    def answers(self, path, source):
        """Returns the clients, each of which has asked, by their answer."""
        clients = [self.connect(source) for _ in range(self.CLIENTS)]
        for client in clients:
            client.send(request_bytes("GET", path, upgrade_fields()))
        found = defaultdict(list)
        for client in clients:
            found[client.response().status].append(client)
        return found

    def assert_counts(self, found, refused):
        self.assertEqual({status: len(each) for status, each in found.items()},
                         {101: self.PLACES,
                          refused: self.CLIENTS - self.PLACES})
        for client in found[101]:
            self.assertEqual(client.echo("x"), "x")

    def test_of_an_address(self):
        self.assert_counts(self.answers("/plain", "127.0.0.2"), 429)

    def test_of_an_endpoint(self):
        self.assert_counts(self.answers("/limited", "127.0.0.1"), 503)

    def test_of_a_key(self):
        clients = self.answers("/key/ann", "127.0.0.1")[101]
        self.assertEqual(len(clients), self.CLIENTS)
        last = [client for client in clients if client.is_silent(0.005)]
        for client in clients:
            if client not in last:
                self.assertEqual(client.read_close().code, 4409)
        for client in last:
            self.assertEqual(client.echo("x"), "x")
        self.assertEqual(len(last), self.PLACES)


class FewDescriptors(LimitTest):
    NUMBER = 100  # of the process, hard and soft

    @classmethod
    def setUpClass(cls):
        cls.relay = Relay(echo_config() + DEMO,
                          prefix=("prlimit", f"--nofile={cls.NUMBER}"))
        cls.addClassCleanup(cls.relay.stop)

    def fill(self):
        """Returns as many WebSockets as there are, and the refusal of one
        more."""
        clients = []
        while True:
            client = self.connect()
            response = client.upgrade()
            if response.status != 101:
                self.assertEqual(client.read_to_end(), b"")
                return clients, response
            clients.append(client)
            self.assertLess(len(clients), self.NUMBER)

    def test_who_comes_then_is_told_so(self):
        clients, refused = self.fill()
        self.assert_limited(refused, 503, "capacity")
        for i in range(40):
            late = self.connect()
            if i % 2:
                late.send(ASK)
            self.assert_limited(late.response(), 503, "capacity")
            self.assertEqual(late.read_to_end(), b"")
        together = [self.connect() for _ in range(40)]
        for late in together:
            self.assert_limited(late.response(), 503, "capacity")
        for client in clients:
            self.assertEqual(client.echo("still there"), "still there")
        for leave in ENDS:
            leave(clients.pop(0))
            clients.append(self.newcomer())
        for client in clients:
            self.assertEqual(client.echo("still there"), "still there")
            client.close()
        wait_until(lambda: self.relay.descriptors() < self.NUMBER // 2,
                   "there are some again")
        again, _ = self.fill()
        self.assertEqual(len(again), len(clients))


if __name__ == "__main__":
    unittest.main()
