"""Two nodes: targets on the other one, which dies, freezes and comes back."""

import re
import signal
import unittest

from raw_client import CLOSE, WebSocket
from support import (Relay, RelayTest, endpoint, router, service, wait_until)

# Short, so that a frozen node is found within the test.
TIMES = "  heartbeat_interval: 300ms\n  heartbeat_timeout: 1500ms\n" \
        "  reconnect_min: 50ms\n  reconnect_max: 300ms\n"


def node(name, **keys):
    """Returns the entry of a cluster.node."""
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return f"- name: {name}\n  kind: cluster.node\n{lines}{TIMES}"


def app_config(port=0, peers="[]"):
    return service() + node("app1", listen=f'"127.0.0.1:{port}"', peers=peers)


def relay_config(port):
    return (service() + router()
            + endpoint("far", "/far", 'relay: {target_pid: "echo@app1"}')
            + endpoint("near", "/near", "relay: {target_pid: echo}")
            + node("relay1", peers=f'["127.0.0.1:{port}"]'))


class TwoNodes(unittest.TestCase):
    def start(self, config):
        relay = Relay(config)
        self.addCleanup(relay.end)
        return relay

    def start_app(self, port=0):
        app = self.start(app_config(port))
        found = re.search(r"node app1 listening on port (\d+)\n", app.stdout)
        app.cluster_port = int(found.group(1))
        return app

    def connect(self, relay, path="/ws/far"):
        client = WebSocket(relay.port, path)
        self.addCleanup(client.close)
        return client

    def connect_soon(self, relay):
        """Returns a client of the other node, once that is connected."""
        def attempt():
            try:
                return self.connect(relay)
            except AssertionError:  # 503: not yet
                return None
        return wait_until(attempt, "the other node is there")

    def assert_closes(self, client, code):
        found = client.read_frame()
        while found.opcode != CLOSE:
            found = client.read_frame()
        self.assertEqual(found.code, code)

    def test_a_client_talks_to_a_target_on_another_node(self):
        app = self.start_app()
        relay = self.start(relay_config(app.cluster_port))
        client = self.connect_soon(relay)
        for i in range(200):
            self.assertEqual(client.echo(f"message {i}"), f"message {i}")
        big = "b" * 200_000
        self.assertEqual(client.echo(big), big)
        client.send_close(1000)
        relay.stop()
        app.stop()

    def test_nodes_start_in_any_order(self):
        app = self.start_app()
        port = app.cluster_port
        app.stop()
        relay = self.start(relay_config(port))
        with self.assertRaisesRegex(AssertionError, "503"):
            self.connect(relay)
        app = self.start_app(port)
        self.assertEqual(self.connect_soon(relay).echo("late"), "late")
        relay.stop()
        app.stop()

    def lose(self, number):
        app = self.start_app()
        relay = self.start(relay_config(app.cluster_port))
        far = [self.connect_soon(relay) for _ in range(3)]
        near = self.connect(relay, "/ws/near")
        app.signal(number)
        for client in far:
            self.assert_closes(client, 1011)
        self.assertEqual(near.echo("still here"), "still here")
        return app, relay

    def test_a_killed_node_closes_its_connections_with_1011(self):
        app, relay = self.lose(signal.SIGKILL)
        app.wait()
        again = self.start_app(app.cluster_port)
        self.assertEqual(self.connect_soon(relay).echo("again"), "again")
        self.assertEqual(relay.stderr.count("peer lost"), 1)
        relay.stop()
        again.stop()

    def test_a_frozen_node_closes_its_connections_with_1011(self):
        app, relay = self.lose(signal.SIGSTOP)
        app.signal(signal.SIGCONT)
        self.assertEqual(self.connect_soon(relay).echo("thawed"), "thawed")
        relay.stop()
        app.stop()


class Configuration(RelayTest):
    def test_an_address_in_use_is_an_error(self):
        app = Relay(app_config())
        self.addCleanup(app.end)
        port = re.search(r"listening on port (\d+)\n", app.stdout).group(1)
        with self.assertRaisesRegex(AssertionError,
                                    "cannot meet other nodes: "):
            Relay(app_config(port))
        app.stop()


if __name__ == "__main__":
    unittest.main()
