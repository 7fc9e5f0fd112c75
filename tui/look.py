"""How this console looks and speaks: pens, words, time zone and base currency in one value that every pane holds.
And the few ways rows of the view become words, shared by all panes. It draws nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from core.domain.ids import AccountId
from core.domain.market import Freshness, Phase
from core.domain.order import OrderType, Side
from tui import format as f
from tui.widgets.grid import Cell
from tui.widgets.pens import Pens
from tui.words import Speech


class Look(msgspec.Struct, kw_only=True):
    pens: Pens
    speech: Speech
    zone: f.DisplayZone
    base_currency: str

    @property
    def language(self) -> str:
        return self.speech.language

    def word(self, english: str) -> str:
        """The word, or fixed text, of the screen's language."""
        return self.speech.word(english)

    def say(self, template: str, **fields: object) -> str:
        """A sentence of the screen's language: `say("no position in {name}", name=name)`."""
        return self.speech.say(template, **fields)

    def said(self, english: str) -> str:
        """A sentence that came in English from elsewhere, in the screen's language where it is known."""
        return self.speech.said(english)


class Named(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_ko(self) -> str: ...


TYPE_WORDS = {
    OrderType.LIMIT: "LMT",
    OrderType.MARKET: "MKT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STL",
    OrderType.TRAILING: "TRL",
    OrderType.MOC: "MOC",
}
SIDE_WORDS = {Side.BUY: "BUY", Side.SELL: "SELL"}
DOUBTFUL = frozenset({Freshness.DELAYED, Freshness.STALE, Freshness.CACHED})
"""A price of these is dim, has no hue, and what is built on it is marked ~."""


def symbol(row: Named, language: str) -> str:
    """What a person calls it: the name where the code is a number, else the code."""
    if row.code[:1].isdigit():
        return (row.name_ko if language == "ko" else "") or row.name or row.code
    return row.code


def account_tail(account: AccountId) -> str:
    """The part people know an account by."""
    return account.partition(":")[2] or account


def side_pen(side: Side) -> str:
    return "buy" if side is Side.BUY else "sell"


def tight(value: float | Decimal | None, decimals: int, cells: int) -> str:
    """A price for BID, ASK and AVG: written out when it fits, else with fewer digits and a unit."""
    text = f.number(value, decimals)
    return text if len(text) <= cells else f.compact(value)


def profit(value: Decimal | None, currency: str, look: Look, cells: int, *, glyph: bool = False) -> str:
    """A signed amount that fits: `▲ +72,000`, `-$310.50`, shortened to `+1.23M` when it must be."""
    text = f.money(value, currency, base=look.base_currency, sign=True)
    lead = f"{f.UP if value > 0 else f.DOWN if value < 0 else ' '} " if glyph and value is not None else ""
    if value is not None and f.width(lead + text) > cells:
        text = ("+" if value > 0 else "") + f.compact(value)
        if f.width(lead + text) > cells:
            lead = ""
    return lead + text


def profit_cell(
    value: Decimal | None, currency: str, look: Look, cells: int, *, glyph: bool = False, is_estimated: bool = False
) -> Cell:
    """Direction in hue and sign; an estimate is marked ~, dim and without hue."""
    room = cells - 1 if is_estimated else cells
    text = profit(value, currency, look, room, glyph=glyph)
    if value is None:
        return Cell(text, "faint")
    if not is_estimated:
        return Cell(text, f.direction(value))
    lead, figure = (text[:2], text[2:]) if glyph and text[1:2] == " " else ("", text)
    return Cell(f"{lead}~{figure}", "text-dim")


def age_cell(freshness: Freshness, phase: Phase, received: int, now: int) -> Cell:
    """The AGE column: five cells that say how far the row may be trusted, also without colour."""
    if phase is Phase.HALTED:
        return Cell(" HALT", "halted")
    if phase is Phase.CLOSED:
        return Cell("CLOSE", "text-dim")
    if freshness is Freshness.STALE:
        return Cell(f" {f.age(now - received)}!" if received else " old!", "stale")
    if phase is Phase.VI:
        return Cell(" VI  ", "halted")
    if phase is Phase.AUCTION:
        return Cell(" AUC ", "halted")
    if received == 0 or freshness is Freshness.CACHED:
        return Cell("cache", "text-dim") if received else Cell("-", "faint")
    if freshness is Freshness.DELAYED:
        return Cell("DELAY", "warning")
    age = f.age(now - received)
    return Cell(f"~{age}" if freshness is Freshness.POLLED else age, "text-dim")


_SPARKS = "▁▂▃▄▅▆▇"


def sparkline(values: tuple[float, ...], cells: int) -> str:
    """The shape of a series in `cells` cells; empty when there is nothing to compare."""
    finite = [value for value in values if value == value]  # noqa: PLR0124 - leaves NaN out
    if len(finite) < 2 or cells < 2:
        return ""
    step = max(len(finite) / cells, 1.0)
    picked = [finite[min(int((i + 1) * step) - 1, len(finite) - 1)] for i in range(min(cells, len(finite)))]
    low, high = min(picked), max(picked)
    span = high - low
    if not span:
        return _SPARKS[3] * len(picked)
    return "".join(_SPARKS[round((value - low) / span * (len(_SPARKS) - 1))] for value in picked)
