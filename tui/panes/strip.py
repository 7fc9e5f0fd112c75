"""The strip over the last three rows: draws whichever of confirm, review, panic and strategy menu is open."""

from __future__ import annotations

from core.domain.ids import name_of
from core.trading.view import StatusRow
from tui import format as f
from tui.forms.review import Review
from tui.forms.settle import SettleForm
from tui.forms.strips import Confirm, PanicMenu, StrategyMenu
from tui.look import Look, badge
from tui.panes.review import review_rows
from tui.picture import Picture
from tui.widgets.grid import Cell
from tui.widgets.lines import OverStrip
from tui.widgets.sheet import Sheet

StripForm = Confirm | PanicMenu | StrategyMenu


class StripPane(Sheet):
    strip_kind = OverStrip

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="strip")
        self._look = look

    def show(self, form: StripForm, picture: Picture, now: int, *, is_sending: bool = False) -> None:
        is_review = isinstance(form, Review)
        rows = self._rows(form, picture, now, is_sending)
        for y in range(3):
            self.put_line(y, rows[y] if y < len(rows) else [], ground="live-tint" if is_review else "raised")
        self.flush()

    def _rows(self, form: StripForm, picture: Picture, now: int, is_sending: bool) -> list[list[Cell]]:
        word, status = self._look.word, picture.status
        match form:
            case PanicMenu():
                return self._panic(form, status)
            case StrategyMenu():
                return self._strategy(form)
            case SettleForm():
                return self._settle(form, status)
            case Review():
                return review_rows(form, picture, self._look, self.room_width, now, is_sending=is_sending)
        return [
            [
                badge(status, self._look),
                Cell(" "),
                Cell(f.clip(self._look.said(form.wanted.text), max(self.room_width - 14, 8)), "strong"),
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
        scope = [Cell(f"{name_of(form.account)}  ", "strong")] if form.account is not None else []
        head = [Cell(f" ! {word('PANIC')} ", "error"), Cell(" "), badge(status, self._look), Cell("  "), *scope]
        escape = [Cell("Esc", "key"), Cell(f" {word('back')}", "text-dim")]
        if form.choice == "flatten" and not form.words:
            return [
                [*head, Cell(word("flatten: cancel everything, close every position"), "strong")],
                [self._past(form) or Cell(f" {word('with orders at market that can only reduce')}", "text-dim")],
                [Cell(" "), Cell("Enter", "key"), Cell(f" {word('flatten')}   ", "text-dim"), *escape],
            ]
        if form.choice == "flatten":
            typed = form.typed.text
            told = self._look.said(form.problem) or word("flatten: cancel everything, close every position")
            return [
                [*head, Cell(told, "warning" if form.problem else "strong")],
                [
                    Cell(f" {self._look.say('type {word}', word=' '.join(form.words))} ", "text"),
                    Cell(typed, "strong"),
                    Cell(" ", "cursor"),
                    *([Cell("  "), past] if (past := self._past(form)) else []),
                ],
                [
                    *(Cell(" "), Cell("Enter", "key"), Cell(f" {word('closes what is named')}   ", "text-dim")),
                    *escape,
                    Cell(f"   {word('else it only stops')}", "text-dim"),
                ],
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

    def _past(self, form: PanicMenu) -> Cell | None:
        """Which orders may be a close already, each by name."""
        if not form.unknown:
            return None
        names = ", ".join(id[-4:] for id in form.unknown)
        return Cell(f" {self._look.say('past UNKNOWN {ids}, as if it lived', ids=names)} ", "unknown")

    def _settle(self, form: SettleForm, status: StatusRow | None) -> list[list[Cell]]:
        """Ours and the venue's side by side, then what is typed."""
        look, room = self._look, max(self.room_width - 14, 8)
        escape = [Cell("Esc", "key"), Cell(f" {look.word('leave it UNKNOWN')}", "text-dim")]
        beside = form.row.theirs if form.is_ours else form.row.ours
        return [
            [badge(status, look), Cell(" "), Cell(f.clip(look.said(form.wanted.text), room), "strong")],
            [Cell(f" {f.clip(look.prose(look.said(beside)), max(room - 4, 8))}", "text-dim")],
            [
                Cell(f" {look.say('type {word}', word=form.word)} ", "text"),
                *(Cell(form.typed.text, "strong"), Cell(" ", "cursor"), Cell("  ")),
                *(Cell("Enter", "key"), Cell(f" {look.word('when it reads so')}   ", "text-dim"), *escape),
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
