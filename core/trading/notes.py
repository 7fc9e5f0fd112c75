"""Notes of a person on an order, a fill or an instrument: what a subject is called, and what may be written."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.commands import WriteNote
from core.domain.events import NoteWritten
from core.domain.text import clean
from core.trading.outputs import NOTHING, Output, emit
from core.trading.state import State

MAX_NOTE = 400
ORDER, FILL, INSTRUMENT = "order:", "fill:", "instrument:"


class Notes:
    def __init__(self, state: State) -> None:
        self.state = state

    def problem(self, command: WriteNote) -> str:
        """Why nothing can be written there; empty when it can."""
        state, subject = self.state, command.subject
        kind, _, key = subject.partition(":")
        match kind + ":":
            case "order:" if key in state.orders:
                return ""
            case "instrument:" if key in state.instruments or subject in state.kept.notes:
                return ""
            case "fill:" if subject in state.kept.notes or any(fill.fill_id == key for fill in state.fills):
                return ""
        return f"there is no {subject[:60]!r} (a note is on order:ID, fill:ID or instrument:MARKET:CODE)"

    def write(self, command: WriteNote, now: int) -> Sequence[Output]:
        text = clean(command.text, MAX_NOTE).strip()
        if self.problem(command) or text == self.state.kept.notes.get(command.subject, ""):
            return NOTHING
        out: list[Output] = []
        emit(self.state, NoteWritten(ts=now, subject=command.subject, text=text, by=command.by), out)
        return out
