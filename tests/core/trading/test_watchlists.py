"""Lists of the settings, changed here: the journal wins, each change is one event, and a way back."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain.commands import EditWatchlist, ListEdit, SetWatchlist
from core.domain.events import Noticed, WatchlistChanged
from core.domain.ids import InstrumentId
from core.trading.engine import Engine
from core.trading.watchlists import MAX_INSTRUMENTS
from tests import scenes
from tests.scenes import APPLE, SAMSUNG, START

SEEDS = {"main": (SAMSUNG,), "us": (APPLE,)}


@pytest.fixture
def made() -> Engine:
    engine = scenes.engine()
    engine.watchlists.seeds = dict(SEEDS)
    return engine


def edit(made: Engine, name: str, how: ListEdit, instrument: Any = None, **more: Any) -> list[Any]:
    return list(made.step(EditWatchlist(name=name, edit=how, instrument=instrument, **more), START))


def test_without_settings_the_first_list_holds_everything() -> None:
    assert scenes.engine().watchlists.lists() == {"main": (SAMSUNG, APPLE)}


def test_rows_come_go_and_move(made: Engine) -> None:
    edit(made, "main", ListEdit.ADD, APPLE)
    assert made.watchlists.get("main") == (SAMSUNG, APPLE)
    edit(made, "main", ListEdit.MOVE, APPLE, place=0)
    assert made.watchlists.get("main") == (APPLE, SAMSUNG)
    edit(made, "main", ListEdit.REMOVE, APPLE)
    assert made.watchlists.get("main") == (SAMSUNG,)
    edit(made, "main", ListEdit.ADD, APPLE, place=0)
    assert made.watchlists.get("main") == (APPLE, SAMSUNG)


def test_lists_are_made_renamed_and_deleted(made: Engine) -> None:
    edit(made, "swing", ListEdit.MAKE)
    edit(made, "swing", ListEdit.ADD, SAMSUNG)
    edit(made, "swing", ListEdit.RENAME, new_name="week")
    assert made.watchlists.lists() == {**SEEDS, "week": (SAMSUNG,)}
    edit(made, "us", ListEdit.DELETE)
    assert made.watchlists.lists() == {"main": (SAMSUNG,), "week": (SAMSUNG,)}


def test_the_journal_wins_and_reset_goes_back(made: Engine) -> None:
    journal = [
        *edit(made, "main", ListEdit.ADD, APPLE),
        *edit(made, "us", ListEdit.DELETE),
        *edit(made, "mine", ListEdit.MAKE),
    ]
    again = scenes.engine()
    again.watchlists.seeds = dict(SEEDS)
    for event in journal:
        again.restore(event)
    assert again.watchlists.lists() == {"main": (SAMSUNG, APPLE), "mine": ()}
    edit(again, "main", ListEdit.RESET)
    assert again.watchlists.get("main") == (SAMSUNG,)
    edit(again, "", ListEdit.RESET)
    assert again.watchlists.lists() == SEEDS
    assert again.state.kept.watchlists == {}


@pytest.mark.parametrize(
    "command, why",
    [
        (EditWatchlist(name="main", edit=ListEdit.ADD, instrument=SAMSUNG), "in main already"),
        (EditWatchlist(name="main", edit=ListEdit.ADD, instrument=InstrumentId("XKRX:1")), "not known"),
        (EditWatchlist(name="main", edit=ListEdit.REMOVE, instrument=APPLE), "not in main"),
        (EditWatchlist(name="none", edit=ListEdit.REMOVE, instrument=APPLE), "no list 'none'; there are: main, us"),
        (EditWatchlist(name="main", edit=ListEdit.MAKE), "already"),
        (EditWatchlist(name="main", edit=ListEdit.RENAME, new_name="us"), "already"),
        (EditWatchlist(name="\x1b[31m", edit=ListEdit.MAKE), "name"),
        (EditWatchlist(name="two words", edit=ListEdit.MAKE), "no blanks"),
        (EditWatchlist(name="us", edit=ListEdit.RESET), "as the settings have it"),
        (SetWatchlist(name="main", instruments=(InstrumentId("XKRX:1"),)), "XKRX:1"),
        (SetWatchlist(name="x" * 30, instruments=()), "characters"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(made: Engine, command: Any, why: str) -> None:
    said = made.watchlists.changes(command)
    assert isinstance(said, str) and why in said
    assert [type(item) for item in made.step(command, START)] == [Noticed]
    assert made.watchlists.lists() == SEEDS


def test_the_last_list_cannot_go(made: Engine) -> None:
    edit(made, "us", ListEdit.DELETE)
    assert isinstance(edit(made, "main", ListEdit.DELETE)[0], Noticed)
    assert made.watchlists.lists() == {"main": (SAMSUNG,)}


def test_an_import_is_one_event_without_twins(made: Engine) -> None:
    out = list(made.step(SetWatchlist(name="new", instruments=(APPLE, SAMSUNG, APPLE)), START))
    assert [type(item) for item in out] == [WatchlistChanged]
    assert made.watchlists.get("new") == (APPLE, SAMSUNG)


def test_a_list_has_an_end(made: Engine) -> None:
    many = tuple(InstrumentId(f"XKRX:{n}") for n in range(MAX_INSTRUMENTS + 1))
    made.watchlists.seeds["many"] = many
    assert "at most" in str(made.watchlists.changes(SetWatchlist(name="many", instruments=many)))
