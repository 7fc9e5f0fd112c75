"""The strip over the last three rows: draws whichever of confirm, review, panic and strategy menu is open."""

from __future__ import annotations

from core.trading.view import StatusRow
from tui import format as f
from tui.forms.strips import Confirm, PanicMenu, Review, StrategyMenu
from tui.look import Look, badge
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

StripForm = Confirm | PanicMenu | StrategyMenu


class StripPane(Sheet):
    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="strip")
        self._look = look

    def show(self, form: StripForm, status: StatusRow | None, context: str = "") -> None:
        """`context`: a line about the market at this moment, for the review."""
        rows = self._rows(form, status, context)
        ground = "live-tint" if isinstance(form, Review) else "raised"
        for y in range(3):
            self.put_line(y, rows[y] if y < len(rows) else [], ground=ground)
        self.flush()

    def _rows(self, form: StripForm, status: StatusRow | None, context: str) -> list[list[Cell]]:
        match form:
            case PanicMenu():
                return self._panic(form, status)
            case StrategyMenu():
                return self._strategy(form)
            case Review():
                account = self._look.hidden(status.account) if status is not None else ""
                head = f" LIVE  order review  {account}  not sent yet "
                keys = [
                    Cell(" y ", "badge-live"),
                    Cell(" send   ", "text"),
                    Cell(" Esc ", "badge-paper"),
                    Cell(" back   "),
                ]
                return [
                    [Cell(f.fit(head, self.room_width), "badge-live")],
                    [Cell(" "), Cell(form.text, "strong")],
                    [Cell(" "), *keys, Cell(context, "text-dim")],
                ]
        return [
            [badge(status, self._look), Cell(" "), Cell(f.clip(form.text, max(self.room_width - 14, 8)), "strong")],
            [
                Cell(" "),
                Cell("Enter", "key"),
                Cell(" do it   ", "text-dim"),
                Cell("Esc", "key"),
                Cell(" back", "text-dim"),
            ],
            [Cell(" nothing is sent before Enter", "text-dim")],
        ]

    def _panic(self, form: PanicMenu, status: StatusRow | None) -> list[list[Cell]]:
        head = [Cell(" ! PANIC ", "error"), Cell(" "), badge(status, self._look), Cell("  ")]
        escape = [Cell("Esc", "key"), Cell(" back", "text-dim")]
        if form.choice == "flatten":
            typed = form.typed.text
            return [
                [*head, Cell("flatten: cancel everything, close every position", "strong")],
                [Cell(f" type {form.word} ", "text"), Cell(typed, "strong"), Cell(" ", "cursor")],
                [Cell(" "), Cell("Enter", "key"), Cell(" when it reads so   ", "text-dim"), *escape],
            ]
        if form.choice == "halt":
            return [
                [*head, Cell("halt: nothing but cancels", "strong")],
                [Cell(" orders stay where they are; :resume opens again", "text-dim")],
                [Cell(" "), Cell("Enter", "key"), Cell(" halt   ", "text-dim"), *escape],
            ]
        return [
            [*head, Cell("protective stops stay", "text-dim")],
            [
                *(Cell(" "), Cell("Enter", "key"), Cell(" or ", "text-dim"), Cell("^X", "key")),
                Cell(" pause automatic orders, reduce only, cancel entry orders", "text"),
            ],
            [
                Cell(" "),
                Cell("f", "key"),
                Cell(" flatten   ", "text"),
                Cell("h", "key"),
                Cell(" halt   ", "text"),
                *escape,
            ],
        ]

    def _strategy(self, form: StrategyMenu) -> list[list[Cell]]:
        choices: list[Cell] = [Cell(" ")]
        for key, action in form.actions:
            chosen = action is form.choice
            choices += [
                Cell(f" {key} ", "key"),
                Cell(f"{action.value} ", "tab-active" if chosen else "text"),
                Cell("  "),
            ]
        return [
            [Cell(" strategy ", "text-dim"), Cell(form.name, "strong")],
            choices,
            [
                *(Cell(" "), Cell("Enter", "key"), Cell(f" {form.choice} it   ", "text-dim")),
                *(Cell("Esc", "key"), Cell(" back", "text-dim")),
            ],
        ]
