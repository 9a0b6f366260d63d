"""The relay and the checks that all tests of RFC 6455 share."""

from raw_client import WebSocket
from support import RelayTest, echo_config

MAX_MESSAGE = 16 * 1024 * 1024


class Rfc6455Test(RelayTest):
    """Raw frames to an echo. After each test the relay still serves a client
    that has been there from the start."""

    CONFIG = echo_config(max_message_size="16MiB", output_limit="64MiB",
                         close_timeout="1s")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.witness = WebSocket(cls.relay.port)
        cls.addClassCleanup(cls.witness.close)

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.witness.echo(self.id()), self.id())

    def connect(self, **keys):
        client = WebSocket(self.relay.port, **keys)
        self.addCleanup(client.close)
        return client

    def assert_fails(self, data, *codes, client=None):
        """The bytes fail the connection (section 7.1.7): no message comes
        back, a close frame with one of the codes does, then the end."""
        client = client or self.connect()
        client.send(data)
        found = client.read_close()
        self.assertIn(found.code, codes)
        self.assertEqual(client.read_to_end(), b"")
        return found

    def assert_open(self, client):
        self.assertEqual(client.echo("still open"), "still open")

    def assert_echo(self, client, opcode, payload):
        found, echoed = client.read_message()
        self.assertEqual(found, opcode)
        self.assertEqual(len(echoed), len(payload))
        self.assertTrue(echoed == payload, "the echo differs")
