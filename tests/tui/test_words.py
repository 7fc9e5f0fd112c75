"""The two languages: words, sentences with fields, particles."""

from __future__ import annotations

import pytest

from tui.words import Speech
from tui.words.particles import particle


def test_a_word_without_an_entry_stands_in_english() -> None:
    assert Speech("ko").word("Positions") == "잔고"
    assert Speech("ko").word("no such word") == "no such word"
    assert Speech("en").word("Positions") == "Positions"


def test_a_sentence_takes_its_fields_in_either_language() -> None:
    template = "no position in {name}; press b to buy"
    assert Speech("en").say(template, name="AAPL") == "no position in AAPL; press b to buy"
    assert Speech("ko").say(template, name="삼성전자") == "삼성전자 보유가 없습니다. b로 매수합니다"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_field_is_never_read_as_a_template(language: str) -> None:
    assert "{0.__class__}" in Speech(language).say("no position in {name}; press b to buy", name="{0.__class__}")


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("삼성전자", "을", "를"),
        ("현대차", "은", "는"),
        ("기업은행", "이", "이"),
        ("서울", "으로", "로"),
        ("집", "으로", "으로"),
        ("AAPL", "을", "을"),
        ("MSFT", "은", "는"),
        ("005930", "이", "이"),
        ("2", "과", "와"),
        ("1.5%", "을", "를"),
        ("(보통주)", "을", "를"),
        ("漢字", "을", "을(를)"),
        ("", "이", "이(가)"),
    ],
)
def test_particles_follow_the_sound(name: str, kind: str, expected: str) -> None:
    assert particle(name, kind) == expected
