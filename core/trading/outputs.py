"""What the engine answers with: facts that were applied, and commands for the outbox. Shared by its rooms."""

from __future__ import annotations

from typing import Any

from core.domain.commands import VenueCommand
from core.domain.events import DurableEvent, Event
from core.trading.state import State

Output = DurableEvent | Event | VenueCommand
NOTHING: tuple[Output, ...] = ()


def emit(state: State, event: Any, out: list[Output]) -> None:
    """Apply an event and say so."""
    state.apply(event)
    out.append(event)
