"""What game_webhooks.py tells players by the server API. That one of them has left is no
mistake: an event tells of it, too.
"""

import logging

from tictactoe import Game
from wsrelay_api import ApiError, ServerApi
from wsrelay_webhooks import envelope

log = logging.getLogger("game")


class Players:
    def __init__(self, api: ServerApi):
        self.api = api

    def tell(self, pid: str, topic: str, data: dict) -> bool:
        """Returns whether it is there."""
        return self._order(self.api.send, pid, envelope(topic, data))

    def show(self, game: Game) -> None:
        for pid in game.players:
            self.tell(pid, "board", game.board(pid))

    def show_lost(self, pid: str) -> bool:
        return self.tell(pid, "over", {"winner": "", "cells": "." * 9, "left": True})

    def transfer(self, pid: str, target: str) -> bool:
        """Returns whether it is there now."""
        return self._order(self.api.control, pid, target=target)

    def _order(self, function, *what, **changes) -> bool:
        try:
            function(*what, **changes)
        except ApiError as error:
            if error.status not in (404, 410):
                log.warning("%s has failed: %s", function.__name__, error)
            return False
        return True
