"""How this console looks and speaks: pens, words, time zone, base currency and what is masked, in one value that every
pane holds. And the few ways rows of the view become words, shared by all panes. It draws nothing."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from typing import Protocol

import msgspec

from core.config import Settings
from core.domain.account import Mode
from core.domain.ids import AccountId
from core.domain.market import Freshness, Phase
from core.domain.order import OrderType, Side
from core.trading.view import StatusRow
from tui import format as f
from tui import theme as colours_of
from tui.widgets.grid import Cell
from tui.widgets.pens import Pens
from tui.words import Speech

MASK = "***"
"""Stands for what nobody else shall read; always as long, so that it says nothing about the figure."""
_DIGITS = re.compile(r"\d[\d,.]*")


class Look(msgspec.Struct, kw_only=True):
    pens: Pens
    speech: Speech
    zone: f.DisplayZone
    base_currency: str
    theme: str = "dark"
    preset: str = "us"
    has_colour: bool = True
    is_slow: bool = False
    """The line to the terminal is slow: no flash, no sparkline, fewer pictures."""
    is_masked: bool = False
    """Somebody else looks at this screen: accounts and amounts are hidden, prices and percentages are not."""

    def dress(self, *, theme: str | None = None, preset: str | None = None) -> None:
        """Other colours. Whoever holds pens must be given the new ones."""
        self.theme, self.preset = theme or self.theme, preset or self.preset
        self.pens = colours_of.pens(self.theme, self.preset, has_colour=self.has_colour)

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

    def told(self, kind: str, text: str) -> tuple[str, str]:
        """Kind and text of a log line."""
        return self.speech.told(kind, text)

    @property
    def rail(self) -> str:
        """What both outer columns are made of where the console looks live."""
        return "┃" if self.has_colour else "║"

    # ---- what a mask hides: the one place that decides; panes ask here for all that is private

    def hidden(self, text: str) -> str:
        """`text`, or the mask."""
        return MASK if self.is_masked and text not in ("", f.MISSING) else text

    def money(self, amount: Decimal | None, currency: str, *, sign: bool = False) -> str:
        return self.hidden(f.money(amount, currency, base=self.base_currency, sign=sign))

    def quantity(self, value: Decimal, cells: int = 99) -> str:
        """Of a position or an order; what a market trades is not private."""
        return self.hidden(f.quantity_in(value, cells))

    def account(self, account: str) -> str:
        """The part people know an account by."""
        return self.hidden(account_tail(AccountId(account)))

    def prose(self, text: str) -> str:
        """A sentence that may name amounts: its figures go, for nobody can tell a price from a quantity there."""
        return _DIGITS.sub("*", text) if self.is_masked else text


def make_look(settings: Settings) -> Look:
    """From settings and NO_COLOR."""
    console = settings.console
    preset = console.colours or colours_of.default_preset(console.language)
    has_colour = not os.environ.get("NO_COLOR")
    return Look(
        pens=colours_of.pens(console.theme, preset, has_colour=has_colour),
        speech=Speech(console.language),
        zone=f.DisplayZone(console.zone),
        base_currency=settings.engine.base_currency,
        theme=console.theme,
        preset=preset,
        has_colour=has_colour,
        is_slow=console.slow == "on",
    )


def looks_live(status: StatusRow | None) -> bool:
    """Must this console look like real money? So it does in LIVE, and in the rehearsal of it."""
    return status is not None and (status.mode is Mode.LIVE or status.is_rehearsal)


def badge(status: StatusRow | None, look: Look) -> Cell:
    """` PAPER `, ` LIVE ` or ` REPLAY ` as the desk says; without colour brackets carry what is not reversed."""
    text = status.badge if status is not None else "..."
    if looks_live(status):
        return Cell(f" {text} ", "badge-live")
    return Cell(f" {text} " if look.has_colour else f"[{text}]", "badge-paper")


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
    OrderType.LOC: "LOC",
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
    """A price for BID, ASK and AVG: written out when it fits, that of a cheap coin without its first zero; else with
    fewer digits and a unit or a power of ten."""
    text = f.number(value, decimals)
    if len(text) <= cells:
        return text
    if value is None or not 0 < abs(float(value)) < 1:
        return f.compact(value)
    bare = text.replace("0.", ".", 1)
    return bare if len(bare) <= cells else f"{value:.2e}".replace("e-0", "e-")


def profit(value: Decimal | None, currency: str, look: Look, cells: int, *, glyph: bool = False) -> str:
    """A signed amount that fits: `▲ +72,000`, `-$310.50`, shortened to `+1.23M` when it must be."""
    text = look.money(value, currency, sign=True)
    lead = f"{f.UP if value > 0 else f.DOWN if value < 0 else ' '} " if glyph and value is not None else ""
    if value is not None and f.width(lead + text) > cells and not look.is_masked:
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
