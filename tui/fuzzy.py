"""How well a few typed letters fit a text: all of them in order, the closer together and the nearer to the beginnings
of words the better. Hangul is compared by syllable and by initials."""

from __future__ import annotations

import unicodedata

from core.trading.hangul import initials, is_initials, typed_initials

_GAP = 12
"""Letters further apart than this were not meant together."""


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def score(typed: str, text: str) -> int | None:
    """Higher is better; None when it does not fit. Every word typed must fit; both are taken as they come."""
    whole = fold(text)
    total = 0
    for part in fold(typed).split():
        found = _part(typed_initials(part), initials(whole)) if is_initials(part) else _part(part, whole)
        if found is None:
            return None
        total += found
    return total


def _part(part: str, text: str) -> int | None:
    place = text.find(part)
    if place >= 0:
        return 100 + (50 if place == 0 or not text[place - 1].isalnum() else 0) - min(place, 40)
    points, at = 0, -1
    for letter in part:
        place = text.find(letter, at + 1)
        if place < 0:
            return None
        is_start = place == 0 or not text[place - 1].isalnum()
        points += 8 if is_start else 4 if place == at + 1 else -min(place - at, 8)
        if at >= 0 and place - at > _GAP:
            return None
        at = place
    return points if points > 0 else None
