"""What the tests of single HTTP connections share."""

from raw_client import Connection
from support import RelayTest


class ConnectionTest(RelayTest):
    def connect(self, **keys):
        """Returns a connection that ends with the test."""
        client = Connection(self.relay.port, **keys)
        self.addCleanup(client.close)
        return client


class HttpTest(ConnectionTest):
    def ask(self, data):
        """Sends raw bytes; returns the response and its connection."""
        client = self.connect()
        client.send(data)
        return client.response(), client
