"""The WebSocket between a program and wsrelay's backend.service: connects, again
whenever it is lost, and says and hears messages as dictionaries. wsrelay_backend.py
makes targets of it; their form stands in actors/BACKEND.md. Needs `websockets`.
"""

import asyncio
import inspect
import json
import logging
import random
from typing import Any, Callable

import websockets

PATIENCE = 10       # seconds for an answer of the relay
LONGEST_PAUSE = 10  # seconds between two tries to connect
log = logging.getLogger("wsrelay")


class RelayError(Exception):
    """The relay has refused, with an `error` of actors/error.hpp. "lost": it has gone or
    gave no answer in time, and what was asked may have happened."""

    def __init__(self, error: str, text: str):
        super().__init__(f"{error}: {text}")
        self.error = error


def pack(said: dict) -> str | bytes:
    """Returns a frame; bytes in `data` or `body` make it a binary one."""
    said = dict(said)
    part = "body" if said["type"] == "response" else "data"
    payload = said.pop(part) if isinstance(said.get(part), bytes) else None
    head = json.dumps(said)  # ASCII
    if payload is None:
        return head
    return len(head).to_bytes(4, "big") + head.encode() + payload


def unpack(frame: str | bytes) -> dict:
    if isinstance(frame, str):
        return json.loads(frame)
    end = 4 + int.from_bytes(frame[:4], "big")
    heard = json.loads(frame[4:end])
    heard["body" if heard["type"] == "http" else "data"] = frame[end:]
    return heard


class Link:
    def __init__(self, url: str, token: str = ""):
        self._url = url
        fields = {"Authorization": f"Bearer {token}"} if token else None
        names = inspect.signature(websockets.connect).parameters
        self._options = {"additional_headers" if "additional_headers" in names
                         else "extra_headers": fields}  # before websockets 14
        self._socket: Any = None
        self._asked: dict[int, asyncio.Future] = {}  # by id
        self._last_id = 0

    async def say(self, kind: str, **members: Any) -> None:
        """Says it; what the relay refuses is only logged. While the relay does not read
        this waits. Raises RelayError if there is none."""
        if self._socket is None:
            raise RelayError("lost", "there is no relay")
        try:
            await self._socket.send(pack({"type": kind, **members}))
        except websockets.ConnectionClosed as why:
            raise RelayError("lost", str(why)) from why

    async def ask(self, kind: str, **members: Any) -> dict:
        """Says it and returns the relay's `ok`; raises RelayError."""
        self._last_id = number = self._last_id + 1
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            await self.say(kind, id=number, **members)
            return await asyncio.wait_for(answer, PATIENCE)
        except asyncio.TimeoutError:
            raise RelayError("lost", f"no answer to {kind}") from None
        finally:
            del self._asked[number]

    async def run(self, hear: Callable[[dict], None], ready: Callable[[], None],
                  lost: Callable[[], None]) -> None:
        """Connects, until it is cancelled: then the relay closes clients with 1001.
        Calls `ready` with each connection, `lost` behind it."""
        tries = 0
        while True:
            try:
                async with websockets.connect(
                        self._url, subprotocols=["wsrelay.backend.1"], max_size=None,
                        **self._options) as self._socket:
                    ready()
                    async for frame in self._socket:
                        tries = 0
                        self._settle(unpack(frame), hear)
                log.warning("the relay has closed: %s", self._socket.close_reason)
            except Exception as why:  # whatever it is, the next try may be better
                is_usual = isinstance(why, (OSError, EOFError, asyncio.TimeoutError,
                                            websockets.WebSocketException))
                log.warning("no relay at %s: %s", self._url, why, exc_info=not is_usual)
            finally:
                self._socket = None
                lost()
            tries = min(tries + 1, 10)
            longest = min(LONGEST_PAUSE, 0.1 * 2 ** tries)
            await asyncio.sleep(random.uniform(0, longest))  # not all come at once

    async def drop(self) -> None:
        """Ends this connection; the next one follows."""
        if self._socket is not None:
            await self._socket.close()

    def _settle(self, heard: dict, hear: Callable[[dict], None]) -> None:
        if heard["type"] not in ("ok", "error"):
            return hear(heard)
        answer = self._asked.get(heard.get("id"))
        if answer is None:
            if heard.get("error") != "no_such_target":  # who has left: that is told
                log.warning("the relay says %s", heard)
        elif not answer.done():
            if heard["type"] == "ok":
                answer.set_result(heard)
            else:
                answer.set_exception(RelayError(heard["error"], heard.get("text", "")))
