"""Named lists of instruments: those of the settings (seeds), and over them what was changed here and journalled. A list
is what consoles look at; it says nothing about what may be traded."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.commands import EditWatchlist, ListEdit, SetWatchlist
from core.domain.events import Noticed, WatchlistChanged
from core.domain.ids import InstrumentId
from core.domain.text import clean
from core.trading.outputs import Output, emit
from core.trading.state import State

MAX_LISTS = 50
MAX_INSTRUMENTS = 500
MAX_NAME = 24
MAIN = "main"
"""The list a console looks at first, unless the settings say otherwise."""

Lists = dict[str, tuple[InstrumentId, ...]]


class Watchlists:
    """`seeds` are the lists of the settings, in their order; whoever builds the program sets them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.seeds: Lists = {}

    def lists(self) -> Lists:
        """Every list there is, by name: seeds first, then those made here. Never none."""
        kept = self.state.kept.watchlists
        found = {name: kept.get(name, seed) for name, seed in self.seeds.items()}
        found |= {name: ids for name, ids in kept.items() if name not in found}
        lists = {name: ids for name, ids in found.items() if ids is not None}
        return lists or {MAIN: tuple(self.state.instruments)}

    def get(self, name: str) -> tuple[InstrumentId, ...]:
        """The list of that name; where there is none, the first."""
        lists = self.lists()
        found = lists.get(name)
        return found if found is not None else next(iter(lists.values()))

    def edit(self, command: EditWatchlist | SetWatchlist, now: int) -> Sequence[Output]:
        out: list[Output] = []
        changes = self.changes(command, now)
        if isinstance(changes, str):
            emit(self.state, Noticed(ts=now, level="warning", kind="WATCH", text=f"not changed: {changes}"), out)
            return out
        for change in changes:
            emit(self.state, change, out)
        return out

    def changes(self, command: EditWatchlist | SetWatchlist, now: int = 0) -> list[WatchlistChanged] | str:
        """What the command amounts to, or why it is refused."""
        name, lists = command.name, self.lists()
        if isinstance(command, SetWatchlist):
            return self._whole(name, command.instruments, lists, now)
        held = lists.get(name)
        if command.edit is ListEdit.RESET:
            return self._reset(name, now)
        if command.edit is ListEdit.MAKE:
            problem = f"there is a list {name!r} already" if held is not None else _bad_name(name, lists)
            return problem or [WatchlistChanged(ts=now, name=name, instruments=())]
        if held is None:
            return f"there is no list {name[:MAX_NAME]!r}; there are: {', '.join(lists)}"
        if command.edit is ListEdit.DELETE:
            if len(lists) == 1:
                return "it is the only list"
            return [WatchlistChanged(ts=now, name=name, instruments=(), is_deleted=True)]
        if command.edit is ListEdit.RENAME:
            new = command.new_name
            problem = f"there is a list {new!r} already" if new in lists else _bad_name(new, {})
            return problem or [
                WatchlistChanged(ts=now, name=new, instruments=held),
                WatchlistChanged(ts=now, name=name, instruments=(), is_deleted=True),
            ]
        return self._row(command, held, now)

    def _row(self, command: EditWatchlist, held: tuple[InstrumentId, ...], now: int) -> list[WatchlistChanged] | str:
        """An instrument comes, goes or moves."""
        id, place = command.instrument, command.place
        if id is None:
            return "no instrument is named"
        rest = [other for other in held if other != id]
        if command.edit is ListEdit.ADD:
            if id in held:
                return f"{id} is in {command.name} already"
            if id not in self.state.instruments:
                return f"{id} is not known here"
            if len(held) >= MAX_INSTRUMENTS:
                return f"a list holds at most {MAX_INSTRUMENTS} instruments"
        elif id not in held:
            return f"{id} is not in {command.name}"
        if command.edit is not ListEdit.REMOVE:
            at = len(rest) if place is None else min(max(place, 0), len(rest))
            rest.insert(at, id)
        new = tuple(rest)
        return [] if new == held else [WatchlistChanged(ts=now, name=command.name, instruments=new)]

    def _whole(
        self, name: str, wanted: tuple[InstrumentId, ...], lists: Lists, now: int
    ) -> list[WatchlistChanged] | str:
        ids = tuple(dict.fromkeys(wanted))
        before = lists.get(name, ())
        strange = [id for id in ids if id not in self.state.instruments and id not in before]
        if strange:
            return f"not known here: {', '.join(id[:40] for id in strange[:5])}"
        if len(ids) > MAX_INSTRUMENTS:
            return f"a list holds at most {MAX_INSTRUMENTS} instruments"
        problem = _bad_name(name, lists) if name not in lists else ""
        return problem or [WatchlistChanged(ts=now, name=name, instruments=ids)]

    def _reset(self, name: str, now: int) -> list[WatchlistChanged] | str:
        """One list back to the settings; with an empty name all of them, and those made here go."""
        kept = self.state.kept.watchlists
        names = [name] if name else list(kept)
        if name and name not in kept:
            return f"{name!r} is as the settings have it" if name in self.seeds else f"there is no list {name!r}"
        return [WatchlistChanged(ts=now, name=n, instruments=self.seeds.get(n, ()), is_seed=True) for n in names]


def _bad_name(name: str, lists: Lists) -> str:
    """Why a new list cannot be called so; empty when it can."""
    if not name or name != clean(name).strip() or len(name) > MAX_NAME or " " in name:
        return f"a list's name has 1 to {MAX_NAME} characters and no blanks"
    return f"there are {MAX_LISTS} lists already" if len(lists) >= MAX_LISTS else ""
