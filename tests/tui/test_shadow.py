"""The shadow writes the fewest bytes that leave the terminal right, and never what text asks of the terminal."""

from __future__ import annotations

import os
import subprocess
import sys

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style

from tests.tui.screen_terminal import seen, text_of
from tui.environment import FRAMES_PER_SECOND
from tui.shadow import SYNC_END, SYNC_START, ShadowScreen, cells_of

STYLES = [
    Style.parse(style)
    for style in (
        "", "red", "blue on black", "bold #aabbcc on #112233", "on #112233", "reverse", "underline red", "bold dim",
        "bold", "dim", "strike on blue", "not bold", "color(200) on color(17)", "bright_red", "default on default",
        "italic #aabbcc",
    )
]  # fmt: skip
WIDTH, HEIGHT = 24, 4


def screen() -> tuple[pyte.Screen, pyte.Stream]:
    made = pyte.Screen(WIDTH, HEIGHT)
    made.reset_mode(pyte.modes.DECAWM)
    return made, pyte.Stream(made)


def shadow() -> ShadowScreen:
    made = ShadowScreen()
    made.resize(WIDTH, HEIGHT)
    return made


def padded(pieces: list[tuple[str, int]]) -> list[Segment]:
    """Segments of exactly the screen's width, as strips have them."""
    segments, room = [], WIDTH
    for text, pen in pieces:
        cells = len(cells_of(text))
        if 0 < cells <= room:
            segments.append(Segment(text, STYLES[pen]))
            room -= cells
    return [*segments, Segment(" " * room, STYLES[0])] if room else segments


rows = st.lists(
    st.tuples(st.text(st.sampled_from("ab 가나 ▲12,.\x1b\u202e"), max_size=7), st.integers(0, len(STYLES) - 1)),
    max_size=6,
).map(padded)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(rows, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5), st.booleans())
def test_any_frames_end_as_if_each_had_been_painted_whole(frames: list[list[list[Segment]]], sync: bool) -> None:
    kept, (terminal, stream) = shadow(), screen()
    for frame in frames:
        for y, segments in enumerate(frame):
            kept.paint(y, 0, segments)
        stream.feed(kept.render((0, 0), is_synchronized=sync))
        fresh, (whole, whole_stream) = shadow(), screen()
        for y, segments in enumerate(frame):
            fresh.paint(y, 0, segments)
        whole_stream.feed(fresh.render((0, 0)))
        assert seen(terminal) == seen(whole)
        assert text_of(terminal) == ["".join(s.text for s in row if s.text).translate(GONE) for row in frame]
        assert (terminal.cursor.y, terminal.cursor.x) == (0, 0)
    assert kept.render((0, 0)) == ""


GONE = {0x1B: None, 0x202E: None}


def painted(kept: ShadowScreen, *texts: tuple[str, str]) -> str:
    kept.paint(0, 0, [Segment(text, Style.parse(style)) for text, style in texts])
    return kept.render((0, 0))


def test_only_the_digits_that_differ_are_written() -> None:
    kept = shadow()
    painted(kept, ("last ", ""), ("71,000", "red"), ("  ", "on blue"))
    painted(kept, ("last ", ""), ("71,050", "red"), ("  ", "on blue"))
    again = painted(kept, ("last ", ""), ("71,060", "red"), ("  ", "on blue"))
    assert again == "\x1b[9C6\r"


def test_a_pen_changes_only_in_what_differs() -> None:
    kept = shadow()
    painted(kept, ("a", "bold #aabbcc on #112233"))
    assert painted(kept, ("b", "bold #aabbcd on #112233")).startswith("\x1b[38;2;170;187;205m")


def test_blanks_need_no_ink() -> None:
    kept = shadow()
    painted(kept, ("a   b", "red"))
    assert painted(kept, ("a", "red"), ("   ", "blue"), ("b", "red")) == ""


def test_synchronized_output_only_where_a_torn_frame_could_be_seen() -> None:
    kept = shadow()
    for y in range(HEIGHT):
        kept.paint(y, 0, padded([("a", n % 3) for n in range(20)]))
    whole = kept.render((0, 0), is_synchronized=True)
    assert whole.startswith(SYNC_START)
    assert whole.endswith(SYNC_END)
    kept.paint(1, 0, padded([("b", 1)] + [("a", n % 3) for n in range(1, 20)]))
    assert SYNC_START not in kept.render((0, 0), is_synchronized=True)


@pytest.mark.parametrize(
    "text", ["\x1b[31m", "\x9b6n", "a\x07b", "\u200b", "\u202e", "e\u0301", "\U0001f468\u200d\U0001f469", "\ud800"]
)
def test_no_text_becomes_a_command(text: str) -> None:
    cells = cells_of(text)
    assert not [cell for cell in cells if cell != "\x00" and (ord(cell) < 32 or 127 <= ord(cell) < 160)]
    assert not set(cells) & set("\u200b\u202e\ud800")


def test_a_wide_character_half_written_over_is_written_again() -> None:
    kept = shadow()
    painted(kept, ("가나", ""))
    kept.paint(0, 1, [Segment("x")], (1, 2))
    kept.render((0, 0))
    assert "가" in painted(kept, ("가나", ""))
    kept.paint(0, 0, [Segment("y")], (1,))
    kept.render((0, 0))
    assert "가" in painted(kept, ("가나", ""))


def test_what_lies_outside_is_left_alone() -> None:
    kept = shadow()
    kept.paint(-1, 0, [Segment("above")])
    kept.paint(HEIGHT, 0, [Segment("below")])
    kept.paint(0, WIDTH - 2, [Segment("right")])
    kept.render((0, 0))
    assert kept.rows()[0].endswith("ri")


def test_the_environment_is_prepared_without_textual_and_respects_the_user() -> None:
    code = (
        "import sys, os; from tui.environment import prepare_environment; prepare_environment();"
        "print('textual' in sys.modules, os.environ['TEXTUAL_FPS'], os.environ['TEXTUAL_ANIMATIONS'])"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL_")}
    told = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for environment in (clean, clean | {"TEXTUAL_FPS": "30"})
    ]
    assert told == [f"False {FRAMES_PER_SECOND} none\n", "False 30 none\n"]
