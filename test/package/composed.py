"""What the Dockerfile and compose.yaml describe, run without a container engine: two
relays that are peers, an application that is a node, nginx in front. Like
`installed.py` it needs root and a mirror, and runs in tools/test --long."""

import own_namespaces

if __name__ == "__main__":
    own_namespaces.enter()  # before the others have begun anything

import re
import tempfile
import unittest
from pathlib import Path

import debian_root
from deb_files import run
from image_root import Container, ImageRoot
from images import DOCKER, TOKEN
from namespaces import network_or_skip
from raw_client import upgrade_fields
from support import DEADLINE, Program, wait_until
from unix_sockets import Client

RELAYS = ("relay1", "relay2")


def setUpModule():
    why = debian_root.why_not()
    if why:
        raise unittest.SkipTest(why)


class Composed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = network_or_skip(["nginx", *RELAYS, "app1"])
        cls.addClassCleanup(cls.network.close)
        root = debian_root.DebianRoot("image")
        cls.addClassCleanup(root.close)
        cls.image = ImageRoot(root)
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-composed-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.folder.chmod(0o755)
        cls.secrets = cls.folder / "secrets"
        cls.secrets.mkdir()
        (cls.secrets / "admin_token").write_text(TOKEN + "\n")
        cls.hosts = cls.network.hosts
        cls.name_hosts(root)

    # As the engine's name server: "relays" is both.
    @classmethod
    def name_hosts(cls, root):
        lines = ["127.0.0.1 localhost"]
        for name, host in cls.hosts.items():
            alias = " relays" if name in RELAYS else ""
            lines.append(f"{host.address} {name}{alias}")
        path = root.path / "etc/hosts"
        path.write_text("\n".join(lines) + "\n")
        # nginx is this machine's: in this namespace it sees the same.
        run("mount", "--bind", path, "/etc/hosts")
        cls.addClassCleanup(run, "umount", "/etc/hosts")

    def start(self, stage, host, config=None, secrets=None):
        made = Container(self.image, stage, self.hosts[host], config, secrets)
        self.addCleanup(made.end)
        return made

    def start_relay(self, name):
        text = (DOCKER / f"{name}.yaml").read_text()
        config = self.folder / f"{name}.yaml"
        config.write_text(re.sub(r"trusted_proxies: .*", "trusted_proxies: "
                                 f"[{self.hosts['nginx'].address}]", text))
        config.chmod(0o644)
        return self.start("relay", name, config, self.secrets)

    def start_nginx(self):
        path = self.folder / "nginx.conf"
        path.write_text(
            "daemon off;\npid {0}/pid;\nerror_log {0}/errors;\nevents {{}}\n"
            "http {{\naccess_log off;\n{1}}}\n".format(
                self.folder, (DOCKER / "nginx.conf").read_text()))
        program = Program("/usr/sbin/nginx", "-p", self.folder, "-c", path,
                          prefix=self.hosts["nginx"].prefix)
        self.addCleanup(program.end)
        return program

    def connect(self, path, host="nginx"):
        """Returns a WebSocket by nginx, or nothing while it is refused."""
        with self.hosts["nginx"].inside():
            try:
                client = Client((self.hosts[host].address, 8080))
            except ConnectionRefusedError:
                return None
        self.addCleanup(client.close)
        answer = client.request("GET", path, upgrade_fields(), host="relay")
        return client if answer.status == 101 else None

    def ask_admin(self, host, path, token=None):
        """Returns the status of a relay's admin listener, or 0."""
        fields = [("Authorization", f"Bearer {token}")] if token else []
        address = self.hosts[host].address
        with self.hosts["nginx"].inside():
            try:
                client = Client((address, 9090))
            except ConnectionRefusedError:
                return 0
        self.addCleanup(client.close)
        return client.request("GET", path, fields, host=address).status

    def test_the_image_alone_is_healthy_and_echoes(self):
        relay = self.start("relay", "relay1")
        wait_until(relay.is_healthy, "it is healthy")
        client = self.connect("/ws/echo", "relay1")
        self.assertEqual(client.echo("through"), "through")
        client.leave()
        relay.stop(2 * DEADLINE)

    def test_all_of_compose_yaml_works_together(self):
        app = self.start("app", "app1")  # in any order
        relays = [self.start_relay(name) for name in RELAYS]
        for relay in relays:
            wait_until(relay.is_healthy, "it is healthy")
        for name in RELAYS:
            wait_until(lambda: self.ask_admin(name, "/readyz") == 200,
                       "it is ready: the application is there")
            self.assertEqual(self.ask_admin(name, "/metrics"), 401)
            self.assertEqual(self.ask_admin(name, "/metrics", TOKEN), 200)
        self.start_nginx()
        for host in RELAYS:
            wait_until(lambda: self.connect("/greet", host),
                       f"the application is known to {host}: {app.log}")
        for relay, other in zip(relays, reversed(RELAYS)):
            wait_until(lambda: other in relay.run("wsrelay", "peers"),
                       "the relays know each other")
        clients = [wait_until(lambda: self.connect("/greet"), "nginx passes on")
                   for _ in range(4)]
        for client in clients:
            client.send_text("Ann")
            self.assertEqual(client.read_text(), "hello Ann")
        self.assertIsNone(self.connect("/knock?word=foe"))
        self.assertIsNotNone(self.connect("/knock?word=friend"))
        # Its address is what nginx says; both relays have some of them.
        for relay in relays:
            self.assertIn(self.hosts["nginx"].address,
                          relay.run("wsrelay", "ps"))
        app.stop()
        for relay in relays:
            relay.end()


if __name__ == "__main__":
    unittest.main()
