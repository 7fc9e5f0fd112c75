"""Watchlists by keyboard on a whole program: what a hand adds, removes, moves and finds, and what two consoles see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.domain.events import InstrumentListed
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument, Kind
from tests.scenes import APPLE, KRW, SAMSUNG, krx_ticks
from tests.stage import Stage, stage
from tests.tui.scripted import Hands, console

HYNIX = InstrumentId("XKRX:000660")


@asynccontextmanager
async def room(**options: Any) -> AsyncIterator[tuple[Stage, Hands]]:
    """Lists main (Samsung, Apple) and kr (empty); SK hynix is known and in neither."""
    async with stage() as made:
        hynix = Instrument(
            id=HYNIX, name="SK hynix", name_ko="SK하이닉스", kind=Kind.STOCK, currency=KRW, ticks=krx_ticks()
        )
        made.program.runner.feed(InstrumentListed(ts=made.clock.now(), instrument=hynix))
        await made.quote(182_400, 182_500, instrument=HYNIX)
        made.engine.watchlists.seeds = {"main": (SAMSUNG, APPLE), "kr": ()}
        async with console(made.desk, **options) as hands:
            await hands.until(lambda: [row.key for row in hands.app.picture.quotes()] == [SAMSUNG, APPLE])
            yield made, hands


def shown(hands: Hands) -> list[str]:
    return hands.app.surface.quotes.keys


def listed(made: Stage, name: str = "main") -> tuple[str, ...]:
    return made.engine.watchlists.get(name)


async def test_an_instrument_of_no_list_is_found_by_its_initials_and_added() -> None:
    async with room(language="ko") as (made, hands):
        await hands.press("a")
        await hands.type("ㅎㅇㄴㅅ")
        await hands.until(lambda: "000660" in hands.text)
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [SAMSUNG, APPLE, HYNIX])
        assert listed(made) == (SAMSUNG, APPLE, HYNIX)
        assert hands.app.instrument == HYNIX
        await hands.until(lambda: "182,400" in hands.text)


async def test_a_removed_row_comes_back_where_it_was() -> None:
    async with room() as (made, hands):
        await hands.press("d", "d")
        await hands.until(lambda: shown(hands) == [APPLE])
        assert "a, Enter puts it back" in hands.text
        await hands.press("a")
        assert "005930" in hands.text
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [SAMSUNG, APPLE])
        assert listed(made) == (SAMSUNG, APPLE)


async def test_one_d_removes_nothing() -> None:
    async with room() as (made, hands):
        await hands.press("d", "j", "d", "k")
        assert listed(made) == (SAMSUNG, APPLE)


async def test_rows_move_and_the_cursor_with_them() -> None:
    async with room() as (made, hands):
        await hands.press("alt+down")
        await hands.until(lambda: shown(hands) == [APPLE, SAMSUNG])
        assert hands.app.surface.quotes.cursor == SAMSUNG
        await hands.press("alt+down")  # it is the last already
        await hands.press("alt+up")
        await hands.until(lambda: shown(hands) == [SAMSUNG, APPLE])
        assert listed(made) == (SAMSUNG, APPLE)


async def test_brackets_turn_the_lists_and_the_title_says_which() -> None:
    async with room() as (_, hands):
        assert " Watch main " in hands.lines[2]
        await hands.press("]")
        await hands.until(lambda: shown(hands) == [])
        assert "kr" in hands.lines[2]
        await hands.press("[")
        await hands.until(lambda: shown(hands) == [SAMSUNG, APPLE])


async def test_a_list_is_made_filled_renamed_and_deleted_in_the_menu() -> None:
    async with room() as (made, hands):
        await hands.press("w", "n")
        await hands.type("swing")
        await hands.press("enter")
        await hands.until(lambda: "swing" in made.engine.watchlists.lists())
        await hands.press("escape")
        assert hands.app.picture.list_name == "swing"
        await hands.press("a")
        await hands.type("AAPL")
        await hands.until(lambda: "AAPL" in hands.text and hands.app.top_form is not None)
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [APPLE])
        await hands.press("w", "r")
        await hands.press(*["backspace"] * 5)
        await hands.type("week")
        await hands.press("enter")
        await hands.until(lambda: "week" in made.engine.watchlists.lists())
        await hands.until(lambda: shown(hands) == [APPLE])
        await hands.until(lambda: "week" in [row.name for row in hands.app.picture.watchlists()])
        await hands.press("end", "d")
        assert "d again deletes it" in hands.text
        await hands.press("d")
        await hands.until(lambda: "week" not in made.engine.watchlists.lists())
        assert listed(made) == (SAMSUNG, APPLE)


async def test_find_goes_through_the_list_then_beyond() -> None:
    async with room() as (made, hands):
        await hands.press("/")
        await hands.type("app")
        assert hands.app.instrument == APPLE
        await hands.press(*["backspace"] * 3)
        await hands.type("hyn")
        await hands.until(lambda: "not in this list: a adds it" in hands.text)
        await hands.press("enter")
        assert hands.app.instrument == HYNIX
        await hands.until(lambda: hands.app.picture.quote(HYNIX) is not None)
        assert listed(made) == (SAMSUNG, APPLE)
        await hands.press("a", "enter")
        await hands.until(lambda: shown(hands) == [SAMSUNG, APPLE, HYNIX])


async def test_escape_goes_back_to_where_the_search_began() -> None:
    async with room() as (_, hands):
        await hands.press("/")
        await hands.type("app")
        assert hands.app.instrument == APPLE
        await hands.press("escape")
        assert hands.app.instrument == SAMSUNG


async def test_the_command_line_looks_at_a_list_and_resets() -> None:
    async with room() as (made, hands):
        await hands.press(":")
        await hands.type("watch kr")
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [])
        await hands.press("a")
        await hands.type("005930")
        await hands.until(lambda: "005930" in hands.text)
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [SAMSUNG])
        await hands.press(":")
        await hands.type("watch reset")
        await hands.press("enter")
        await hands.until(lambda: shown(hands) == [])
        assert made.state.kept.watchlists == {}


async def test_a_price_of_the_list_before_is_not_kept() -> None:
    """What nobody streams any more must not look like a quote to a ticket."""
    async with room() as (_, hands):
        await hands.press("]")
        await hands.until(lambda: shown(hands) == [])
        assert hands.app.picture.quote(APPLE) is None


@pytest.mark.parametrize("size", [(80, 24), (50, 12), (39, 9)])
async def test_the_menus_fit_every_terminal(size: tuple[int, int]) -> None:
    from tests.tui.scripted import check_rows

    async with room(size=size) as (_, hands):
        for key in ("w", "a", "/"):
            await hands.press(key)
            check_rows(hands.lines, *size)
            await hands.press("escape")
