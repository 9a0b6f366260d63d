"""Tic-tac-toe for two: who plays, whose turn it is, who has won, and the words of page
and game. It knows no network: game_webhooks.py and game_backend.py play the same game.
"""

import json

MAX_NAME = 32  # characters
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8),
         (0, 4, 8), (2, 4, 6))


class Mistake(Exception):
    """What a client said makes no sense; the text is for its eyes."""


class Game:
    """X has waited longer, and begins. Players are known by the PID of a connection."""

    def __init__(self, x: tuple[str, str], o: tuple[str, str]):
        self.players = {x[0]: "X", o[0]: "O"}  # marks by PID
        self.names = {"X": x[1], "O": o[1]}
        self.cells = "." * 9
        self.turn = "X"
        self.arrived: set[str] = set()

    def other(self, pid: str) -> str:
        return next(each for each in self.players if each != pid)

    def arrive(self, pid: str) -> bool:
        """Returns whether both are here now."""
        self.arrived.add(pid)
        return len(self.arrived) == 2

    def move(self, pid: str, cell: int) -> None:
        if len(self.arrived) < 2:
            raise Mistake("the game has not begun")
        if self.players[pid] != self.turn:
            raise Mistake("it is not your turn")
        if self.cells[cell] != ".":
            raise Mistake("that cell is taken")
        self.cells = self.cells[:cell] + self.turn + self.cells[cell + 1:]
        self.turn = "O" if self.turn == "X" else "X"

    @property
    def winner(self) -> str:
        """Returns "X" or "O", or "" if nobody has won."""
        lines = ("".join(self.cells[cell] for cell in line) for line in LINES)
        return next((line[0] for line in lines if line in ("XXX", "OOO")), "")

    @property
    def is_over(self) -> bool:
        return "." not in self.cells or self.winner != ""

    def board(self, pid: str) -> dict:
        return {"cells": self.cells, "you": self.players[pid], "turn": self.turn,
                "players": self.names}

    def result(self, left: bool) -> dict:
        return {"winner": self.winner, "cells": self.cells, "left": left}


def read_message(text: str | bytes | None) -> tuple[str, str | int]:
    """Returns ("hello", NAME) or ("move", CELL), or raises a Mistake."""
    try:
        message = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        message = None
    match message:
        case {"type": "hello", "name": str(name)} if _is_name(name):
            return "hello", name.strip()
        case {"type": "move", "cell": int(cell)} if type(cell) is int and 0 <= cell <= 8:
            return "move", cell
        case {"type": "hello"}:
            raise Mistake(f"a name has 1 to {MAX_NAME} characters")
        case {"type": "move"}:
            raise Mistake("a cell is a number from 0 to 8")
    raise Mistake("say hello, or move")


def _is_name(text: str) -> bool:
    half = any("\ud800" <= each <= "\udfff" for each in text)  # no character
    return 1 <= len(text.strip()) <= MAX_NAME and not half
