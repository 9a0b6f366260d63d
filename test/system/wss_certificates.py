"""Certificates of a service: which one a client gets, and new ones while the
node runs; the service that leads to it."""

import re
import socket
import unittest

from authority import Authority
from https_base import client_context, plain_connection
from raw_client import request_bytes
from support import (DEADLINE, RelayTest, endpoint, router, service,
                     wait_until)


class Names(RelayTest):
    """Two certificates, chosen by the name that a client asks for."""

    @classmethod
    def config(cls):
        cls.authority = Authority(cls.addClassCleanup)
        files = [cls.authority.sign(name, f"DNS:{name}.example")
                 for name in ("a", "b")]
        listed = ", ".join(f"{{certificate: {certificate}, key: {key}}}"
                           for certificate, key in files)
        return (service(tls=f"{{certificates: [{listed}]}}") + router()
                + endpoint("echo", "/echo", "relay: {target_pid: echo}"))

    def names_for(self, name):
        context = client_context(self.authority)
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", self.relay.port)) as raw:
            with context.wrap_socket(raw, server_hostname=name) as client:
                return [value for _, value in
                        client.getpeercert()["subjectAltName"]]

    def test_each_name_has_its_own(self):
        self.assertEqual(self.names_for("a.example"), ["a.example"])
        self.assertEqual(self.names_for("b.example"), ["b.example"])
        self.assertEqual(self.names_for("c.example"), ["a.example"])
        self.assertEqual(self.names_for(None), ["a.example"])


class Renewal(RelayTest):
    """Certificates that are replaced while the node runs, and a service that
    leads to the one with them."""

    @classmethod
    def config(cls):
        cls.authority = Authority(cls.addClassCleanup)
        cls.files = cls.authority.sign("first", "DNS:first.example")
        certificate, key = cls.files
        return ("- name: plain\n  kind: http.service\n"
                "  addr: \"127.0.0.1:0\"\n  redirect_to_https: true\n"
                + service(tls=f"{{certificate: {certificate}, key: {key}}}")
                + router()
                + endpoint("echo", "/echo", "relay: {target_pid: echo}"))

    def setUp(self):
        ports = re.findall(r"listening on (https?)://127\.0\.0\.1:(\d+)",
                           self.relay.stdout)
        self.ports = {scheme: int(port) for scheme, port in ports}
        self.context = client_context(self.authority)
        self.context.check_hostname = False

    def connect(self, session=None):
        raw = socket.create_connection(("127.0.0.1", self.ports["https"]))
        client = self.context.wrap_socket(raw, server_hostname="x",
                                          session=session)
        self.addCleanup(client.close)
        client.settimeout(DEADLINE)
        return client

    def name(self):
        with self.connect() as client:
            return client.getpeercert()["subjectAltName"][0][1]

    def ask(self, client):
        client.sendall(request_bytes("GET", "/none", host="x"))
        return client.recv(4096).startswith(b"HTTP/1.1 404 ")

    def replace(self, name):
        """Puts new files in the place of the old ones, as certbot does."""
        made = self.authority.sign(name, f"DNS:{name}.example")
        for new, old in zip(made, self.files):
            new.rename(old)

    def test_1_new_files_are_taken_and_connections_stay(self):
        before = self.connect()
        self.assertTrue(self.ask(before))
        self.assertEqual(self.name(), "first.example")
        self.replace("second")
        wait_until(lambda: self.name() == "second.example", "it is shown")
        self.assertTrue(self.ask(before))
        with self.connect(before.session) as again:
            self.assertTrue(self.ask(again))
            self.assertTrue(again.session_reused)
        self.assertRegex(self.relay.log(),
                         r"certificates loaded: service=gateway "
                         r"expires=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")

    def test_2_files_that_cannot_be_used_change_nothing(self):
        kept = [file.read_bytes() for file in self.files]
        self.files[1].write_text("broken")
        wait_until(lambda: "certificates stay as they were: service=gateway "
                   "reason=\"cannot use" in self.relay.log(), "it is told")
        self.assertEqual(self.name(), "second.example")
        for file, content in zip(self.files, kept):
            file.write_bytes(content)

    def test_3_sighup_reads_them_again(self):
        count = self.relay.log().count("certificates loaded")
        self.relay.signal(1)
        wait_until(lambda: self.relay.log().count("certificates loaded")
                   > count, "they are loaded")
        self.assertIn("SIGHUP: the configuration is read again",
                      self.relay.stderr)

    def test_4_the_other_service_leads_here(self):
        for host, there in (("a.example", "a.example"),
                            ("a.example:80", "a.example"),
                            ("[::1]:80", "[::1]"), ("127.0.0.1", "127.0.0.1")):
            with plain_connection(self.ports["http"]) as client:
                client.send(request_bytes("GET", "/ws/echo?a=b", host=host))
                found = client.response()
                self.assertEqual(found.status, 308)
                self.assertEqual(
                    found.get("Location"),
                    f"https://{there}:{self.ports['https']}/ws/echo?a=b")
        with plain_connection(self.ports["http"]) as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            self.assertEqual(client.response().status, 400)


if __name__ == "__main__":
    unittest.main()
