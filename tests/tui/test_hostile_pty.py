"""The short form of hostile_pty: a few hundred strings on every screen, in a real terminal; and that it can see."""

from __future__ import annotations

import pytest

from tests.tui import hostile_pty
from tui.screens.layout import READY


def test_nothing_of_a_hostile_text_reaches_the_terminal_as_more_than_text() -> None:
    told = hostile_pty.run(150, 5)
    assert told.is_clean, told
    assert set(told.screens) == {*READY, *hostile_pty.OVER}
    assert min(told.screens.values()) >= 150


@pytest.mark.parametrize(
    "piece", ["\x1b]52;c;aGFjaw==\x07", "\x1b[?1049l", "\x9b31m", "a\x00b", "\u202egnp", "\x1bc", "\u200b"]
)
def test_a_piece_that_came_through_would_be_seen(piece: str) -> None:
    data = f"\x1b[1;1H\x1b[31mcalm<<begin>>\x1b[2;2H{piece}<<end>>".encode()
    assert not hostile_pty._judged(data, {"screens": {"trade": 1}, "sent": 0}).is_clean


def test_plain_text_is_clean() -> None:
    data = "\x1b[1;1H\x1b[31mcalm<<begin>>\x1b[2d삼성전자 ▲<<end>>\x1b[?1049l".encode()
    assert hostile_pty._judged(data, {"screens": {"trade": 1}, "sent": 0}).is_clean
