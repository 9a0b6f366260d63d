"""Endpoints that take the relay command from a fronting proxy's request."""

import hashlib
import hmac
import itertools
import json
import tempfile
import time
import unittest
from pathlib import Path

from raw_client import Connection, upgrade_fields
from support import RelayTest, endpoint, router, service

SECRET = "a secret of the tests"
COMMAND = json.dumps({"target_pid": "echo"})

nonces = (f"nonce-of-the-tests-{i}" for i in itertools.count())


def sign(command=COMMAND, *, secret=SECRET, path="/ws/signed", method="GET",
         life=60, nonce=None, host="app.example"):
    """Returns the value of X-WS-Relay-Signature (protocol/signature.hpp)."""
    expires = int(time.time()) + life
    nonce = nonce or next(nonces)
    text = f"v1\n{expires}\n{nonce}\n{method}\n{host}\n{path}\n{command}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256)
    return f"v1;expires={expires};nonce={nonce};hmac={digest.hexdigest()}"


def entries(proxies):
    return (service(trusted_proxies=proxies) + router()
            + endpoint("unsigned", "/unsigned", "trusted_header: true")
            + endpoint("signed", "/signed",
                       f'trusted_header: true\nsecret: "{SECRET}"')
            + endpoint("fixed", "/fixed", "relay: {target_pid: chat}"))


class TrustedHeaderTest(RelayTest):
    def ask(self, path, command=None, signature=None, fields=(),
            host="app.example"):
        fields = [*upgrade_fields(), *fields]
        if command is not None:
            fields.append(("X-WS-Relay", command))
        if signature is not None:
            fields.append(("X-WS-Relay-Signature", signature))
        with Connection(self.relay.port) as client:
            return client.request("GET", path, fields, host=host)

    def assert_refused(self, response, status=403, check="trusted_header"):
        self.assertEqual(response.status, status, response)
        document = json.loads(response.body)
        self.assertEqual(document["check"], check)
        self.assertNotIn(SECRET, response.body.decode())


class Trusted(TrustedHeaderTest):
    CONFIG = entries('["127.0.0.0/8"]')

    def test_a_trusted_proxys_command_is_taken(self):
        response = self.ask("/ws/unsigned", COMMAND)
        self.assertEqual(response.status, 101)
        self.assertFalse([name for name, _ in response.fields
                          if "relay" in name.lower()])

    def test_without_a_command_there_is_nothing_to_do(self):
        self.assert_refused(self.ask("/ws/unsigned"), 400)
        self.assert_refused(self.ask("/ws/signed", signature=sign()), 400)

    def test_a_command_that_is_invalid_is_400(self):
        for command in ("{", "[]", "{}", '{"target_pid":"echo","x":1}'):
            response = self.ask("/ws/unsigned", command)
            self.assert_refused(response, 400, "command")

    def test_two_commands_are_refused(self):
        response = self.ask("/ws/unsigned", COMMAND,
                            fields=[("X-WS-Relay", COMMAND)])
        self.assertNotEqual(response.status, 101)

    def test_a_good_signature_is_accepted(self):
        for _ in range(3):
            response = self.ask("/ws/signed", COMMAND, sign())
            self.assertEqual(response.status, 101)

    def test_a_signature_for_another_relay_is_refused(self):
        self.assert_refused(self.ask("/ws/signed", COMMAND,
                                     sign(host="other.example")))
        self.assert_refused(self.ask("/ws/signed", COMMAND, sign(),
                                     host="app.example:81"))
        response = self.ask("/ws/signed", COMMAND, sign(), host="APP.example")
        self.assertEqual(response.status, 101)

    def test_the_query_is_signed_too(self):
        path = "/ws/signed?user=1"
        response = self.ask(path, COMMAND, sign(path=path))
        self.assertEqual(response.status, 101)
        self.assert_refused(self.ask(path, COMMAND, sign()))
        self.assert_refused(self.ask("/ws/signed?user=2", COMMAND,
                                     sign(path=path)))

    def test_a_signature_for_something_else_is_refused(self):
        other = json.dumps({"target_pid": "chat"})
        for signature in (sign(secret="another"), sign(other),
                          sign(method="POST"), sign(path="/ws/unsigned"),
                          sign(COMMAND + " ")):
            self.assert_refused(self.ask("/ws/signed", COMMAND, signature))

    def test_a_changed_signature_is_refused(self):
        good = sign()
        digest = good[-64:]
        changed = ("1" if digest[0] == "0" else "0") + digest[1:]
        later = good.replace("expires=", "expires=1")
        for signature in (good[:-64] + changed, later,
                          good.replace("nonce-", "nonsense-")):
            self.assert_refused(self.ask("/ws/signed", COMMAND, signature))

    def test_a_signature_that_has_expired_is_refused(self):
        for life in (-2, -60, -10**9):
            self.assert_refused(self.ask("/ws/signed", COMMAND,
                                         sign(life=life)))

    def test_a_signature_that_expires_too_far_ahead_is_refused(self):
        for life in (10**5, 10**9):
            self.assert_refused(self.ask("/ws/signed", COMMAND,
                                         sign(life=life)))

    def test_a_nonce_counts_once(self):
        signature = sign()
        self.assertEqual(self.ask("/ws/signed", COMMAND, signature).status, 101)
        for _ in range(2):
            self.assert_refused(self.ask("/ws/signed", COMMAND, signature))
        nonce = next(nonces)
        first, second = sign(nonce=nonce), sign(nonce=nonce, life=90)
        self.assertEqual(self.ask("/ws/signed", COMMAND, first).status, 101)
        self.assert_refused(self.ask("/ws/signed", COMMAND, second))

    def test_a_wrong_signature_uses_up_no_nonce(self):
        nonce = next(nonces)
        wrong = sign(secret="another", nonce=nonce)
        self.assert_refused(self.ask("/ws/signed", COMMAND, wrong))
        response = self.ask("/ws/signed", COMMAND, sign(nonce=nonce))
        self.assertEqual(response.status, 101)

    def test_a_missing_signature_is_refused(self):
        self.assert_refused(self.ask("/ws/signed", COMMAND))

    def test_a_malformed_signature_is_refused(self):
        good = sign()
        version, expires, nonce, digest = good.split(";")
        for signature in (
                "", "v1", "v2" + good[2:], good + ";x=1", good + ";",
                good.replace(";", "; "), good[:-1], good + "0",
                good[:-64] + "Z" * 64, good[:-64] + "F" * 64,
                ";".join((version, expires, nonce)),
                ";".join((version, expires, expires, digest)),
                ";".join((version, "expires=soon", nonce, digest)),
                ";".join((version, "expires=-1", nonce, digest)),
                ";".join((version, "expires=" + "9" * 30, nonce, digest)),
                ";".join((version, expires, "nonce=short", digest)),
                ";".join((version, expires, "nonce=" + "n" * 65, digest)),
                ";".join((version, expires, "nonce=a b c d e f g h i", digest)),
                "\xff" * 100, "x" * 5000):
            with self.subTest(signature=signature):
                self.assert_refused(self.ask("/ws/signed", COMMAND, signature))

    def test_the_fields_may_stand_in_any_order(self):
        version, *fields = sign().split(";")
        response = self.ask("/ws/signed", COMMAND,
                            ";".join([version, *reversed(fields)]))
        self.assertEqual(response.status, 101)

    def test_the_header_means_nothing_at_other_endpoints(self):
        # The fixed command stays: the chat answers, an echo would repeat.
        with Connection(self.relay.port) as client:
            response = client.request("GET", "/ws/fixed", [
                *upgrade_fields(), ("X-WS-Relay", COMMAND)])
            self.assertEqual(response.status, 101)
            client.send(b"\x81\x82\0\0\0\0hi")
            self.assertIn(b"chat.error", client.read(30))


class Untrusted(TrustedHeaderTest):
    CONFIG = entries('["10.0.0.0/8", "::1", "192.0.2.7"]')

    def test_an_address_that_is_not_trusted_is_refused(self):
        self.assert_refused(self.ask("/ws/unsigned", COMMAND))
        self.assert_refused(self.ask("/ws/signed", COMMAND, sign()))

    def test_a_forged_address_does_not_help(self):
        self.assert_refused(self.ask("/ws/unsigned", COMMAND, fields=[
            ("X-Forwarded-For", "10.0.0.1"), ("Forwarded", "for=10.0.0.1"),
            ("X-Real-IP", "10.0.0.1")]))


class NobodyTrusted(TrustedHeaderTest):
    CONFIG = entries("[]")

    def test_without_trusted_proxies_nobody_is_trusted(self):
        self.assert_refused(self.ask("/ws/unsigned", COMMAND))
        self.assert_refused(self.ask("/ws/signed", COMMAND, sign()))


class SecretFile(TrustedHeaderTest):
    def test_the_secret_may_come_from_a_file(self):
        config = entries('["127.0.0.1"]').replace(
            f'secret: "{SECRET}"', f"secret_file: {self.secret_file()}")
        self.relay = self.start_relay(config)
        self.assertEqual(self.ask("/ws/signed", COMMAND, sign()).status, 101)
        self.assert_refused(self.ask("/ws/signed", COMMAND,
                                     sign(secret="another")))
        self.relay.stop()

    def secret_file(self):
        path = Path(self.folder(), "secret")
        path.write_text(SECRET + "\n")
        return path

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrelay-test-")
        self.addCleanup(folder.cleanup)
        return folder.name

    @classmethod
    def setUpClass(cls):
        pass  # the test starts a relay of its own

    def tearDown(self):
        pass


if __name__ == "__main__":
    unittest.main()
