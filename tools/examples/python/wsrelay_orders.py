"""What a backend of wsrelay says, as functions, to copy with wsrelay_backend.py."""

from typing import Any

from wsrelay_link import Link


class Orders(Link):
    """`to` is a `pid`. Functions raise RelayError: those that wait, and `control`, if
    the relay refuses; others only if there is none."""

    async def send(self, to: str, data: str | bytes, wait: bool = False) -> None:
        """`wait`: until the kernel has it for the client."""
        await self._tell(wait)("send", to=to, data=data)

    async def event(self, to: str, topic: str, data: Any, wait: bool = False) -> None:
        """What wsrelay.js tells its `on(topic)`."""
        await self._tell(wait)("event", to=to, topic=topic, data=data)

    async def close(self, to: str, code: int = 1000, reason: str = "") -> None:
        await self.say("close", to=to, code=code, reason=reason)

    async def control(self, to: str, **changes: Any) -> None:
        """All of it or nothing; a new `target` has accepted it then."""
        await self.ask("control", to=to, **changes)

    async def group_send(self, group: str, data: str | bytes, wait: bool = False,
                         **but: str) -> None:
        """To all of a group; with **{"except": PID} but one. `wait`: until each of them
        has it in its queue, so that who joins then does not get it."""
        await self._tell(wait)("group_send", group=group, data=data, **but)

    async def group_event(self, group: str, topic: str, data: Any, wait: bool = False,
                          **but: str) -> None:
        await self._tell(wait)("group_event", group=group, topic=topic, data=data,
                               **but)

    async def group_close(self, group: str, code: int = 1000, **but: str) -> None:
        await self.say("group_close", group=group, code=code, **but)

    async def withdraw(self, *names: str) -> None:
        """Who has joined stays; others come to who waits for the names."""
        await self.ask("withdraw", names=names)

    def _tell(self, wait: bool):
        return self.ask if wait else self.say
