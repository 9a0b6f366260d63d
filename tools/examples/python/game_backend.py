#!/usr/bin/env python3
"""Tic-tac-toe over one WebSocket. Clients wait at the name `lobby`; two of them are
moved to the name `game`, and back when it is over.

    python3 game_backend.py [--relay ws://HOST:PORT/]
"""

import argparse
import logging

from tictactoe import Game, Mistake, read_message
from wsrelay_backend import Backend, Target
from wsrelay_link import RelayError

log = logging.getLogger("game")


class Table:
    """What lobby and game know together: who waits and who plays whom."""

    def __init__(self, relay: Backend):
        self.relay = relay
        self.waiting: dict[str, str] = {}  # names by PID, who came first is first
        self.games: dict[str, Game] = {}   # by the PIDs of both players

    async def end(self, game: Game, left: str = "") -> None:
        """Tells both, or who stays when `left` has, and moves them to the lobby."""
        for pid in game.players:
            self.games.pop(pid, None)
        staying = [pid for pid in game.players if pid != left]
        for pid in staying:
            await self.relay.event(pid, "over", game.result(left != ""))
        for pid in staying:
            await self.transfer(pid, "lobby")

    async def transfer(self, pid: str, target: str) -> bool:
        try:
            await self.relay.control(pid, target=target)
        except RelayError as error:
            if error.error not in ("no_such_target", "closing"):  # it has left
                log.warning("not moved: target=%s reason=%s", target, error)
            return False
        return True


class Room(Target):
    """Lobby or game: what is the same in both."""

    def __init__(self, table: Table):
        self.table, self.relay = table, table.relay

    async def message(self, heard: dict) -> None:
        try:
            await self.on_message(heard["pid"], *read_message(heard["data"]))
        except Mistake as mistake:
            await self.relay.event(heard["pid"], "error", {"text": str(mistake)})

    async def leave(self, heard: dict) -> None:
        if heard["reason"] == "transferred":
            return
        self.table.waiting.pop(heard["pid"], None)
        if game := self.table.games.get(heard["pid"]):
            await self.table.end(game, left=heard["pid"])

    def lost(self) -> None:
        self.table.waiting.clear()
        self.table.games.clear()


class Lobby(Room):
    async def join(self, heard: dict) -> None:
        names = [*self.table.waiting.values()]
        await self.relay.event(heard["pid"], "lobby", {"waiting": names})

    async def on_message(self, pid: str, kind: str, name: str | int) -> None:
        waiting, games = self.table.waiting, self.table.games
        if kind != "hello" or pid in waiting or pid in games:
            raise Mistake("whoever is in the lobby says hello, once")
        while waiting:
            first = next(iter(waiting))
            game = Game((first, waiting.pop(first)), (pid, name))
            games[first] = games[pid] = game
            if await self.table.transfer(first, "game"):
                if games.get(pid) is game and not await self.table.transfer(pid, "game"):
                    await self.table.end(game, left=pid)
                return
            if games.pop(pid, None) is not game:
                return  # its `leave` has ended the game
            del games[first]  # the next one
        waiting[pid] = name
        await self.relay.event(pid, "lobby", {"waiting": [name]})


class Board(Room):
    async def join(self, heard: dict) -> None:
        game = self.table.games.get(heard["pid"])
        if game and game.arrive(heard["pid"]):
            await self.show(game)

    async def on_message(self, pid: str, kind: str, cell: int | str) -> None:
        game = self.table.games.get(pid)
        if kind != "move" or game is None:
            raise Mistake("you are not in the lobby")
        game.move(pid, cell)
        await self.show(game)
        if game.is_over:
            await self.table.end(game)

    async def show(self, game: Game) -> None:
        for pid in game.players:
            await self.relay.event(pid, "board", game.board(pid))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Tic-tac-toe over one WebSocket.")
    options.add_argument("--relay", default="ws://127.0.0.1:9191/", metavar="URL")
    relay = Backend(options.parse_args().relay)
    table = Table(relay)
    relay.serve({"lobby": Lobby(table), "game": Board(table)})
