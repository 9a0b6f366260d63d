#!/usr/bin/env python3
"""Tic-tac-toe by webhooks. Clients wait in the target `lobby`; two of them are moved to
the target `game`, and back when it is over. This server is behind both.

    python3 game_webhooks.py [--listen HOST:PORT] [--api URL] [--secret whsec_...]
"""

import threading

from players import Players
from tictactoe import Game, Mistake, read_message
from wsrelay_api import ServerApi
from wsrelay_webhooks import Answer, Event, envelope, read_options, serve


class Server:
    """With the lock clients are told, so that each hears it in order, but not moved:
    a `control` waits for the event `connected`, which needs the lock. The `state` of
    who plays is the PID of the other: a server that was started again frees both."""

    def __init__(self, relay: Players):
        self.relay = relay
        self.lock = threading.Lock()
        self.waiting: dict[str, str] = {}  # names by PID, who came first is first
        self.games: dict[str, Game] = {}   # by the PIDs of both players
        self.playing: set[str] = set()     # who is at `game`, and was sent there here

    def on_event(self, event: Event) -> Answer:
        if event.kind == "connected":
            return self.enter(event.pid, event.target)
        if event.kind == "disconnected":
            if event.json()["reason"] != "transferred":
                self.leave(event)
            if event.target == "game":
                self.playing.discard(event.pid)
        elif event.kind == "message":
            try:
                kind, value = read_message(event.text)
                if event.state and self.free(event.pid, event.state):
                    return Answer(target="lobby")
                return (self.move(event.pid, value) if kind == "move"
                        else self.hello(event.pid, value, event.target))
            except Mistake as mistake:
                return Answer(envelope("error", {"text": str(mistake)}))
        return Answer()

    def enter(self, pid: str, target: str) -> Answer:
        with self.lock:
            if target == "lobby":
                return Answer(envelope("lobby", {"waiting": [*self.waiting.values()]}))
            game = self.games.get(pid)
            if game is None:  # the other player has left meanwhile
                return Answer(target="lobby")
            self.playing.add(pid)
            if game.arrive(pid):
                self.relay.show(game)
        return Answer(state=game.other(pid))

    def hello(self, pid: str, name: str, target: str) -> Answer:
        with self.lock:
            if target != "lobby" or pid in self.waiting or pid in self.games:
                raise Mistake("you wait or play already")
            if not self.waiting:
                self.waiting[pid] = name
                return Answer(envelope("lobby", {"waiting": [name]}))
            first = next(iter(self.waiting))
            game = Game((first, self.waiting.pop(first)), (pid, name))
            self.games[first] = self.games[pid] = game
        if self.relay.transfer(first, "game"):
            return Answer(target="game")
        with self.lock:  # the first one has gone; its `leave` may have ended the game
            is_over = self.games.pop(pid, None) is not game
            self.games.pop(first, None)
        return Answer() if is_over else self.hello(pid, name, target)

    def move(self, pid: str, cell: int) -> Answer:
        with self.lock:
            game = self.games.get(pid)
            if game is None:
                raise Mistake("you are in no game")
            game.move(pid, cell)
            self.relay.show(game)
            if not game.is_over:
                return Answer()
            self.end(game)
        self.relay.transfer(game.other(pid), "lobby")
        return Answer(target="lobby")

    def leave(self, event: Event) -> None:
        with self.lock:
            self.waiting.pop(event.pid, None)
            game = self.games.get(event.pid)
            if game:
                self.end(game, left=event.pid)
        if game:
            self.relay.transfer(game.other(event.pid), "lobby")
        elif event.target == "game" and event.state:
            self.free(event.pid, event.state)

    def free(self, *lost: str) -> bool:
        """Moves who plays a game that nobody knows; False if the first does not."""
        with self.lock:
            if lost[0] in self.playing:
                return False
            self.playing.update(pid for pid in lost if self.relay.show_lost(pid))
        self.relay.transfer(lost[1], "lobby")
        return True

    def end(self, game: Game, left: str = "") -> None:
        for pid in game.players:
            self.games.pop(pid, None)
            if pid != left:
                self.relay.tell(pid, "over", game.result(left != ""))


if __name__ == "__main__":
    options = read_options("Tic-tac-toe by webhooks.")
    server = Server(Players(ServerApi(options.api)))
    serve(options.listen, server.on_event, options.secret)
