#!/usr/bin/env python3
"""Tic-tac-toe by webhooks. Clients wait in the target `lobby`; two of them are moved to
the target `game`, and back when it is over. This server is behind both.

    python3 game_webhooks.py [--listen HOST:PORT] [--api URL] [--secret whsec_...]
"""

import logging
import threading

from tictactoe import Game, Mistake, read_message
from wsrelay_api import ApiError, ServerApi
from wsrelay_webhooks import Answer, Event, envelope, read_options, serve

log = logging.getLogger("game")

class Server:
    """With the lock clients are told, so that each hears it in order, but not moved:
    a `control` waits for the event `connected`, which needs the lock."""

    def __init__(self, api: ServerApi):
        self.api = api
        self.lock = threading.Lock()
        self.waiting: dict[str, str] = {}  # names by PID, who came first is first
        self.games: dict[str, Game] = {}   # by the PIDs of both players

    def on_event(self, event: Event) -> Answer:
        if event.kind == "connected":
            return self.enter(event.pid, event.target)
        if event.kind == "disconnected" and event.json()["reason"] != "transferred":
            self.leave(event.pid)
        elif event.kind == "message":
            try:
                kind, value = read_message(event.text)
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
            if game.arrive(pid):
                self.show(game)
        return Answer()

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
        if self.transfer(first, "game"):
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
            self.show(game)
            if not game.is_over:
                return Answer()
            self.end(game)
        self.transfer(game.other(pid), "lobby")
        return Answer(target="lobby")

    def leave(self, pid: str) -> None:
        with self.lock:
            self.waiting.pop(pid, None)
            game = self.games.get(pid)
            if game:
                self.end(game, left=pid)
        if game:
            self.transfer(game.other(pid), "lobby")

    def end(self, game: Game, left: str = "") -> None:
        for pid in game.players:
            self.games.pop(pid, None)
            if pid != left:
                self.tell(pid, "over", game.result(left != ""))

    def show(self, game: Game) -> None:
        for pid in game.players:
            self.tell(pid, "board", game.board(pid))

    def tell(self, pid: str, topic: str, data: dict) -> None:
        self.order(self.api.send, pid, envelope(topic, data))

    def transfer(self, pid: str, target: str) -> bool:
        return self.order(self.api.control, pid, target=target)

    def order(self, function, *what, **changes) -> bool:
        try:
            function(*what, **changes)
        except ApiError as error:
            if error.status not in (404, 410):  # it has left, as its event tells
                log.warning("%s has failed: %s", function.__name__, error)
            return False
        return True


if __name__ == "__main__":
    options = read_options("Tic-tac-toe by webhooks.")
    serve(options.listen, Server(ServerApi(options.api)).on_event, options.secret)
