"""Peers that are found by name, with a real resolver (dnsmasq) whose answers
change, in a network namespace of its own. Needs root."""

import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from cluster_probe import Probe, node
from namespaces import Namespace, made_or_skip
from raw_client import Closed, WebSocket
from support import Relay, endpoint, router, service, wait_until

PORT = 9000  # of all nodes: each has an address of its own


class Resolver:
    """dnsmasq, and programs that ask it."""

    def __init__(self, test):
        self.space = Namespace()
        test.addCleanup(self.space.close)
        self.space.run("ip link set lo up")
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        test.addCleanup(folder.cleanup)
        self.hosts = Path(folder.name, "hosts")
        self.hosts.write_text("")
        configuration = Path(folder.name, "resolv.conf")
        configuration.write_text("nameserver 127.0.0.1\noptions timeout:1\n")
        self.prefix = (*self.space.prefix, "unshare", "--mount", "sh", "-c",
                       f"mount --bind {configuration} /etc/resolv.conf "
                       '&& exec "$@"', "sh")
        if subprocess.run([*self.prefix, "true"], check=False).returncode != 0:
            raise OSError("/etc/resolv.conf cannot be replaced")
        self.process = subprocess.Popen(
            [*self.space.prefix, "dnsmasq", "--keep-in-foreground",
             "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
             "--local-ttl=0", "--listen-address=127.0.0.1",
             "--bind-interfaces", "--user=root", "--pid-file=",
             f"--addn-hosts={self.hosts}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        test.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()

    def answer(self, name, addresses):
        self.hosts.write_text("".join(f"{address} {name}\n"
                                      for address in addresses))
        self.process.send_signal(signal.SIGHUP)

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


def address_of(number):
    return f"127.0.1.{number}"


class FoundByName(unittest.TestCase):
    def setUp(self):
        self.resolver = made_or_skip(
            "NODES THAT ARE FOUND BY NAME",
            ("ip", "nsenter", "unshare", "dnsmasq"), lambda: Resolver(self))
        self.relays = {}

    def start_relay(self, number, peers="[]"):
        listen = f'"{address_of(number)}:{PORT}"'
        relay = Relay(
            service() + router(close_timeout="1s")
            + endpoint("room", "/room", "relay: {target_pid: room}")
            + node(f"relay{number}", listen=listen, peers=peers,
                   resolve_interval="1s"),
            prefix=self.resolver.prefix)
        self.addCleanup(relay.end)
        self.relays[number] = relay

    def start_app(self, name="app", host="relays.test", listen="127.0.2.1:0"):
        app = Probe(name, listen, peers=[f"{host}:{PORT}"],
                    prefix=self.resolver.prefix, resolve_interval="1s")
        self.addCleanup(app.end)
        return app

    def give(self, *numbers):
        self.resolver.answer("relays.test", map(address_of, numbers))

    def wait_for_relays(self, app, *numbers):
        names = {f"relay{number}" for number in numbers}
        wait_until(lambda: set(app.peers()) == names, f"{app.name}: {names}")

    def assert_traffic_on_all(self):
        """A client of each relay comes to the application's target."""
        for relay in self.relays.values():
            with self.resolver.space.inside():
                client = wait_until(lambda at=relay: self.connect(at),
                                    "the relay has the offer")
            with client:
                self.assertTrue(client.echo("x").endswith("x"))

    @staticmethod
    def connect(relay):
        try:
            return WebSocket(relay.port, "/ws/room")
        except (AssertionError, Closed):
            return None

    def test_three_relays_become_five_and_then_two(self):
        for number in (1, 2, 3):
            self.start_relay(number)
        self.give(1, 2, 3)
        app = self.start_app()
        app.do("offer room", "registered room .*")
        self.wait_for_relays(app, 1, 2, 3)
        self.assert_traffic_on_all()
        for number in (4, 5):
            self.start_relay(number)
        self.give(1, 2, 3, 4, 5)
        self.wait_for_relays(app, 1, 2, 3, 4, 5)
        self.assert_traffic_on_all()
        self.give(1, 5)
        wait_until(lambda: app.stderr.count("peer is left out") == 3,
                   "it knows who is gone")
        found = app.stderr.count("peer found")
        # Who is connected stays so, whatever the name says.
        with self.resolver.space.inside():
            client = WebSocket(self.relays[3].port, "/ws/room")
        with client:
            self.assertTrue(client.echo("still").endswith("still"))
        for number in (2, 3, 4):
            self.relays.pop(number).stop()
        self.wait_for_relays(app, 1, 5)
        self.assert_traffic_on_all()
        self.assertEqual(found, 5, app.stderr)
        self.assertNotIn("cannot be reached", app.stderr)
        app.quit()

    def test_a_node_that_comes_again_elsewhere_is_found_at_once(self):
        self.start_relay(1)
        self.give(1)
        app = self.start_app()
        app.do("offer room", "registered room .*")
        self.wait_for_relays(app, 1)
        self.give(7)
        self.start_relay(7)
        self.relays.pop(1).signal(signal.SIGKILL)
        self.wait_for_relays(app, 7)
        self.assert_traffic_on_all()

    def test_a_name_without_addresses_and_a_hanging_resolver_hold_up_nobody(
            self):
        app = self.start_app()
        wait_until(lambda: "peer's name has no address" in app.stderr, "a line")
        self.start_relay(1)
        self.give(1)
        self.wait_for_relays(app, 1)
        self.resolver.hang()
        app.do("offer room", "registered room .*")
        self.assert_traffic_on_all()
        wait_until(lambda: app.stderr.count("peer's name has no address") == 2,
                   "a line")
        self.resolver.go_on()
        self.start_relay(2)
        self.give(1, 2)
        self.wait_for_relays(app, 1, 2)
        self.assertEqual(app.stderr.count("peer's name has no address"), 2,
                         app.stderr)

    def test_relays_look_up_applications_and_a_cluster_itself(self):
        """All have the same name as a peer, and leave themselves out. IPv6 is
        as good as IPv4."""
        for number in (1, 2):
            self.start_relay(number, peers=f'["all.test:{PORT}"]')
        app = self.start_app(host="all.test", listen=f"[::1]:{PORT}")
        app.do("offer room", "registered room .*")
        self.resolver.answer("all.test",
                             [address_of(1), address_of(2), "::1"])
        self.wait_for_relays(app, 1, 2)
        self.assert_traffic_on_all()
        for relay in self.relays.values():
            wait_until(lambda at=relay: "peer is this node itself" in at.stderr,
                       "it leaves itself out")
            self.assertNotIn("connects again", relay.stderr)


if __name__ == "__main__":
    unittest.main()
