"""External text loses all that a terminal or a renderer could obey, and nothing that a person reads."""

from __future__ import annotations

import random

import pytest

from core.domain.text import MAX_LENGTH, clean


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("plain text, 12.5%", "plain text, 12.5%"),
        ("\x1b]52;c;ZWNobw==\x07", "]52;c;ZWNobw=="),
        ("\x1b[2J\x1bc", "[2Jc"),
        ("\x9b31mred\x90q\x9c", "31mredq"),
        ("a\x00b\x7fc\x08", "abc"),
        ("one\ttwo\r\nthree\u2028four", "one two three four"),
        ("\u202egnp.exe\u2066\u2069\u061c", "gnp.exe"),
        ("a\u200bb\u200d\ufeffc\u2060", "abc"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("lone \ud83d surrogate", "lone  surrogate"),
        ("\u1112\u1161\u11ab", "한"),
        ("삼성전자 3분기 ▲ 12%", "삼성전자 3분기 ▲ 12%"),
        ("\u3164\uffa0\u115f", ""),
        ("", ""),
    ],
)
def test_what_is_left(hostile: str, left: str) -> None:
    assert clean(hostile) == left


def test_it_is_bounded() -> None:
    assert len(clean("가" * 1_000_000)) == MAX_LENGTH
    assert len(clean("x" * 1_000_000)) == MAX_LENGTH
    assert clean("abcdef", limit=3) == "abc"


def test_random_hostile_strings_keep_no_control_and_stay_clean() -> None:
    rng = random.Random(20)
    ranges = *range(0xA0), *range(0x2000, 0x2070)
    alone = 0xAD, 0xFEFF, 0xE0001, 0xE0041, 0xD800, 0xAC00, 0xE000, 0xF54C, 0x0378, 0x10FFFD
    pool = [chr(code) for code in (*ranges, *alone)]
    for _ in range(20_000):
        text = clean("".join(rng.choices(pool, k=12)))
        assert text.isprintable()
        assert clean(text) == text
