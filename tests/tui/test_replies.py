"""What a terminal sends that no hand typed never becomes a key, wherever the stream was cut; what a hand typed does."""

from __future__ import annotations

from random import Random

import pytest
from textual import events

from core.clock import ManualClock
from tests.tui.fuzz_keys import REPLIES, noise
from tui.hearing import Hearing
from tui.replies import GIVE_UP_NS, LONE_NS, Replies

SECOND = 1_000_000_000
SWALLOWED = [reply.decode() for reply in REPLIES if not reply.startswith(b"\x1b[200~") and reply[-1:] not in b"u~"]
MEANT = ("b", "\x1b[A", "\x1bOP", "\x1b[15~", "\x1b[98;2;66u", "\x1b[1;5C", "\x1b[Z", "\x1bx", "\x18", "ㅠ", "\x1b[[A")


def keys(hearing: Hearing, *texts: str, gap: float = 0.0) -> list[str]:
    clock = hearing._clock
    assert isinstance(clock, ManualClock)
    found = []
    for text in texts:
        found += hearing.feed(text)
        clock.advance(gap)
        found += hearing.tick() if gap else []
    clock.advance(2)
    found += hearing.tick()
    return [event.key for event in found if isinstance(event, events.Key)]


def hearing() -> Hearing:
    return Hearing(clock=ManualClock(0))


@pytest.mark.parametrize("reply", SWALLOWED, ids=repr)
def test_a_reply_is_no_key_wherever_it_is_cut(reply: str) -> None:
    assert keys(hearing(), reply, "b") == ["b"]
    for cut in range(1, len(reply)):
        assert keys(hearing(), reply[:cut], reply[cut:], "b") == ["b"], cut


@pytest.mark.parametrize("reply", [r for r in SWALLOWED if r.startswith("\x1b[")], ids=repr)
def test_a_reply_cut_for_a_while_is_no_key_either(reply: str) -> None:
    for cut in range(3, len(reply)):
        assert keys(hearing(), reply[:cut], reply[cut:], gap=0.5) == [], cut


@pytest.mark.parametrize("typed", MEANT, ids=repr)
def test_what_a_hand_types_arrives(typed: str) -> None:
    assert len(keys(hearing(), typed)) == 1
    assert len(keys(hearing(), "\x1b[?62;22c", typed, gap=0.05)) == 1


def test_a_lone_escape_and_alt_with_a_bracket_are_keys_after_a_moment() -> None:
    assert keys(hearing(), "\x1b", gap=0.15) == ["escape"]
    assert keys(hearing(), "\x1b[", "b", gap=0.15)[-1] == "b"
    assert keys(hearing(), "\x1b]", "b", gap=0.15) == ["b"]
    assert keys(hearing(), "\x1bP", "x", gap=0.15) == ["x"]


def test_half_a_paste_makes_nobody_deaf() -> None:
    ears = hearing()
    assert keys(ears, "\x1b[200~b 10", "\x18", gap=0.4) == ["ctrl+x"]
    ears = hearing()
    assert keys(ears, "\x1b[200~b 10", "b", gap=1.1) == ["b"]
    ears = hearing()
    found = list(ears.feed("\x1b[200~b 10\r\x1b[201~"))
    assert [event.text for event in found if isinstance(event, events.Paste)] == ["b 10\r"]


def test_figures_no_key_has_do_not_end_the_parser() -> None:
    for text in (
        "\x1b[98;1:3u",
        "\x1b[99999999u",
        "\x1b[1114112;1;1114112u",
        "\x1b[;;;u",
        "\x1b[99999999999999999999u",
    ):
        assert keys(hearing(), text, "b")[-1] == "b"


def test_a_size_no_terminal_has_is_not_believed() -> None:
    for text in ("\x1b[48;999999;999999;1;1t", "\x1b[48;0099;120;1;1t"):
        assert not list(hearing().feed(text))


@pytest.mark.parametrize("seed", range(200))
def test_after_any_noise_panic_is_heard(seed: int) -> None:
    random, ears = Random(seed), hearing()
    clock = ears._clock
    assert isinstance(clock, ManualClock)
    for _ in range(40):
        list(ears.feed(noise(random).decode("utf-8", "ignore")))
        clock.advance(random.choice((0, 0.05, 0.2)))
        list(ears.tick())
    clock.advance(0.4)
    assert keys(ears, "\x18", "\x18", gap=0.4)[-1] == "ctrl+x"


def test_nothing_is_held_for_ever() -> None:
    for begun in ("\x1b[?6", "\x1b]11;rgb", "\x1bP1", "\x1b[M "):
        replies = Replies()
        assert replies.pass_on(begun, 0) == ""
        assert replies.quiet(LONE_NS) + replies.quiet(GIVE_UP_NS) == ""
        assert replies.pass_on("b", GIVE_UP_NS + 1) == "b"
