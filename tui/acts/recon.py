"""Keys of the reconcile pane: what only a person can decide. Each opens a question; the question sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.commands import Acknowledge
from core.domain.ids import code_of
from core.trading.view import ReconRow
from tui.forms.settle import SettleForm
from tui.forms.strips import Confirm
from tui.messages import Wanted

if TYPE_CHECKING:
    from tui.app import HogaApp


class Reconciling:
    def __init__(self, app: HogaApp) -> None:
        self._app = app

    def ours(self, _: str) -> None:
        """The candidate under the cursor is our UNKNOWN order."""
        row = self._row("candidate", "o says that a candidate is ours: move to one below an UNKNOWN order")
        if row is not None:
            self._app.open(SettleForm(row, is_ours=True))

    def not_placed(self, _: str) -> None:
        """The UNKNOWN order under the cursor never reached the venue."""
        row = self._row("unknown", "D says that an UNKNOWN order was never placed: move to one")
        if row is not None:
            self._app.open(SettleForm(row, is_ours=False))

    def acknowledge(self, _: str) -> None:
        """Somebody has looked at what our fills do not explain."""
        row = self._row("frozen", "E is for a holding that our fills do not explain: move to one")
        if row is not None and row.instrument is not None:
            code = code_of(row.instrument)
            text = f"{code}: looked at, strategies may trade it again"
            command = Acknowledge(account=row.account, instrument=row.instrument)
            self._app.open(Confirm(Wanted(command, text)))

    def _row(self, kind: str, otherwise: str) -> ReconRow | None:
        row = self._app.surface.recon.chosen
        if row is not None and row.kind == kind:
            return row
        self._app.say("info", otherwise)
        return None
