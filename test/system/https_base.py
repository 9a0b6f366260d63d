"""Relays that speak https and wss, and clients that know their authority."""

import ssl

from authority import Authority
from raw_client import Connection, WebSocket


def client_context(authority, newest=None):
    """Returns the context of a client that trusts only this authority."""
    context = ssl.create_default_context(cafile=authority.file)
    if newest:
        context.maximum_version = newest
    return context


class OverHttps:
    """Mixed into tests of one relay, before the class with the tests: the same
    with TLS below. TLS is what the service has under `tls`."""

    TLS = ""

    @classmethod
    def config(cls):
        certificate, key = cls.authority.sign(
            "relay", "DNS:a.example,IP:127.0.0.1")
        kind = "  kind: http.service\n"
        tls = f"{{certificate: {certificate}, key: {key}{cls.TLS}}}"
        return super().config().replace(kind, f"{kind}  tls: {tls}\n")

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(cls.addClassCleanup)
        cls.context = client_context(cls.authority)
        for kind in (Connection, WebSocket):
            kind.tls = cls.context
            cls.addClassCleanup(setattr, kind, "tls", None)
        super().setUpClass()


def plain_connection(port):
    """Returns a connection without TLS."""
    kept, Connection.tls = Connection.tls, None
    try:
        return Connection(port)
    finally:
        Connection.tls = kept
