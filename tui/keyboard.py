"""What stands between the terminal and the actions: bursts that no hand types are dropped, and Hangul jamo typed for
hot keys count as the Latin keys they sit on. Pure: it reads the times that come with the keys and no clock."""

from __future__ import annotations

from enum import Enum

from core.trading import hangul

BURST_SECONDS = 0.020
BURST_KEYS = 3
"""More printable keys than this within BURST_SECONDS, outside an input, are a paste or a terminal's reply."""
ARM_SECONDS = 0.250
"""For so long after it opened, or after focus moved, a form does not take its sending key."""
HELD_SECONDS = 0.700
"""One key again and again, never farther apart than this, may be one that hangs: repeats begin after 0.25 to 0.66 s."""


def latin_keys(character: str) -> str:
    """The Latin keys under one Hangul character, as on a two-set keyboard; empty for anything else."""
    if len(character) != 1 or character.isascii():
        return ""
    typed = hangul.keys(character)
    return typed if typed.isascii() else ""


class Verdict(Enum):
    TAKE = "take"
    BURST = "burst"
    """The burst became certain with this key: undo what its first keys opened, and say so."""
    DROP = "drop"
    """Another key of the same burst."""


class BurstGuard:
    """Tells typing from pastes and terminal replies by the times between keys.

    A burst begins outside an input; what its first keys open does not make the rest of it input. Once it is certain,
    keys are dropped until the line is quiet for BURST_SECONDS.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._is_dropping = False
        self._last = float("-inf")

    def press(self, at: float, *, is_printable: bool, is_input: bool) -> Verdict:
        """Judge a key that came at `at` seconds. `is_input`: it goes to a text field that was open before the burst."""
        is_quiet = at - self._last > BURST_SECONDS
        self._last = at
        if self._is_dropping and not is_quiet:
            return Verdict.DROP
        self._is_dropping = False
        self._times = [time for time in self._times if at - time <= BURST_SECONDS]
        if not is_printable or (is_input and not self._times):
            return Verdict.TAKE
        self._times.append(at)
        if len(self._times) <= BURST_KEYS:
            return Verdict.TAKE
        self._times.clear()
        self._is_dropping = True
        return Verdict.BURST

    def is_beginning(self, at: float) -> bool:
        """Would a key at `at` be the first of a possible burst?"""
        return not any(at - time <= BURST_SECONDS for time in self._times)
