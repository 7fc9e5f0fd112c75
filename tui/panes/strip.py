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
        word = self._look.word
        match form:
            case PanicMenu():
                return self._panic(form, status)
            case StrategyMenu():
                return self._strategy(form)
            case Review():
                account = self._look.hidden(status.account) if status is not None else ""
                head = f" LIVE  {word('order review')}  {account}  {word('not sent yet')} "
                keys = [
                    Cell(" y ", "badge-live"),
                    Cell(f" {word('send')}   ", "text"),
                    Cell(" Esc ", "badge-paper"),
                    Cell(f" {word('back')}   "),
                ]
                return [
                    [Cell(f.fit(head, self.room_width), "badge-live")],
                    [Cell(" "), Cell(self._look.said(form.text), "strong")],
                    [Cell(" "), *keys, Cell(context, "text-dim")],
                ]
        return [
            [
                badge(status, self._look),
                Cell(" "),
                Cell(f.clip(self._look.said(form.text), max(self.room_width - 14, 8)), "strong"),
            ],
            [
                Cell(" "),
                Cell("Enter", "key"),
                Cell(f" {word('do it')}   ", "text-dim"),
                Cell("Esc", "key"),
                Cell(f" {word('back')}", "text-dim"),
            ],
            [Cell(f" {word('nothing is sent before Enter')}", "text-dim")],
        ]

    def _panic(self, form: PanicMenu, status: StatusRow | None) -> list[list[Cell]]:
        word = self._look.word
        head = [Cell(f" ! {word('PANIC')} ", "error"), Cell(" "), badge(status, self._look), Cell("  ")]
        escape = [Cell("Esc", "key"), Cell(f" {word('back')}", "text-dim")]
        if form.choice == "flatten":
            typed = form.typed.text
            return [
                [*head, Cell(word("flatten: cancel everything, close every position"), "strong")],
                [
                    Cell(f" {self._look.say('type {word}', word=form.word)} ", "text"),
                    Cell(typed, "strong"),
                    Cell(" ", "cursor"),
                ],
                [Cell(" "), Cell("Enter", "key"), Cell(f" {word('when it reads so')}   ", "text-dim"), *escape],
            ]
        if form.choice == "halt":
            return [
                [*head, Cell(word("halt: nothing but cancels"), "strong")],
                [Cell(f" {word('orders stay where they are; :resume opens again')}", "text-dim")],
                [Cell(" "), Cell("Enter", "key"), Cell(f" {word('halt')}   ", "text-dim"), *escape],
            ]
        return [
            [*head, Cell(word("protective stops stay"), "text-dim")],
            [
                *(Cell(" "), Cell("Enter", "key"), Cell(f" {word('or')} ", "text-dim"), Cell("^X", "key")),
                Cell(f" {word('pause automatic orders, reduce only, cancel entry orders')}", "text"),
            ],
            [
                Cell(" "),
                Cell("f", "key"),
                Cell(f" {word('flatten')}   ", "text"),
                Cell("h", "key"),
                Cell(f" {word('halt')}   ", "text"),
                *escape,
            ],
        ]

    def _strategy(self, form: StrategyMenu) -> list[list[Cell]]:
        word = self._look.word
        choices: list[Cell] = [Cell(" ")]
        for key, action in form.actions:
            chosen = action is form.choice
            choices += [
                Cell(f" {key} ", "key"),
                Cell(f"{word(action.value)} ", "tab-active" if chosen else "text"),
                Cell("  "),
            ]
        return [
            [Cell(f" {word('strategy')} ", "text-dim"), Cell(form.name, "strong")],
            choices,
            [
                *(Cell(" "), Cell("Enter", "key"), Cell(f" {word(form.choice)}   ", "text-dim")),
                *(Cell("Esc", "key"), Cell(f" {word('back')}", "text-dim")),
            ],
        ]
