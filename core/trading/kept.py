"""What people keep in the journal besides orders: watchlists as they changed them, price alerts, notes. Part of State;
it folds its own events and knows nothing of markets or money."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.domain.alert import Alert
from core.domain.events import AlertCleared, AlertFired, AlertSet, NoteWritten, WatchlistChanged
from core.domain.ids import InstrumentId

FIRED_KEPT = 200


class Kept:
    def __init__(self) -> None:
        self.watchlists: dict[str, tuple[InstrumentId, ...] | None] = {}
        """Lists that were changed here; None for one that was deleted. What the settings say is not in it."""
        self.alerts: dict[str, Alert] = {}
        """Those that wait."""
        self.alert_count = 0
        """How many were ever set: the next one's number follows."""
        self.fired: dict[str, tuple[Alert, AlertFired]] = {}
        """The newest that fired, oldest first."""
        self.notes: dict[str, str] = {}
        self.folds: dict[type, Callable[[Any], None]] = {
            WatchlistChanged: self._watchlist,
            AlertSet: self._set,
            AlertCleared: self._cleared,
            AlertFired: self._fired,
            NoteWritten: self._note,
        }

    def _watchlist(self, event: WatchlistChanged) -> None:
        if event.is_seed:
            self.watchlists.pop(event.name, None)
        else:
            self.watchlists[event.name] = None if event.is_deleted else event.instruments

    def _set(self, event: AlertSet) -> None:
        self.alerts[event.alert.id] = event.alert
        self.alert_count += 1

    def _cleared(self, event: AlertCleared) -> None:
        self.alerts.pop(event.id, None)
        self.fired.pop(event.id, None)

    def _fired(self, event: AlertFired) -> None:
        alert = self.alerts.pop(event.id, None)
        if alert is not None:
            self.fired[event.id] = (alert, event)
            if len(self.fired) > FIRED_KEPT:
                del self.fired[next(iter(self.fired))]

    def _note(self, event: NoteWritten) -> None:
        if event.text:
            self.notes[event.subject] = event.text
        else:
            self.notes.pop(event.subject, None)
