"""RFC 6455 sections 5.6 and 8.1: text is UTF-8, and what is not fails."""

import unittest

from raw_client import BINARY, CONTINUATION, PING, PONG, TEXT, frame
from rfc6455_base import Rfc6455Test

# One, two, three and four bytes, and the edges of what is allowed.
SAMPLE = "aé€\U0001f600"
EDGES = ("\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd",
         "\uffff", "\U00010000", "\U0010ffff", "\ufeffbom")

INVALID = {
    "a continuation byte alone": b"\x80",
    "a start byte alone": b"\xc3(",
    "an overlong slash": b"\xc0\xaf",
    "an overlong slash of three bytes": b"\xe0\x80\xaf",
    "an overlong NUL of four bytes": b"\xf0\x80\x80\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "over U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "0xfe": b"\xfe",
    "0xff": b"\xff",
    "good, then bad": "κόσμε".encode() + b"\xed\xa0\x80" + b"edited",
}

TRUNCATED = (b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"ascii \xf0\x9f")


class Utf8(Rfc6455Test):
    def test_5_6_valid_text_comes_back(self):
        client = self.connect()
        for text in (SAMPLE, *EDGES, SAMPLE * 10000):
            self.assertEqual(client.echo(text), text)

    def test_5_6_text_may_be_split_into_fragments_at_every_byte(self):
        client = self.connect()
        data = SAMPLE.encode()
        for i in range(len(data) + 1):
            client.send_frame(TEXT, data[:i], fin=False)
            client.send_frame(CONTINUATION, data[i:])
            self.assertEqual(client.read_text(), SAMPLE)

    def test_5_6_text_may_be_split_into_fragments_of_one_byte(self):
        client = self.connect()
        client.send_frame(TEXT, b"", fin=False)
        for byte in SAMPLE.encode():
            client.send_frame(CONTINUATION, bytes([byte]), fin=False)
        client.send_frame(CONTINUATION, b"")
        self.assertEqual(client.read_text(), SAMPLE)

    def test_5_6_text_may_be_split_into_segments_at_every_byte(self):
        client = self.connect()
        client.send_slowly(frame(TEXT, SAMPLE * 3))
        self.assertEqual(client.read_text(), SAMPLE * 3)

    def test_5_6_a_ping_may_stand_inside_of_a_character(self):
        client = self.connect()
        data = "€".encode()
        client.send_frame(TEXT, data[:1], fin=False)
        client.send_frame(PING, b"\xff")
        self.assertEqual(client.read_frame().opcode, PONG)
        client.send_frame(CONTINUATION, data[1:])
        self.assertEqual(client.read_text(), "€")

    # Known failure 25: one bad text ended the process. Here a witness is asked
    # after each test whether it is served.
    def test_8_1_invalid_text_fails_with_1007(self):
        for name, data in INVALID.items():
            with self.subTest(name):
                self.assert_fails(frame(TEXT, data), 1007)

    def test_8_1_invalid_text_behind_a_long_valid_part_fails_with_1007(self):
        for length in (7, 8, 9, 125, 4096, 100000):
            for data in (b"\xff", b"\xed\xa0\x80"):
                with self.subTest(length=length, data=data):
                    self.assert_fails(frame(TEXT, b"v" * length + data), 1007)

    def test_8_1_text_that_ends_inside_of_a_character_fails_with_1007(self):
        for data in TRUNCATED:
            with self.subTest(data=data):
                self.assert_fails(frame(TEXT, data), 1007)

    def test_8_1_invalid_text_split_over_fragments_fails_with_1007(self):
        for data in (b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\xaf"):
            for i in range(1, len(data)):
                with self.subTest(data=data, split=i):
                    client = self.connect()
                    client.send_frame(TEXT, data[:i], fin=False)
                    try:
                        client.send_frame(CONTINUATION, data[i:])
                    except ConnectionError:
                        pass  # it may fail at the first byte that is wrong
                    self.assertEqual(client.read_close().code, 1007)

    def test_8_1_invalid_text_fails_before_its_message_ends(self):
        for data in INVALID.values():
            if len(data) > 1:
                with self.subTest(data=data):
                    self.assert_fails(frame(TEXT, data, fin=False), 1007)

    def test_8_1_invalid_text_fails_before_its_frame_ends(self):
        whole = frame(TEXT, b"\xff" * 4 + b"x" * 100000)
        self.assert_fails(whole[:5000], 1007)

    def test_5_6_binary_data_may_be_anything(self):
        client = self.connect()
        for data in (*INVALID.values(), *TRUNCATED, bytes(range(256))):
            client.send_frame(BINARY, data)
            self.assert_echo(client, BINARY, data)

    def test_8_1_text_after_binary_is_checked(self):
        client = self.connect()
        client.send_frame(BINARY, b"\xff")
        self.assert_echo(client, BINARY, b"\xff")
        self.assert_fails(frame(TEXT, b"\xff"), 1007, client=client)


class Utf8AtTheEnd(Rfc6455Test):
    def test_8_1_a_last_fragment_inside_of_a_character_fails_with_1007(self):
        for data in TRUNCATED:
            client = self.connect()
            client.send_frame(TEXT, b"", fin=False)
            self.assert_fails(frame(CONTINUATION, data), 1007, client=client)

    def test_8_1_an_empty_last_fragment_inside_of_a_character_fails(self):
        for data in TRUNCATED:
            client = self.connect()
            client.send_frame(TEXT, data, fin=False)
            self.assert_fails(frame(CONTINUATION, b""), 1007, client=client)


if __name__ == "__main__":
    unittest.main()
