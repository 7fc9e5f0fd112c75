"""Sends what people keep in the engine: lists, alerts, notes. No order goes this way (see tui/asking.py), so nothing is
reviewed and nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.domain.commands import ClearAlert, EditWatchlist, SetAlert, WriteNote
from core.domain.errors import HogaError
from core.ports import Receipt

if TYPE_CHECKING:
    from tui.app import HogaApp

Keep = EditWatchlist | SetAlert | ClearAlert | WriteNote


def nothing(_: Receipt) -> None: ...


class Keeping:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def send(self, command: Keep, *, taken: Callable[[Receipt], None] = nothing, text: str = "") -> None:
        """`taken` is called when it was, `text` is then said instead of the receipt. A refusal is said as it is."""
        self._app.work(partial(self._send, command, taken, text), "keep")

    async def _send(self, command: Keep, taken: Callable[[Receipt], None], text: str) -> None:
        app = self._app
        try:
            receipt = await app.desk.send(command)
        except (HogaError, OSError) as error:
            app.say("error", f"nothing is changed: {error}")
            return
        if not receipt.is_ok:
            app.say("warning", receipt.text)
            return
        taken(receipt)
        app.say("ok", text or receipt.text)
