"""What a person is told when the console closes: what goes on without it, and what does not."""

from __future__ import annotations

from core.domain.events import StrategyStatus
from tui.look import Look
from tui.picture import Picture


def farewell(picture: Picture, look: Look, *, owns_engine: bool) -> str:
    """One line in the screen's language."""
    working = sum(1 for row in picture.orders() if row.is_working)
    running = sum(1 for row in picture.strategies() if row.status is StrategyStatus.RUNNING)
    if owns_engine:
        text = "the engine ends with this console: {running} strategies rest, {working} orders stay where they are"
    else:
        text = "the engine goes on: {running} strategies and {working} orders keep running"
    return look.say(text, running=running, working=working)
