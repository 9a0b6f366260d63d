#!/usr/bin/env python3
"""A chat behind the relay's demo page, over one WebSocket: clients join here, and what
all of a room shall hear goes to a group.

    python3 chat_backend.py [--relay ws://HOST:PORT/]
"""

import argparse
import asyncio
from weakref import WeakKeyDictionary

from chat_room import MAX_ROOM, Mistake, Room, Rooms, read_message
from wsrelay_backend import Backend, Target


class Chat(Target):
    def __init__(self, relay: Backend):
        self.relay = relay
        self.lost()

    def lost(self) -> None:
        self.rooms = Rooms()
        self.places: dict[str, str] = {}  # the room of each client, by PID
        self.locks = WeakKeyDictionary()  # by room

    async def join(self, heard: dict) -> None:
        room, name = heard["metadata"]["room"], heard["metadata"].get("name")
        if len(room) > MAX_ROOM:
            raise ValueError("this is no name of a room")
        self.places[heard["pid"]] = room
        if name is not None:  # it has waited for a program that was started again
            self.rooms[room].members[heard["pid"]] = name

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
        # Nothing is said meanwhile: what was stands in the welcome, what will be comes
        # to the group behind it.
        async with self.lock(room):
            await self.relay.control(pid, join_groups=[room.group],
                                     metadata={"room": room.name, "name": name})
            await self.relay.event(pid, "chat.welcome", room.welcome(pid))
            await self.tell(room, "chat.joined", room.change(name))

    async def say(self, pid: str, text: str) -> None:
        room = self.rooms[self.places[pid]]
        if pid not in room.members:
            raise Mistake("say hello first")
        async with self.lock(room):
            await self.tell(room, "chat.message", room.say(room.members[pid], text))

    async def leave(self, heard: dict) -> None:
        place = self.places.pop(heard["pid"])
        room = self.rooms[place]
        gone = self.rooms.remove(place, heard["pid"])
        if gone:
            await self.tell(room, "chat.left", room.change(gone))

    def lock(self, room: Room) -> asyncio.Lock:
        return self.locks.setdefault(room, asyncio.Lock())

    async def tell(self, room: Room, topic: str, data: dict) -> None:
        """Returns when those have it who are in the group, and nobody else will."""
        await self.relay.group_event(room.group, topic, data, wait=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A chat over one WebSocket.")
    options.add_argument("--relay", default="ws://127.0.0.1:9191/", metavar="URL")
    relay = Backend(options.parse_args().relay)
    relay.serve({"rooms": Chat(relay)})
