"""What Tab offers for a half-written word of the command line: verbs and commands first, then symbols by code, name or
initials, ids of working orders, prices and options. Pure; the grammar itself is core's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from core.domain.instrument import Instrument
from core.trading.view import OrderRow

PRICES = ("@b", "@a", "@l", "@mid", "@mkt", "@moc", "@loc", "@moo", "@loo", "@시가", "@종가", "@지정시가", "@지정종가")
OPTIONS: tuple[str, ...] = (
    "sl=",
    "tp=",
    "stop=",
    "tr=",
    "day",
    "gtc",
    "ioc",
    "fok",
    "opg",
    "ext",
    "ro",
    "po",
    "acct=",
    "all",
)
OPTIONS += ("chase=3t", "twap=10m", "추격=3틱", "분할=10분")
MOST = 12
LEAST_DIGITS = 3
"""Digits that may be the beginning of a code; fewer are a quantity."""

Offer = tuple[int, tuple[str, ...]]
"""(where the word begins, what may stand in its place)."""


def offers(
    text: str,
    cursor: int,
    *,
    verbs: Iterable[str],
    find: Callable[[str], Sequence[Instrument]],
    orders: Callable[[], Sequence[OrderRow]],
) -> Offer:
    start = text.rfind(" ", 0, cursor) + 1
    word = text[start:cursor]
    if not text[:start].strip():
        found: Iterable[str] = sorted(verb for verb in set(verbs) if verb.startswith(word.casefold()) and len(verb) > 1)
    elif word.startswith("#"):
        wanted = word[1:].casefold()
        found = (f"#{row.id[-6:]}" for row in orders() if row.id.endswith(wanted) or row.id[-6:].startswith(wanted))
    elif word.startswith("@"):
        found = (price for price in PRICES if price.startswith(word))
    else:
        found = (*(option for option in OPTIONS if word and option.startswith(word.casefold())), *_symbols(word, find))
    return start, tuple(dict.fromkeys(offer for offer in found if offer != word))[:MOST]


def _symbols(word: str, find: Callable[[str], Sequence[Instrument]]) -> Iterable[str]:
    if not word or "=" in word or (word.isdigit() and len(word) < LEAST_DIGITS):
        return ()
    return (instrument.code for instrument in find(word))
