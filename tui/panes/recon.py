"""Ours against the venue's, account by account: when it was read and what came of it, then each difference with what
it means and the key that mends it; orders that may be an UNKNOWN one stand below it, to be compared. It decides
nothing."""

from __future__ import annotations

from core.trading.view import ReconRow, Slice
from tui import format as f
from tui.look import Look
from tui.picture import Picture
from tui.widgets.grid import Cell, Column, Grid
from tui.widgets.sheet import Roomy

KINDS = {
    "reading": ("account", "strong"),
    "unknown": ("UNKNOWN", "unknown"),
    "candidate": ("candidate", "text"),
    "inferred": ("inferred", "text-dim"),
    "frozen": ("unexplained", "warning"),
    "position": ("holding", "warning"),
    "odd": ("odd", "warning"),
}
"""kind -> its word and pen."""
MENDS = {
    "unknown": ("D", "D: the venue never had it. One below may be it: go there and press o"),
    "candidate": ("o", "o: this one is ours"),
    "frozen": ("E", "E: I have looked, strategies may trade it again"),
}
"""kind -> the key that mends it, and what it does."""


WIDE_FROM = 100
"""A pane of this many cells says in each row what it means; in a narrow one the selected row does, below."""


class ReconPane(Roomy, Grid):
    slices = (Slice.RECON,)
    title = "Reconcile"

    def __init__(self, look: Look) -> None:
        super().__init__(_columns(is_wide=False), look.pens, word=look.word, id="recon")
        self._look = look
        self._is_wide = False
        self._rows_by_key: dict[str, ReconRow] = {}
        self.set_empty([Cell("no account was read yet", "text-dim")])

    @property
    def chosen(self) -> ReconRow | None:
        """The row under the cursor; before there is one, the first, where it will stand."""
        return self._rows_by_key.get(self.cursor or (self.keys[0] if self.keys else ""))

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        if (is_wide := self.room_width >= WIDE_FROM) != self._is_wide:
            self._is_wide = is_wide
            self.set_columns(_columns(is_wide=is_wide))
        rows = picture.recon()
        self._rows_by_key = {row.key: row for row in rows}
        for row in rows:
            self.put(row.key, self._cells(row))
        self.set_order([row.key for row in rows])
        self._tell()

    def move_cursor(self, by: int) -> None:
        super().move_cursor(by)
        self._tell()

    def cursor_to(self, place: int | str) -> None:
        super().cursor_to(place)
        self._tell()

    # ---- in the rule

    @property
    def subject(self) -> str:
        read = [row.ts for row in self._rows_by_key.values() if row.kind == "reading" and row.ts]
        return self._look.say("read {time}", time=self._look.zone.clock(min(read))) if read else ""

    @property
    def facts(self) -> tuple[Cell, ...]:
        odd = sum(1 for row in self._rows_by_key.values() if not row.is_ok)
        if odd:
            return (Cell(f" {self._look.say('{count} to look at', count=odd)} ", "warning"),)
        return (Cell(self._look.word("no difference"), "text-dim"),) if self._rows_by_key else ()

    # ---- rows

    def _cells(self, row: ReconRow) -> tuple[Cell, ...]:
        look = self._look
        word, pen = KINDS.get(row.kind, (row.kind, "text"))
        what = Cell(f" {look.word(word)}" if row.kind != "reading" else look.account(row.account), pen)
        if row.kind == "unknown":
            what = Cell(f"? {look.word(word)} ", pen)
        key, _ = MENDS.get(row.kind, ("", ""))
        ours, theirs = (Cell(look.prose(look.said(text)), "text") for text in (row.ours, row.theirs))
        if not self._is_wide:
            return what, ours, theirs, Cell(key, "key")
        at = Cell(look.zone.clock(row.ts) if row.ts else f.MISSING, "text-dim")
        means = Cell(look.prose(look.said(row.text)), "text-dim" if row.is_ok else "text")
        return what, at, ours, theirs, means, Cell(key, "key")

    def _tell(self) -> None:
        """Below the rows: the selected one at full length, and its keys."""
        row, look = self.chosen, self._look
        if row is None:
            self.set_foot(())
            return
        _, mend = MENDS.get(row.kind, ("", ""))
        means = "  |  ".join(part for part in (look.said(row.ours), look.said(row.theirs)) if part)
        lines = [[Cell(f" {look.prose(look.said(row.text))}", "text" if row.is_ok else "warning")]]
        lines.append([Cell(f" {look.prose(means)}", "text-dim")])
        lines.append([Cell(f" {look.word(mend)}" if mend else "", "accent")])
        self.set_foot(lines)


def _columns(*, is_wide: bool) -> tuple[Column, ...]:
    what, key = Column("what", "WHAT", 12), Column("key", "KEY", 3)
    if not is_wide:
        return what, Column("ours", "OURS", 27), Column("theirs", "VENUE", 30, grow=True), key
    sides = Column("ours", "OURS", 34), Column("theirs", "VENUE", 39)
    return what, Column("at", "AT", 8), *sides, Column("means", "MEANS", 10, grow=True), key
