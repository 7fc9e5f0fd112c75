"""The strategies: state, signal, profit; the reason a strategy is not running stands in its row."""

from __future__ import annotations

from core.domain.events import StrategyStatus
from core.trading.view import Slice, StrategyRow
from tui import format as f
from tui.look import Look, profit, profit_cell
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid

_STATE = 14
_STATES = {
    StrategyStatus.RUNNING: ("●", "RUN", "text"),
    StrategyStatus.PAUSED: ("◆", "PAUSED", "stale"),
    StrategyStatus.STOPPED: ("■", "STOPPED", "text-dim"),
    StrategyStatus.FAILED: ("✕", "FAILED", "error"),
}


class StrategiesPane(Grid):
    slices = (Slice.STRATEGIES,)
    title = "Strategies"

    def __init__(self, look: Look) -> None:
        super().__init__(
            (
                Column("name", "NAME", 10),
                Column("account", "ACCT", 6, drop=6),
                Column("symbols", "SYMBOL", 10, drop=7),
                Column("state", "STATE", _STATE),
                Column("profit", "P&L", 11, "right", number=True),
                Column("position", "POS", 8, "right", number=True, drop=5),
                Column("trades", "TRADES", 6, "right", number=True, drop=4),
                Column("signal", "SIGNAL", 6, drop=1),
                Column("drawdown", "DRAWDOWN", 9, "right", number=True, drop=9),
                Column("next", "NEXT", 5, "right", drop=2),
                Column("why", "WHY", 16, drop=8, grow=True),
            ),
            look.pens,
            word=look.word,
            id="strategies",
        )
        self._look = look
        self.subject = ""
        self.set_empty([Cell("No strategies. Settings: [strategies.NAME]")])

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        rows = picture.strategies()
        for row in rows:
            if dirty is None or row.key in dirty:
                self.put(row.key, strategy_cells(row, now, self._look))
        self.set_order([row.key for row in rows])
        running = sum(1 for row in rows if row.status is StrategyStatus.RUNNING)
        self.subject = f"{running}/{len(rows)}" if rows else ""

    def age(self, picture: Picture, now: int) -> None:
        for row in picture.strategies():
            if row.status is StrategyStatus.RUNNING:
                self.put(row.key, strategy_cells(row, now, self._look))

    @property
    def facts(self) -> tuple[Cell, ...]:
        return ()


def strategy_cells(row: StrategyRow, now: int, look: Look) -> tuple[Cell, ...]:
    """name, account, symbols, state, profit, position, trades, signal, drawdown, next, why."""
    glyph, word, pen = _STATES[row.status]
    reason = look.word(word)
    if row.status is StrategyStatus.RUNNING and row.gate:
        glyph, reason, pen = "◆", look.said(row.gate), "stale"
    state = f"{glyph} {reason}"
    if pen in ("stale", "error"):  # a chip hugs its text, where there is room
        state = f" {state}" if f.width(state) + 2 > _STATE else f" {state} "
    following = "-" if row.next_bar is None else _until(row.next_bar - now)
    return (
        Cell(row.name, "text" if row.status is not StrategyStatus.STOPPED else "text-dim"),
        Cell(look.account(row.account), "text-dim"),
        Cell(" ".join(row.codes), "text-dim"),
        Cell(state, pen),
        profit_cell(row.profit, row.currency, look, 11),
        Cell(look.quantity(row.position, 8), "text"),
        Cell(str(row.trades), "text-dim"),
        Cell(row.signal, "text"),
        Cell(profit(row.drawdown, row.currency, look, 9), "text-dim"),
        Cell(following, "text-dim"),
        Cell(look.said(row.text or row.detail), "warning" if row.text else "text-dim"),
    )


def _until(nanoseconds: int) -> str:
    seconds = max(nanoseconds, 0) // f.NS
    return f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"
