"""The rooms of the chat: who is there, what was said, and the words of both. It knows
no network: chat_webhooks.py and chat_backend.py bring the same rooms to the relay.
"""

import hashlib
import json
from collections import deque

MAX_ROOM, MAX_NAME, MAX_TEXT = 64, 64, 4096  # characters, bytes, bytes


class Mistake(Exception):
    """What a client said makes no sense; the text is for its eyes."""


class Room:
    def __init__(self, name: str):
        self.name = name
        self.members: dict[str, str] = {}  # names by PID
        self.history: deque[dict] = deque(maxlen=50)
        # Of any text the name of a group, which has few kinds of characters.
        self.group = "room-" + hashlib.sha256(name.encode()).hexdigest()[:32]

    def welcome(self, pid: str) -> dict:
        return {"room": self.name, "you": pid, "members": list(self.members.values()),
                "history": list(self.history)}

    def change(self, name: str) -> dict:
        return {"name": name, "members": list(self.members.values())}

    def say(self, name: str, text: str) -> dict:
        self.history.append({"from": name, "text": text})
        return self.history[-1]


class Rooms(dict[str, Room]):
    """A room is there while somebody is in it."""

    def __missing__(self, name: str) -> Room:
        return self.setdefault(name, Room(name))

    def remove(self, name: str, pid: str) -> str | None:
        """Returns the name of who has left, if there was one."""
        room = self[name]
        gone = room.members.pop(pid, None)
        if not room.members:
            del self[name]
        return gone


def read_message(text: str | bytes | None) -> tuple[str, str]:
    """Returns ("hello", NAME) or ("say", TEXT), or raises a Mistake."""
    try:
        message = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        message = None
    match message:
        case {"type": "hello", "name": str(name)} if _fits(name, MAX_NAME):
            return "hello", name
        case {"type": "say", "text": str(said)} if _fits(said, MAX_TEXT):
            return "say", said
        case {"type": "hello"}:
            raise Mistake(f"a name has 1 to {MAX_NAME} bytes")
        case {"type": "say"}:
            raise Mistake(f"a text has 1 to {MAX_TEXT} bytes")
    raise Mistake("say hello, or say something")


def _fits(text: str, most: int) -> bool:
    try:
        return 1 <= len(text.encode()) <= most
    except UnicodeEncodeError:  # half of a character
        return False
