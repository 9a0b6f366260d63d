"""RFC 6455 sections 5.5.1 and 7: an end right behind something else. What came
before it is answered, then the close frame, then the end: each time."""

import itertools
import socket
import unittest

from raw_client import CLOSE, PING, PONG, TEXT, close_payload, frame
from rfc6455_base import Rfc6455Test

AT_ONCE = 50  # connections of which the answers are read together

VIOLATION = frame(3, b"")  # an opcode that is none

# What comes first, and what answers it.
LONG = b"l" * 256 * 1024
FIRST = {"long text": (frame(TEXT, LONG), (TEXT, LONG)),
         "text": (frame(TEXT, "last words"), (TEXT, b"last words")),
         "ping": (frame(PING, "p"), (PONG, b"p")),
         "close": (frame(CLOSE, close_payload(4001, "bye")), None),
         "nothing": (b"", None)}
# What comes behind it, whether the client then ends its half, and the code of
# the close frame.
SECOND = {"fin": (b"", True, 1002),
          "close": (frame(CLOSE, close_payload(4001, "bye")), False, 4001),
          "close and fin": (frame(CLOSE, close_payload(4001, "bye")), True,
                            4001),
          "violation": (VIOLATION, False, 1002),
          "violation and fin": (VIOLATION, True, 1002)}


# A fault in one of a hundred is one.
OFTEN = {("text", "fin"), ("ping", "fin"), ("close", "fin"),
         ("text", "violation"), ("text", "close")}


class Ends(Rfc6455Test):
    """Each in one segment and in two."""

    def missing(self, first, second, segments):
        """Returns what did not come, of all tries."""
        (begin, answer), (end, is_half_closed, code) = FIRST[first], \
            SECOND[second]
        if first == "close":
            code = 4001
        faults = []
        tries = 1000 if (first, second) in OFTEN else AT_ONCE
        for _ in range(tries // AT_ONCE):
            clients = [self.connect() for _ in range(AT_ONCE)]
            for client in clients:
                for part in ([begin + end] if segments == 1
                             else [begin, end]):
                    if part:
                        client.send(part)
                if is_half_closed:
                    client.socket.shutdown(socket.SHUT_WR)
            for client in clients:
                faults += self.fault(client, answer, code)
                client.close()
        return faults

    def fault(self, client, answer, code):
        try:
            if answer:
                found = client.read_frame()
                if (found.opcode, found.payload) != answer:
                    return [f"no answer but {found}"]
            found = client.read_frame()
            if (found.opcode, found.code) != (CLOSE, code):
                return [f"no close frame {code} but {found}"]
            rest = client.read_to_end()
            return [f"behind the close frame: {rest}"] if rest else []
        except Exception as error:  # all tries count
            return [repr(error)]


def add_test(first, second, segments):
    def test(self):
        self.assertEqual(self.missing(first, second, segments)[:3], [])
    name = f"test_{first}_then_{second}_in_{segments}".replace(" ", "_")
    setattr(Ends, name, test)


for each in itertools.product(FIRST, SECOND, (1, 2)):
    add_test(*each)


if __name__ == "__main__":
    unittest.main()
