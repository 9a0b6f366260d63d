"""A backend of wsrelay over one WebSocket, to copy with wsrelay_link.py: offers names,
hands what comes to their `Target`s, and says what these order. On asyncio.

What comes of one connection at one name is handled in order, one after the other. A
handler that raises is logged: it refuses the join, and a client whose message it was
closes with 1011. What is in a message of the relay: actors/BACKEND.md.
"""

import asyncio
import logging
import signal
from collections import deque
from typing import Any, Coroutine

from wsrelay_link import Link, RelayError

log = logging.getLogger("wsrelay")


class Target:
    """What is behind a name, a function for each `type` of message. Payloads that are
    no text are bytes, in `data` or `body`."""

    async def join(self, heard: dict) -> None:
        """Raises to refuse. A `control` of this connection waits until this returns."""

    async def message(self, heard: dict) -> None: ...

    async def leave(self, heard: dict) -> None: ...

    async def http(self, heard: dict) -> dict:
        """Returns what a `response` has: status, headers, body, relay."""
        return {"status": 404}

    def lost(self) -> None:
        """There is no relay any more, and nobody of those who had joined."""


class Backend:
    """`to` is a `pid`. Functions raise RelayError: those that wait, and `control`, if
    the relay refuses; others only if there is none."""

    def __init__(self, url: str, token: str = ""):
        self._link = Link(url, token)
        self._targets: dict[str, Target] = {}
        self._todo: dict[tuple, deque] = {}  # by name and connection; each has a task
        self._tasks: set[asyncio.Task] = set()

    async def send(self, to: str, data: str | bytes, wait: bool = False) -> None:
        """`wait`: until the kernel has it for the client."""
        await self._tell(wait)("send", to=to, data=data)

    async def event(self, to: str, topic: str, data: Any, wait: bool = False) -> None:
        """What wsrelay.js tells its `on(topic)`."""
        await self._tell(wait)("event", to=to, topic=topic, data=data)

    async def close(self, to: str, code: int = 1000, reason: str = "") -> None:
        await self._link.say("close", to=to, code=code, reason=reason)

    async def control(self, to: str, **changes: Any) -> None:
        """All of it or nothing; a new `target` has accepted it then."""
        await self._link.ask("control", to=to, **changes)

    async def group_send(self, group: str, data: str | bytes, **but: str) -> None:
        """To all of a group; with **{"except": PID} but one."""
        await self._link.say("group_send", group=group, data=data, **but)

    async def group_event(self, group: str, topic: str, data: Any, **but: str) -> None:
        await self._link.say("group_event", group=group, topic=topic, data=data, **but)

    async def group_close(self, group: str, code: int = 1000, **but: str) -> None:
        await self._link.say("group_close", group=group, code=code, **but)

    def _tell(self, wait: bool):
        return self._link.ask if wait else self._link.say

    def serve(self, targets: dict[str, Target]) -> None:
        """Offers them until SIGINT or SIGTERM; prints `ready` each time it has."""
        self._targets = targets

        async def run() -> None:
            me = asyncio.current_task()
            for number in signal.SIGINT, signal.SIGTERM:
                asyncio.get_running_loop().add_signal_handler(number, me.cancel)
            try:
                await self._link.run(self._hear, self._ready, self._lost)
            except asyncio.CancelledError:
                pass
        asyncio.run(run())

    def _ready(self) -> None:
        self._start(self._offer())

    async def _offer(self) -> None:
        try:
            await self._link.ask("offer", names=[*self._targets], acks=True)
            print("ready", flush=True)
        except RelayError as why:
            log.error("no names: %s", why)
            await self._link.close()

    # Only hands over: answers that handlers wait for come the same way. What waits is
    # bounded: with `acks` each client has a window (wsrelay.window), then is not read.
    def _hear(self, heard: dict) -> None:
        if heard.get("name") not in self._targets:
            return log.info("not for a target: %s", heard)
        key = heard["name"], heard.get("pid", heard.get("ref"))
        if key in self._todo:
            return self._todo[key].append(heard)
        self._todo[key] = deque([heard])
        self._start(self._work(key))

    async def _work(self, key: tuple) -> None:
        try:
            while self._todo[key]:
                await self._handle(self._todo[key].popleft())
            del self._todo[key]
        except RelayError:
            pass  # it has gone, and `lost` follows

    async def _handle(self, heard: dict) -> None:
        kind, pid, ref = heard["type"], heard.get("pid"), heard.get("ref")
        answer = {"kind": "ok"}
        try:
            handler = getattr(self._targets[heard["name"]], kind, None)
            found = await handler(heard) if handler else None
            if kind == "http":
                answer = {"kind": "response", **found}
        except Exception as why:
            log.exception("%s has failed: pid=%s", kind, pid)
            answer = {"kind": "error", "text": str(why)[:100]}
            if kind == "message":
                await self.close(pid, 1011)
        if kind == "message":
            await self._link.say("taken", to=pid, seq=heard["seq"])
        elif ref is not None:
            await self._link.say(ref=ref, **answer)

    def _start(self, work: Coroutine) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # or nobody would hold it
        task.add_done_callback(self._tasks.discard)

    def _lost(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._todo.clear()
        for target in self._targets.values():
            target.lost()
