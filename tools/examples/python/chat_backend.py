#!/usr/bin/env python3
"""A chat behind the relay's demo page, over one WebSocket: clients join here, and what
all of a room shall hear goes to a group.

    python3 chat_backend.py [--relay ws://HOST:PORT/]
"""

import argparse

from chat_room import MAX_ROOM, Mistake, Rooms, read_message
from wsrelay_backend import Backend, Target


class Chat(Target):
    def __init__(self, relay: Backend):
        self.relay = relay
        self.lost()

    def lost(self) -> None:
        self.rooms = Rooms()
        self.places: dict[str, str] = {}  # the room of each client, by PID

    async def join(self, heard: dict) -> None:
        room = heard["metadata"]["room"]
        if len(room) > MAX_ROOM:
            raise ValueError("this is no name of a room")
        self.places[heard["pid"]] = room

    async def message(self, heard: dict) -> None:
        pid = heard["pid"]
        try:
            kind, text = read_message(heard["data"])
            if kind == "hello":
                await self.add(pid, text)
            else:
                await self.say(pid, text)
        except Mistake as mistake:
            await self.relay.event(pid, "chat.error", {"text": str(mistake)})

    async def add(self, pid: str, name: str) -> None:
        room = self.rooms[self.places[pid]]
        if pid in room.members:
            raise Mistake("you have a name already")
        room.members[pid] = name
        # First into the group, then the welcome: nothing is missed between.
        await self.relay.control(pid, join_groups=[room.group])
        await self.relay.event(pid, "chat.welcome", room.welcome(pid))
        await self.relay.group_event(room.group, "chat.joined", room.change(name))

    async def say(self, pid: str, text: str) -> None:
        room = self.rooms[self.places[pid]]
        if pid not in room.members:
            raise Mistake("say hello first")
        line = room.say(room.members[pid], text)
        await self.relay.group_event(room.group, "chat.message", line)

    async def leave(self, heard: dict) -> None:
        place = self.places.pop(heard["pid"])
        room = self.rooms[place]
        gone = self.rooms.remove(place, heard["pid"])
        if gone:
            await self.relay.group_event(room.group, "chat.left", room.change(gone))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A chat over one WebSocket.")
    options.add_argument("--relay", default="ws://127.0.0.1:9191/", metavar="URL")
    relay = Backend(options.parse_args().relay)
    relay.serve({"rooms": Chat(relay)})
