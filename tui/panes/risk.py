"""The limits of the gate with what is used of them now, the nearest to its limit first; then those that stand for
single orders. It shows what the engine counts and judges nothing."""

from __future__ import annotations

from decimal import Decimal

from core.domain.decimals import parse
from core.domain.errors import InvalidValue
from core.trading.risk.usage import LimitRow
from core.trading.view import Slice
from tui import format as f
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid
from tui.widgets.sheet import Roomy

BAR = 10
NEAR, FULL = Decimal("0.75"), Decimal(1)
"""From these shares on a limit is worth a look, and reached."""


class RiskPane(Roomy, Grid):
    slices = (Slice.SYSTEM,)
    title = "Limits"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("name", "LIMIT", 26, grow=True),
                Column("account", "ACCT", 8, drop=3),
                Column("bar", "USE", BAR + 5),
                Column("used", "USED", 13, "right", number=True),
                Column("limit", "OF", 13, "right", number=True),
                Column("waiting", "WAITS", 13, "right", drop=2),
            ),
            look.pens,
            word=look.word,
            id="risk",
        )
        self._look = look
        self.subject = ""
        self._near = 0
        self.set_empty([Cell("asking the engine", "text-dim")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        row = picture.system
        rows = sorted(row.limits, key=lambda limit: -_rank(limit)) if row is not None else []
        keys = []
        for limit in rows:
            keys.append(f"{limit.name}|{limit.account}")
            self.put(keys[-1], self._cells(limit))
        self.set_order(keys)
        self._near = sum(1 for limit in rows if (share_of(limit) or Decimal(0)) >= NEAR)

    @property
    def facts(self) -> tuple[Cell, ...]:
        if self._near:
            return (Cell(f" {self._look.say('{count} near', count=self._near)} ", "warning"),)
        return (Cell(self._look.word(":limit NAME VALUE tightens"), "text-dim"),)

    def _cells(self, limit: LimitRow) -> tuple[Cell, ...]:
        look, share = self._look, share_of(limit)
        pen = "text-dim"
        bar = ""
        if share is not None:
            pen = "error" if share >= FULL else "warning" if share >= NEAR else "text-dim"
            full = min(int(share * BAR), BAR)
            bar = f"{'█' * full}{'·' * (BAR - full)} {min(int(share * 100), 999)}%"
        elif limit.used == "?":
            bar, pen = look.word("not known"), "warning"
        return (
            Cell(limit.name if (word := look.word(limit.name)) == limit.name else f"{word} {limit.name}", "text"),
            Cell(look.account(limit.account) if limit.account else "", "text-dim"),
            Cell(bar, pen),
            Cell(look.hidden(look.said(_figure(limit.used))), "text" if limit.used else "faint"),
            Cell(_figure(limit.limit), "text-dim"),
            Cell(_figure(limit.waiting), "warning"),
        )


def share_of(limit: LimitRow) -> Decimal | None:
    """Part of the limit that is used; None where nothing is counted, or it is not known."""
    try:
        used, most = parse(limit.used, limit.name), parse(limit.limit, limit.name)
    except InvalidValue:
        return None
    return used / most if most > 0 else None


def _rank(limit: LimitRow) -> Decimal:
    """Not known comes first: it refuses. Then by share, then what counts nothing."""
    if limit.used == "?":
        return Decimal(1_000_000)
    share = share_of(limit)
    return Decimal(-1) if share is None else share


def _figure(text: str) -> str:
    try:
        value = parse(text, "limit")
    except InvalidValue:
        return text
    whole, point, rest = f"{value:f}".partition(".")
    return f"{int(whole):,}{point}{rest}" if len(whole) > 3 else f.clip(text, 13)
