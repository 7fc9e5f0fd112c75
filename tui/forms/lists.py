"""The menu of watchlists: choose, make, rename, delete. It holds the names it was shown and says what is wished; the
engine has the lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.domain.commands import EditWatchlist, ListEdit
from core.trading.view import WatchlistRow
from tui import format as f
from tui.forms.over import Cursor, Line
from tui.look import Look
from tui.messages import Acted, Dropped, Edited, Press, Wish
from tui.widgets.grid import Cell
from tui.widgets.line_edit import LineEdit


class ListsForm:
    place = "lists"
    sending = frozenset({"enter"})

    def __init__(
        self,
        rows: Callable[[], Sequence[WatchlistRow]],
        current: str,
        choose: Callable[[str], None],
        ask: Callable[[EditWatchlist], None],
    ) -> None:
        self._rows, self._choose, self._ask = rows, choose, ask
        self.current = current
        self.cursor = Cursor()
        self.cursor.to(next((i for i, row in enumerate(rows()) if row.name == current), 0), len(rows()))
        self.naming: ListEdit | None = None
        """What the name that is typed is for: MAKE or RENAME."""
        self.edit = LineEdit()
        self.doomed = ""
        """The list that a second `d` deletes."""
        self.armed_from = 0.0

    @property
    def is_input(self) -> bool:
        return self.naming is not None

    @property
    def chosen(self) -> WatchlistRow | None:
        rows = self._rows()
        return rows[min(self.cursor.at, len(rows) - 1)] if rows else None

    def key(self, press: Press) -> Wish | None:
        return self._name(press) if self.naming is not None else self._menu(press)

    def _menu(self, press: Press) -> Wish | None:
        row, doomed, self.doomed = self.chosen, self.doomed, ""
        moved = {"j": "down", "k": "up"}.get(press.key, press.key)
        if self.cursor.key(moved, len(self._rows())):
            return Edited()
        match press.key:
            case "escape" | "w":
                return Dropped()
            case "enter" if row is not None:
                return Acted(lambda: self._choose(row.name))
            case "n":
                self.naming = ListEdit.MAKE
                self.edit.set("")
            case "r" if row is not None:
                self.naming = ListEdit.RENAME
                self.edit.set(row.name)
            case "d" if row is not None and doomed == row.name:
                return self._edit(row.name, ListEdit.DELETE)
            case "d" if row is not None:
                self.doomed = row.name
            case "u" if row is not None:
                return self._edit(row.name, ListEdit.RESET)
            case _:
                return Edited() if doomed else None
        return Edited()

    def _name(self, press: Press) -> Wish | None:
        row, name = self.chosen, self.edit.text.strip()
        if press.key == "escape":
            self.naming = None
            return Edited()
        if press.key != "enter":
            return Edited() if self.edit.key(press.key, press.character) else None
        naming, self.naming = self.naming, None
        if not name or naming is None or (naming is ListEdit.RENAME and row is None):
            return Edited()
        if naming is ListEdit.MAKE:
            return self._edit(name, ListEdit.MAKE)
        return self._edit(row.name if row is not None else "", ListEdit.RENAME, name)

    def _edit(self, name: str, edit: ListEdit, new_name: str = "") -> Wish:
        return Acted(lambda: self._ask(EditWatchlist(name=name, edit=edit, new_name=new_name)))

    def paste(self, text: str) -> Wish | None:
        return Edited() if self.naming is not None and self.edit.insert("".join(text.split())) else None

    # ---- over the panes

    def title(self, look: Look) -> str:
        return "Watchlists"

    def facts(self, look: Look) -> str:
        return ""

    def height(self) -> int:
        return min(len(self._rows()), 12) + 1

    def lines(self, look: Look, width: int, height: int) -> list[Line]:
        rows = self._rows()
        shown = []
        for place in self.cursor.window(len(rows), max(height - 1, 1)):
            row = rows[place]
            here = place == self.cursor.at
            name = row.name
            if here and self.naming is ListEdit.RENAME:
                name = f"{self.edit.text}▏"
            marks = [look.word("shown")] if row.name == self.current else []
            marks += [look.word("changed here")] if row.is_changed else []
            if row.name == self.doomed:
                marks = [look.word("d again deletes it")]
            cells = [
                Cell(f.fit(name, 26), "accent" if here and self.naming else "strong"),
                Cell(f.fit(str(len(row.instruments)), 5, "right"), "text"),
                Cell(f"  {', '.join(marks)}", "warning" if row.name == self.doomed else "text-dim"),
            ]
            shown.append(Line(cells, is_chosen=here and self.naming is not ListEdit.MAKE))
        if self.naming is ListEdit.MAKE:
            label = Cell(f"{look.word('new list')} ", "text-dim")
            shown.append(Line([label, Cell(self.edit.text, "text"), Cell(" ", "cursor")], is_chosen=True))
        return shown
