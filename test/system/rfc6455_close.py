"""RFC 6455 sections 5.5.1 and 7: the closing handshake and its codes."""

import unittest

from raw_client import BINARY, CLOSE, PING, TEXT, close_payload, frame
from rfc6455_base import Rfc6455Test
from support import wait_until

# Codes that an endpoint may send in a close frame (section 7.4).
SENDABLE = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999,
            4000, 4999)

# Section 7.4.1: "MUST NOT be set as a status code in a Close control frame";
# 7.4.2: below 1000 is not used.
FORBIDDEN = (0, 1, 999, 1005, 1006, 1015)

# Reserved for later (7.4.1, 7.4.2): such a code may be taken as it is or as a
# violation. 1012 to 1014 were registered after the RFC.
UNDEFINED = (1004, 1012, 1013, 1014, 1016, 1100, 2000, 2999, 5000, 65535)


class ClosingHandshake(Rfc6455Test):
    def close_with(self, payload):
        """Returns the close frame that answers; the end must follow it."""
        client = self.connect()
        client.send_frame(CLOSE, payload)
        found = client.read_frame()
        self.assertEqual(found.opcode, CLOSE)
        self.assertEqual(client.read_to_end(), b"")
        return found

    def test_5_5_1_the_answer_echoes_the_code(self):
        for code in SENDABLE:
            with self.subTest(code=code):
                found = self.close_with(close_payload(code))
                self.assertEqual(found.code, code)

    def test_5_5_1_a_close_without_a_body_is_answered(self):
        found = self.close_with(b"")
        self.assertIsNone(found.code)
        self.assertEqual(found.payload, b"")

    def test_5_5_1_a_reason_may_fill_the_frame(self):
        found = self.close_with(close_payload(1000, "r" * 123))
        self.assertEqual(found.payload, close_payload(1000, "r" * 123))

    def test_7_1_6_every_close_frame_with_a_code_has_a_reason(self):
        self.assertEqual(self.close_with(close_payload(1000)).payload[2:],
                         b"closed by the client")
        for data, reason in (
                (frame(TEXT, "x", mask=None), b"a frame is not masked"),
                (frame(TEXT, b"\xff"), b"a text is not UTF-8"),
                (frame(CLOSE, b"\x03"), b"an invalid close code"),
                (frame(BINARY, claimed=1 << 40),
                 b"a message is too big: send smaller ones"),
                (frame(PING, b"x" * 126), b"a control frame is too long")):
            with self.subTest(reason):
                found = self.assert_fails(data, 1002, 1007, 1009)
                self.assertEqual(found.payload[2:], reason)

    def test_5_5_1_a_reason_may_be_any_utf8(self):
        found = self.close_with(close_payload(4001, "größer als \U0001f600"))
        self.assertEqual(found.code, 4001)

    def test_5_5_1_a_body_of_one_byte_fails_with_1002(self):
        self.assert_fails(frame(CLOSE, b"\x03"), 1002)

    def test_7_4_a_code_that_must_not_be_sent_fails_with_1002(self):
        for code in FORBIDDEN:
            with self.subTest(code=code):
                self.assert_fails(frame(CLOSE, close_payload(code)), 1002)

    def test_7_4_an_undefined_code_is_echoed_or_fails_with_1002(self):
        for code in UNDEFINED:
            with self.subTest(code=code):
                self.assert_fails(frame(CLOSE, close_payload(code)), code, 1002)

    def test_5_5_1_a_reason_that_is_not_utf8_fails(self):
        for reason in (b"\xff", b"\xc0\xaf", b"ok \xed\xa0\x80",
                       b"cut \xe2\x82"):
            with self.subTest(reason=reason):
                self.assert_fails(frame(CLOSE, close_payload(1000, reason)),
                                  1002, 1007)

    def test_5_5_1_nothing_is_sent_after_the_close_frame(self):
        client = self.connect()
        client.send(frame(CLOSE, close_payload(1000)) + frame(TEXT, "late")
                    + frame(PING, "late"))
        self.assertEqual(client.read_frame().opcode, CLOSE)
        self.assertEqual(client.read_to_end(), b"")

    def test_1_4_messages_before_the_close_frame_are_answered_first(self):
        client = self.connect()
        client.send(frame(TEXT, "last words") + frame(PING, "p"))
        self.assertEqual(client.read_text(), "last words")
        client.send_close(1000)
        self.assertEqual(client.read_close().code, 1000)

    def test_7_1_1_the_server_closes_the_connection_first(self):
        client = self.connect()
        client.send_close(1000)
        self.assertEqual(client.read_close().code, 1000)
        self.assertEqual(client.read_to_end(), b"")

    def test_5_5_1_a_second_close_frame_is_ignored(self):
        client = self.connect()
        client.send(frame(CLOSE, close_payload(1000))
                    + frame(CLOSE, close_payload(1001)))
        self.assertEqual(client.read_frame().code, 1000)
        self.assertEqual(client.read_to_end(), b"")

    def test_a_large_echo_is_delivered_whole_before_the_next_close(self):
        client = self.connect()
        client.send_frame(BINARY, b"b" * (4 << 20))
        self.assert_echo(client, BINARY, b"b" * (4 << 20))
        self.assertEqual(client.leave().code, 1000)


class Ends(Rfc6455Test):
    """The socket is given back in every case, within the close timeout."""

    def test_7_1_1_a_client_that_keeps_its_side_open_is_cut_off(self):
        before = self.relay.sockets()
        clients = [self.connect() for _ in range(3)]
        clients[0].send_close(1000)
        clients[1].send_frame(3, b"")  # a violation
        clients[2].send_frame(TEXT, b"\xff")
        for client in clients:
            client.read_close()
        # The clients' own sockets stay open meanwhile.
        wait_until(lambda: self.relay.sockets() <= before,
                   "the sockets are given back", deadline=5)

    def test_7_1_5_a_connection_lost_without_a_close_frame_is_given_back(self):
        before = self.relay.sockets()
        for part in (b"", frame(TEXT, "half")[:4], frame(TEXT, "a", fin=False)):
            client = self.connect()
            client.send(part)
            client.close()
            client = self.connect()
            client.send(part)
            client.abort()
        wait_until(lambda: self.relay.sockets() <= before,
                   "the sockets are given back", deadline=5)


if __name__ == "__main__":
    unittest.main()
