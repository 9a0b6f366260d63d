"""A backend that speaks wsrelay.backend.1, on a raw WebSocket: what it says and
hears is a dictionary; a payload that is no text is in `bytes`."""

import json
import struct

from raw_client import BINARY, TEXT, WebSocket

SUBPROTOCOL = "wsrelay.backend.1"


class Backend:
    def __init__(self, port, token=None, **keys):
        fields = [("Sec-WebSocket-Protocol", SUBPROTOCOL)]
        if token:
            fields.append(("Authorization", f"Bearer {token}"))
        self.socket = WebSocket(port, "/", fields=fields, **keys)
        self.put_by = []
        self.last_id = 0

    def say(self, what, payload=None, /, **members):
        text = json.dumps({"type": what, **members})
        if payload is None:
            self.socket.send_text(text)
        else:
            head = text.encode()
            self.socket.send_frame(
                BINARY, struct.pack(">I", len(head)) + head + payload)

    def next(self):
        opcode, payload = self.socket.read_message()
        if opcode == TEXT:
            return json.loads(payload)
        size = struct.unpack(">I", payload[:4])[0]
        found = json.loads(payload[4:4 + size])
        found["bytes"] = payload[4 + size:]
        return found

    def hear(self, what, **members):
        """Returns the next message of this type with these members; others stay
        for later."""
        def fits(found):
            return found["type"] == what and all(
                found.get(key) == value for key, value in members.items())
        for i, found in enumerate(self.put_by):
            if fits(found):
                return self.put_by.pop(i)
        while not fits(found := self.next()):
            self.put_by.append(found)
        return found

    def ask(self, what, payload=None, /, **members):
        """Returns the answer to what is said."""
        self.last_id += 1
        self.say(what, payload, id=self.last_id, **members)
        while True:
            found = self.next()
            if found.get("id") == self.last_id:
                return found
            self.put_by.append(found)

    def offer(self, *names, **members):
        return self.ask("offer", names=list(names), **members)

    def accept(self, name):
        """Accepts the next join at a name, and returns it."""
        joined = self.hear("join", name=name)
        self.say("ok", ref=joined["ref"])
        return joined

    def close(self):
        self.socket.close()
