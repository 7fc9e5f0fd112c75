"""Hostile strings through every screen, in a real pseudo-terminal: tests/tui/hostile_pty.py tells how.
`--points` is how many are shown on every screen."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from tests.tui import hostile_pty

POINTS, MID, SHORT = 10_000, 2_000, 60


def run(points: int, seed: int) -> dict[str, Any]:
    started = perf_counter()
    told = hostile_pty.run(points, seed)
    least = min(told.screens.values(), default=0)
    return {
        **{"name": "hostile", "seed": seed, "screens": told.screens, "bytes": told.bytes},
        **{"foreign": told.foreign, "actions": told.actions, "crash": told.crash, "fewest_on_a_screen": least},
        "result": f"{sum(told.foreign.values())} sequences, {bool(told.crash):d} crashes, {told.actions} actions "
        f"on {len(told.screens)} screens",
        "target": "0, 0, 0",
        "seconds": round(perf_counter() - started, 1),
        "ok": told.is_clean and least >= points,
    }
