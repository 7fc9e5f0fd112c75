"""Which prices have just changed: lit with the write that brings the new figure, out again with the first flush after a
moment. It knows no pane and no clock; whoever shows says what time it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

LIT_NS = 400_000_000
MOST = 24
"""When more change in one frame, only those somebody has a stake in are lit."""


class Flashes:
    def __init__(self) -> None:
        self._lit: dict[str, tuple[str, int]] = {}
        self._last: dict[str, float] = {}

    def __bool__(self) -> bool:
        """Is anything lit, so that it must be put out?"""
        return bool(self._lit)

    def pen(self, key: str) -> str | None:
        lit = self._lit.get(key)
        return lit[0] if lit is not None else None

    def see(self, prices: Mapping[str, float | None], at: int, matters: Callable[[str], bool], *, is_on: bool) -> None:
        """New figures of one frame; None for those that must not be lit, such as stale ones. The first figure of a
        key lights nothing."""
        moved: dict[str, str] = {}
        for key, price in prices.items():
            before = self._last.get(key)
            if price is None:
                self._lit.pop(key, None)
            else:
                self._last[key] = price
                if before is not None and price != before:
                    moved[key] = "flash-up" if price > before else "flash-down"
        if not is_on:
            return
        if len(moved) > MOST:
            moved = {key: pen for key, pen in moved.items() if matters(key)}
        for key, pen in moved.items():
            self._lit[key] = (pen, at + LIT_NS)

    def put_out(self, at: int) -> Iterable[str]:
        """Keys whose time is over."""
        over = [key for key, (_, until) in self._lit.items() if until <= at]
        for key in over:
            del self._lit[key]
        return over
