"""A backend of wsrelay over one WebSocket, to copy with wsrelay_orders.py and
wsrelay_link.py: offers names, hands what comes to their `Target`s. On asyncio.

What comes of one connection at one name is handled in order, one after the other. A
handler that raises is logged: it refuses the join, and a client whose message it was
closes with 1011. What is in a message of the relay: actors/BACKEND.md.
"""

import asyncio
import logging
import signal
from collections import deque
from typing import Callable, Coroutine

from wsrelay_link import RelayError
from wsrelay_orders import Orders

log = logging.getLogger("wsrelay")


def say_ready(waiting: list[str]) -> None:
    print("ready" if not waiting else f"waiting for {', '.join(waiting)}", flush=True)


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


class Backend(Orders):
    """Says what stands in wsrelay_orders.py, to any `pid`, and hears for targets."""

    def __init__(self, url: str, token: str = ""):
        super().__init__(url, token)
        self._targets: dict[str, Target] = {}
        self._joined: set[tuple[str, str]] = set()  # name and pid
        self._todo: dict[tuple, deque] = {}  # by name and connection; each has a task
        self._tasks: set[asyncio.Task] = set()

    def serve(self, targets: dict[str, Target],
              on_ready: Callable[[list[str]], None] = say_ready) -> None:
        """Offers them until SIGINT or SIGTERM, or with SIGUSR1 hands over before. Calls
        `on_ready` each time, with the names that are somebody else's until then."""
        self._targets = targets

        async def run() -> None:
            me, loop = asyncio.current_task(), asyncio.get_running_loop()
            for number in signal.SIGINT, signal.SIGTERM:
                loop.add_signal_handler(number, me.cancel)
            loop.add_signal_handler(signal.SIGUSR1, self._start_over, me)
            try:
                await self.run(self._hear, lambda: self._start(self._offer(on_ready)),
                               self._lost)
            except asyncio.CancelledError:
                pass
        asyncio.run(run())

    async def _offer(self, on_ready: Callable[[list[str]], None]) -> None:
        try:
            found = await self.ask("offer", names=[*self._targets], acks=True)
            on_ready(found.get("waiting", []))
        except RelayError as why:
            log.error("no names: %s", why)
            await self.drop()

    async def hand_over(self) -> None:
        """Moves everybody to who waits for the names, another one of this program, and
        returns when they have left."""
        await self.withdraw(*self._targets)
        while self._joined:
            for name, pid in list(self._joined):
                try:
                    await self.control(pid, target=name)
                except RelayError as why:
                    log.info("not moved: %s", why)
            await asyncio.sleep(0.5)

    def _start_over(self, me: asyncio.Task) -> None:
        task = self._start(self.hand_over())
        task.add_done_callback(lambda _: me.cancel())

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
            log.error("%s has failed: pid=%s: %s", kind, pid, why,
                      exc_info=not isinstance(why, RelayError))
            answer = {"kind": "error", "text": str(why)[:100]}
            if kind == "message":
                await self.close(pid, 1011)
        if kind in ("join", "leave"):
            is_in = kind == "join" and answer["kind"] == "ok"
            (self._joined.add if is_in else self._joined.discard)((heard["name"], pid))
        if kind == "message":
            await self.say("taken", to=pid, seq=heard["seq"])
        elif ref is not None:
            await self.say(ref=ref, **answer)

    def _start(self, work: Coroutine) -> asyncio.Task:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # or nobody would hold it
        task.add_done_callback(self._tasks.discard)
        return task

    def _lost(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._todo.clear()
        self._joined.clear()
        for target in self._targets.values():
            target.lost()
