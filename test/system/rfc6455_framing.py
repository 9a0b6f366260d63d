"""RFC 6455 sections 5 and 6: frames, fragments, control frames, sizes."""

import unittest

from raw_client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame)
from rfc6455_base import MAX_MESSAGE, Rfc6455Test


class Sizes(Rfc6455Test):
    def test_5_2_every_form_of_the_length_comes_back_whole(self):
        for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
            client = self.connect()
            for opcode, byte in ((TEXT, b"t"), (BINARY, b"\xff")):
                with self.subTest(size=size, opcode=opcode):
                    client.send_frame(opcode, byte * size)
                    self.assert_echo(client, opcode, byte * size)

    def test_a_message_at_the_limit_comes_back_whole(self):
        client = self.connect()
        for opcode in (TEXT, BINARY):
            client.send_frame(opcode, b"m" * MAX_MESSAGE)
            self.assert_echo(client, opcode, b"m" * MAX_MESSAGE)

    def test_7_4_1_a_message_over_the_limit_gets_1009(self):
        # The header alone decides: the payload need not be sent.
        self.assert_fails(frame(TEXT, b"x", claimed=MAX_MESSAGE + 1), 1009)

    def test_7_4_1_a_whole_message_over_the_limit_gets_1009(self):
        client = self.connect()
        try:
            client.send_frame(BINARY, b"x" * (MAX_MESSAGE + 1))
        except ConnectionError:
            pass  # the relay need not read what it refuses
        self.assertEqual(client.read_close().code, 1009)

    def test_7_4_1_fragments_over_the_limit_get_1009(self):
        client = self.connect()
        client.send_frame(BINARY, b"x" * MAX_MESSAGE, fin=False)
        self.assert_fails(frame(CONTINUATION, b"x"), 1009, client=client)

    def test_fragments_up_to_the_limit_come_back_whole(self):
        client = self.connect()
        client.send_frame(BINARY, b"x" * (MAX_MESSAGE - 1), fin=False)
        client.send_frame(CONTINUATION, b"y")
        self.assert_echo(client, BINARY, b"x" * (MAX_MESSAGE - 1) + b"y")

    def test_5_2_a_length_with_its_top_bit_set_fails(self):
        for claimed in (1 << 63, (1 << 64) - 1, (1 << 63) + 5):
            with self.subTest(claimed=claimed):
                data = frame(BINARY, b"12345", claimed=claimed, length_bytes=8)
                self.assert_fails(data, 1002, 1009)

    def test_5_2_a_length_that_is_not_minimal_fails(self):
        for size, length_bytes in ((5, 2), (125, 2), (0, 2), (5, 8), (126, 8),
                                   (65535, 8)):
            with self.subTest(size=size, length_bytes=length_bytes):
                self.assert_fails(frame(BINARY, b"x" * size,
                                        length_bytes=length_bytes), 1002)


class Frames(Rfc6455Test):
    def test_5_1_an_unmasked_frame_fails_with_1002(self):
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
            with self.subTest(opcode=opcode):
                self.assert_fails(frame(opcode, b"", mask=None), 1002)
        self.assert_fails(frame(TEXT, "text", mask=None), 1002)

    def test_5_1_an_unmasked_frame_fails_inside_a_message(self):
        client = self.connect()
        client.send_frame(TEXT, "a", fin=False)
        self.assert_fails(frame(CONTINUATION, "b", mask=None), 1002,
                          client=client)

    def test_5_1_the_server_masks_nothing(self):
        client = self.connect()
        for opcode, payload, answer in ((TEXT, b"x", TEXT), (PING, b"y", PONG),
                                        (BINARY, b"z", BINARY),
                                        (CLOSE, b"\x03\xe8", CLOSE)):
            client.send_frame(opcode, payload)
            found = client.read_frame()
            self.assertEqual(found.opcode, answer)
            self.assertFalse(found.masked or found.rsv)

    def test_5_3_every_mask_is_undone(self):
        client = self.connect()
        for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"):
            for size in (1, 3, 4, 5, 1000):
                client.send_frame(BINARY, bytes(range(250)) * 4, mask=mask)
                self.assert_echo(client, BINARY, bytes(range(250)) * 4)
                client.send_frame(TEXT, "m" * size, mask=mask)
                self.assertEqual(client.read_text(), "m" * size)

    def test_5_2_reserved_bits_fail_with_1002(self):
        for rsv in range(1, 8):
            for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
                with self.subTest(rsv=rsv, opcode=opcode):
                    self.assert_fails(frame(opcode, b"", rsv=rsv), 1002)

    def test_5_2_reserved_bits_fail_on_a_continuation(self):
        for rsv in (1, 2, 4):
            client = self.connect()
            client.send_frame(TEXT, "a", fin=False)
            self.assert_fails(frame(CONTINUATION, "b", rsv=rsv), 1002,
                              client=client)

    def test_5_2_reserved_opcodes_fail_with_1002(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            for payload in (b"", b"data"):
                with self.subTest(opcode=opcode, payload=payload):
                    self.assert_fails(frame(opcode, payload), 1002)

    def test_bytes_may_arrive_one_at_a_time(self):
        client = self.connect()
        client.send_slowly(frame(TEXT, "slow"))
        self.assertEqual(client.read_text(), "slow")
        client.send_slowly(frame(PING, "p"))
        self.assertEqual(client.read_frame().payload, b"p")
        client.send_slowly(frame(BINARY, b"s" * 200))
        self.assert_echo(client, BINARY, b"s" * 200)

    def test_many_frames_may_arrive_in_one_segment(self):
        client = self.connect()
        texts = [f"message {i}" for i in range(1000)]
        client.send(b"".join(frame(TEXT, text) for text in texts))
        self.assertEqual([client.read_text() for _ in texts], texts)

    def test_7_1_7_nothing_after_the_violation_is_processed(self):
        client = self.connect()
        self.assertEqual(client.echo("before"), "before")
        client.send(frame(3, b"") + frame(TEXT, "after") + frame(PING, "p"))
        self.assertEqual(client.read_frame().opcode, CLOSE)
        self.assertEqual(client.read_to_end(), b"")


class Fragments(Rfc6455Test):
    # Known failure 23: a message in fragments severed the connection.
    def test_5_4_fragments_become_one_message(self):
        client = self.connect()
        for opcode in (TEXT, BINARY):
            for parts in (2, 3, 100):
                client.send_frame(opcode, b"0,", fin=False)
                for i in range(1, parts):
                    client.send_frame(CONTINUATION, f"{i},",
                                      fin=i == parts - 1)
                whole = "".join(f"{i}," for i in range(parts)).encode()
                self.assert_echo(client, opcode, whole)

    def test_5_4_fragments_may_be_empty(self):
        client = self.connect()
        for parts in ((b"", b""), (b"", b"", b""), (b"a", b""), (b"", b"a"),
                      (b"", b"mid", b"")):
            with self.subTest(parts=parts):
                client.send_frame(TEXT, parts[0], fin=False)
                for part in parts[1:-1]:
                    client.send_frame(CONTINUATION, part, fin=False)
                client.send_frame(CONTINUATION, parts[-1])
                self.assert_echo(client, TEXT, b"".join(parts))

    def test_5_4_control_frames_may_stand_between_fragments(self):
        client = self.connect()
        client.send_frame(TEXT, "one ", fin=False)
        client.send_frame(PING, "between")
        pong = client.read_frame()
        self.assertEqual((pong.opcode, pong.payload), (PONG, b"between"))
        client.send_frame(CONTINUATION, "two ", fin=False)
        client.send_frame(PONG, "unsolicited")
        client.send_frame(PING, "again")
        self.assertEqual(client.read_frame().payload, b"again")
        client.send_frame(CONTINUATION, "three")
        self.assertEqual(client.read_text(), "one two three")

    def test_5_5_1_a_close_may_stand_between_fragments(self):
        client = self.connect()
        client.send_frame(TEXT, "never finished", fin=False)
        client.send_close(1000)
        self.assertEqual(client.read_frame().code, 1000)

    def test_5_4_a_continuation_without_a_start_fails_with_1002(self):
        for fin in (False, True):
            self.assert_fails(frame(CONTINUATION, "x", fin=fin), 1002)

    def test_5_4_a_continuation_after_a_whole_message_fails_with_1002(self):
        client = self.connect()
        self.assertEqual(client.echo("whole"), "whole")
        self.assert_fails(frame(CONTINUATION, "more"), 1002, client=client)

    def test_5_4_a_new_message_inside_of_another_fails_with_1002(self):
        for opcode in (TEXT, BINARY):
            for fin in (False, True):
                client = self.connect()
                client.send_frame(TEXT, "first", fin=False)
                self.assert_fails(frame(opcode, "second", fin=fin), 1002,
                                  client=client)


class ControlFrames(Rfc6455Test):
    def test_5_5_2_a_ping_gets_a_pong_with_its_payload(self):
        client = self.connect()
        for payload in (b"", b"x", bytes(range(125)), b"\xff" * 124):
            client.send_frame(PING, payload)
            found = client.read_frame()
            self.assertEqual((found.opcode, found.fin, found.payload),
                             (PONG, True, payload))

    def test_5_5_3_many_pings_end_with_a_pong_for_the_last(self):
        # Section 5.5.3 lets a pong answer only the most recent ping.
        client = self.connect()
        client.send(b"".join(frame(PING, f"{i}") for i in range(100)))
        found = client.read_frame()
        while found.payload != b"99":
            self.assertEqual(found.opcode, PONG)
            found = client.read_frame()
        self.assert_open(client)

    def test_5_5_3_an_unsolicited_pong_is_ignored(self):
        client = self.connect()
        client.send_frame(PONG, "nobody asked")
        client.send_frame(PONG, b"")
        self.assert_open(client)

    def test_5_5_a_control_frame_carries_up_to_125_bytes(self):
        client = self.connect()
        client.send_frame(PING, b"p" * 125)
        self.assertEqual(client.read_frame().payload, b"p" * 125)
        client.send_frame(PONG, b"p" * 125)
        self.assert_open(client)

    def test_5_5_a_control_frame_of_126_bytes_fails_with_1002(self):
        for opcode in (PING, PONG, CLOSE):
            with self.subTest(opcode=opcode):
                self.assert_fails(frame(opcode, b"\x03\xe8" + b"p" * 124), 1002)

    def test_5_5_a_control_frame_of_64_kib_fails_with_1002(self):
        self.assert_fails(frame(PING, b"x", claimed=65536), 1002)

    def test_5_5_a_fragmented_control_frame_fails_with_1002(self):
        for opcode in (PING, PONG, CLOSE):
            with self.subTest(opcode=opcode):
                self.assert_fails(frame(opcode, b"", fin=False), 1002)

    def test_5_5_2_pings_are_answered_behind_a_message_that_is_under_way(self):
        client = self.connect()
        client.send_frame(BINARY, b"b" * (1 << 20))
        client.send_frame(PING, "behind")
        kinds = []
        while len(kinds) < 2:
            found = client.read_frame()
            kinds.append((found.opcode, len(found.payload)))
        self.assertEqual(sorted(kinds), [(BINARY, 1 << 20), (PONG, 6)])


if __name__ == "__main__":
    unittest.main()
