"""The origin policy, through real handshakes."""

import json
import unittest

from raw_client import Connection, upgrade_fields
from support import RelayTest, endpoint, router, service

POLICIES = {
    "default": {},
    "listed": {"allowed_origins": "https://app.example.com, "
                                  "http://other.example.com:8080"},
    "pattern": {"allowed_origins": "https://*.example.com"},
    "inner": {"allowed_origins": "https://api.*.example.com"},
    "any": {"allowed_origins": "*"},
    "required": {"require_origin": "true"},
    "strict": {"require_origin": "true",
               "allowed_origins": "https://app.example.com"},
}


class Origins(RelayTest):
    CONFIG = service() + "".join(
        router(name, f"/{name}", **options)
        + endpoint(name, "/echo", "relay: {target_pid: echo}", router=name)
        for name, options in POLICIES.items())

    def status(self, policy, origin, host=None):
        fields = upgrade_fields()
        if origin is not None:
            fields.append(("Origin", origin))
        with Connection(self.relay.port) as client:
            response = client.request("GET", f"/{policy}/echo", fields,
                                      host=host)
        if response.status == 403:
            self.assertEqual(json.loads(response.body)["check"], "origin")
        return response.status

    def assert_allowed(self, policy, *origins, **keys):
        for origin in origins:
            with self.subTest(policy=policy, origin=origin):
                self.assertEqual(self.status(policy, origin, **keys), 101)

    def assert_refused(self, policy, *origins, **keys):
        for origin in origins:
            with self.subTest(policy=policy, origin=origin):
                self.assertEqual(self.status(policy, origin, **keys), 403)

    def test_no_origin_is_allowed_unless_it_is_required(self):
        for policy in ("default", "listed", "pattern", "any"):
            self.assert_allowed(policy, None)
        self.assert_refused("required", None)
        self.assert_refused("strict", None)

    def test_the_default_is_the_same_origin(self):
        port = self.relay.port
        self.assert_allowed("default", f"http://127.0.0.1:{port}",
                            f"HTTP://127.0.0.1:{port}")
        self.assert_refused(
            "default", f"https://127.0.0.1:{port}", "http://127.0.0.1",
            f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}",
            "https://evil.example.com", f"http://evil.example.com:{port}",
            "null", "", "nonsense", f"127.0.0.1:{port}",
            f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}.evil.com",
            f"http://127.0.0.1:{port} http://evil.example.com")

    # Known failure 17: Host was compared as text, without scheme and port.
    def test_the_default_knows_the_default_port(self):
        self.assert_allowed("default", "http://site.example",
                            "http://site.example:80", "http://SITE.example",
                            host="site.example")
        self.assert_allowed("default", "http://site.example",
                            host="Site.Example:80")
        self.assert_refused("default", "http://site.example:8080",
                            "https://site.example", host="site.example")

    def test_the_default_needs_a_host_that_is_one(self):
        for host in ("", "evil host", "a/b", "site.example:x"):
            self.assertIn(self.status("default", f"http://{host}", host),
                          (400, 403))

    def test_listed_origins_are_compared_exactly(self):
        self.assert_allowed("listed", "https://app.example.com",
                            "https://app.example.com:443",
                            "https://APP.example.com",
                            "http://other.example.com:8080")
        self.assert_refused(
            "listed", "http://app.example.com", "https://app.example.com:444",
            "https://app.example.com.evil.com", "https://example.com",
            "https://evilapp.example.com", "https://x.app.example.com",
            "http://other.example.com", "https://other.example.com:8080",
            f"http://{self.relay.host}")

    def test_a_star_is_one_label(self):
        self.assert_allowed("pattern", "https://app.example.com",
                            "https://x.example.com")
        self.assert_refused(
            "pattern", "https://example.com", "https://a.b.example.com",
            "https://appexample.com", "https://app.example.com.evil.com",
            "http://app.example.com", "https://app.example.com:8443",
            "https://.example.com", "https://evil.com#.example.com",
            "https://evil.com/.example.com", "https://evil.com\\.example.com",
            "https://user@app.example.com", "https://*.example.com")
        self.assert_allowed("inner", "https://api.eu.example.com")
        self.assert_refused("inner", "https://api.example.com",
                            "https://api.eu.west.example.com")

    def test_a_lone_star_lets_everybody_in(self):
        self.assert_allowed("any", "https://evil.example.com", "null",
                            "http://x:1")

    def test_a_required_origin_is_checked_as_well(self):
        self.assert_allowed("required", f"http://{self.relay.host}")
        self.assert_refused("required", "https://evil.example.com")
        self.assert_allowed("strict", "https://app.example.com")
        self.assert_refused("strict", f"http://{self.relay.host}")

    def test_two_origins_are_refused(self):
        with Connection(self.relay.port) as client:
            response = client.request("GET", "/listed/echo", [
                *upgrade_fields(), ("Origin", "https://app.example.com"),
                ("Origin", "https://evil.example.com")])
        self.assertIn(response.status, (400, 403))

    def test_a_plain_request_is_not_asked_for_its_origin(self):
        with Connection(self.relay.port) as client:
            response = client.request("GET", "/listed/echo", [
                ("Origin", "https://evil.example.com")])
        self.assertEqual(response.status, 426)


if __name__ == "__main__":
    unittest.main()
