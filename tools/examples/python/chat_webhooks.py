#!/usr/bin/env python3
"""A chat behind the relay's demo page, by webhooks: the relay posts what happens to
clients here, and what all of a room shall hear goes back by the server API.

    python3 chat_webhooks.py [--listen HOST:PORT] [--api URL] [--secret whsec_...]
"""

import json
import threading

from chat_room import MAX_ROOM, Mistake, Rooms, read_message
from wsrelay_api import ServerApi
from wsrelay_webhooks import Answer, Event, envelope, read_options, serve


class Chat:
    """Room and name of a client are the `state` of its connection, which the relay
    keeps: a server that was restarted goes on with who is there."""

    def __init__(self, api: ServerApi):
        self.api = api
        self.rooms = Rooms()
        self.lock = threading.Lock()  # what a room hears has one order, as its history

    def on_event(self, event: Event) -> Answer:
        if event.kind == "connected":
            room = event.json()["room"]
            return (Answer(state=json.dumps({"room": room})) if len(room) <= MAX_ROOM
                    else Answer(status=403))
        who = json.loads(event.state or "{}")
        if event.kind == "message":
            try:
                return self.on_message(event, who)
            except Mistake as mistake:
                return Answer(envelope("chat.error", {"text": str(mistake)}))
        if event.kind == "disconnected" and "room" in who:
            self.remove(event.pid, **who)
        return Answer()

    def on_message(self, event: Event, who: dict) -> Answer:
        kind, text = read_message(event.text)
        if kind == "hello":
            if "name" in who:
                raise Mistake("you have a name already")
            self.add(event.pid, who["room"], text)
            return Answer(state=json.dumps({"room": who["room"], "name": text}))
        if "name" not in who:
            raise Mistake("say hello first")
        with self.lock:
            room = self.rooms[who["room"]]
            room.members.setdefault(event.pid, who["name"])  # it was restarted
            self.tell(room, "chat.message", room.say(who["name"], text))
        return Answer()

    def add(self, pid: str, place: str, name: str) -> None:
        with self.lock:
            room = self.rooms[place]
            room.members[pid] = name
            # Nothing is said meanwhile: none is missed, and none comes twice.
            self.api.join(room.group, pid)
            self.api.send(pid, envelope("chat.welcome", room.welcome(pid)))
            self.tell(room, "chat.joined", room.change(name))

    def remove(self, pid: str, room: str, name: str = "") -> None:
        with self.lock:
            where = self.rooms[room]
            gone = self.rooms.remove(room, pid) or name
            if gone:
                self.tell(where, "chat.left", where.change(gone))

    def tell(self, room, topic: str, data: dict) -> None:
        self.api.group_send(room.group, envelope(topic, data))


if __name__ == "__main__":
    options = read_options("A chat by webhooks.")
    serve(options.listen, Chat(ServerApi(options.api)).on_event, options.secret)
