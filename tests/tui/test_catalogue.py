"""The Korean catalogue against the sources: nothing said without an entry, no entry that nobody says, the same fields
on both sides, and every sentence of the engine found again from its finished English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from string import Formatter

import pytest

from core.trading import risk
from tests.sentences import ROOT, Sentence, name_of, parsed, sentences, texts
from tui.actions import ACTIONS
from tui.words import Speech, ko, ko_engine, ko_keys, ko_lines
from tui.words.ko import CATALOGUE

KO = Speech("ko")
HANGUL = re.compile("[가-힣]")
SCREEN = ("tui/acts", "tui/forms", "tui/panes", "tui/screens", "tui/widgets", "tui/app.py", "tui/asking.py")
SCREEN += ("tui/surface.py", "tui/keys.py", "tui/known.py", "tui/look.py", "tui/keymap.py", "tui/actions.py")
ENGINE = ("core/trading", "core/runtime", "core/domain", "brokers", "tui/run")
TEXTS = {"Denial": 3, "LineError": 0, "wrong": 0, "Noticed": 9, "Receipt": 9, "GateChanged": 9, "StrategyChanged": 9}
TEXTS |= {"OrderUnknown": 9, "OrderNotPlaced": 9, "OrderExpired": 9, "OrderRejected": 9, "OrderCanceled": 9}
TEXTS |= {"FeedChanged": 9, "SetTradingState": 9, "InvalidValue": 0}
"""Calls that carry a sentence to a person, and its place among the arguments (9: only as `text=`)."""
NEVER_SEEN = frozenset(
    f"{file}.py"
    for file in (
        "core/trading/notify",
        "core/trading/history",
        "core/domain/instrument",
        "core/runtime/desk_socket",
        "brokers/registry",
    )
)
"""Programming errors and words between programs."""


INNER = frozenset({"{} of {}", "{}, no quantity"})
"""Parts of a sentence, of figures and names only."""


SLACK = 30
"""Sentences that may still lack their Korean form; words and headings may not."""


def none(found: Iterable[str], slack: int = 0) -> None:
    listed = sorted(found)
    print("\n".join(listed))
    assert len(listed) <= slack, "\n" + "\n".join(listed)


def shape(template: str) -> str:
    """Without the names of its fields."""
    return "".join(literal + ("{}" if name is not None else "") for literal, name, _, _ in Formatter().parse(template))


KEYS = {shape(english) for english in CATALOGUE}


def literals() -> Iterator[Sentence]:
    """Texts of `word(...)` and `say(...)` on the screen, headings, titles, the registry of actions."""
    for file, tree in parsed(SCREEN):
        for node in ast.walk(tree):
            found: list[ast.expr] = []
            if isinstance(node, ast.Call):
                place = {"word": 0, "w": 0, "Column": 1, "say": 0 if len(node.args) == 1 else 9}.get(name_of(node), 9)
                found = node.args[place : place + 1]
            elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "title" for t in node.targets):
                found = [node.value]
            for text in (text for one in found for text in texts(one)):
                if any(character.isalpha() for character in text):
                    yield Sentence(text, f"{file}:{node.lineno}")  # type: ignore[attr-defined]


def spoken() -> list[Sentence]:
    """Sentences that forms, actions and the console make themselves."""
    calls = {"say": 1, "Refused": 0, "Confirm": 1, "Wanted": 1, "Review": 1, "InvalidValue": 0}
    return sentences(SCREEN, calls, frozenset({"remark", "answer"}))


def test_every_word_of_the_screen_is_in_the_catalogue() -> None:
    plain = {"%", "#", "ID", "NAV", "BP", "TIF", "TIME", "KIND", "TEXT"}
    lacking = {s.template: s.place for s in literals() if shape(s.template) not in KEYS and s.template not in plain}
    none(lacking)


def test_every_action_is_in_the_catalogue() -> None:
    lacking = [text for a in ACTIONS for text in (a.help, a.short) if text and KO.said(text) == text]
    none(lacking, SLACK)


def test_every_sentence_of_the_screen_is_found_again() -> None:
    lacking = {s.template: s.place for s in spoken() if not HANGUL.search(KO.said(s.sample))}
    none(lacking, SLACK)


def test_every_sentence_of_the_engine_is_found_again() -> None:
    names = frozenset({"text", "why", "hint", "return", "missing"})
    said = [s for s in sentences(ENGINE, TEXTS, names) if s.place.partition(":")[0] not in NEVER_SEEN]
    said = [s for s in said if s.template not in INNER]
    lacking = {s.template: s.place for s in said if not HANGUL.search(KO.said(s.sample))}
    print(f"{len(said) - len(lacking)} of {len(said)} sentences of the engine have a Korean form")
    assert len(said) > 120
    none(lacking, SLACK)


def test_every_rule_has_a_name() -> None:
    rules = {
        node.args[0].value
        for _, tree in parsed(("core",))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node) == "Denial" and isinstance(node.args[0], ast.Constant)
    }
    assert len(rules) >= len(risk.CHECKS) // 2
    none(rules - set(CATALOGUE))
    none(rule for rule in rules if f"{rule}: {{why}}" not in CATALOGUE)


def test_what_a_line_works_out_is_found_again() -> None:
    files = ("core/trading/orderline.py", *(f"core/trading/{p.name}" for p in (ROOT / "core/trading").glob("line*.py")))
    said = sentences(files, {"append": 0, "insert": 1})
    assert len(said) >= 10
    figures = {"{} = {}", "{}: {}={}"}
    none(s.template for s in said if s.template not in figures and not HANGUL.search(KO.said(s.sample)))


def test_a_rule_of_two_words_is_no_name_of_an_order() -> None:
    text = (
        "auction over: the opening auction is past: leave opg out, or send @moc (limit an opening auction, actual open)"
    )
    assert KO.said(text).startswith("단일가 끝남: 시가 단일가가 끝났습니다: opg를 빼거나")


def test_every_kind_of_log_line_has_a_name() -> None:
    kinds = set()
    for _, tree in parsed(("core", "tui/run")):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "kind":
                kinds |= set(texts(node.value))
            elif isinstance(node, ast.Tuple) and len(node.elts) == 3:
                kinds |= {text for text in texts(node.elts[1]) if text.isupper()}
    lacking = {kind for kind in kinds if kind.isupper() and kind not in CATALOGUE}
    none(lacking, SLACK)


def test_no_entry_that_nobody_says() -> None:
    said: set[str] = set()
    for file, tree in parsed(("tui", "core", "brokers", "storage")):
        if not file.startswith("tui/words/"):
            said |= {
                shape(_braced(text)) for node in ast.walk(tree) if isinstance(node, ast.expr) for text in texts(node)
            }
    said |= {text.strip() for text in said} | {text.upper() for text in said}
    made = (
        ko.COMPOSED,
        ko_keys.COMPOSED,
        ko_lines.COMPOSED,
        ko_engine.LOG,
        ko_engine.ORDERS,
        ko_engine.REFUSALS,
        ko_engine.TOLD,
    )  # put together from parts
    kept = {english for group in ko.GROUPS if group not in made for english in group}
    unused = {english for english in kept if shape(english) not in said}
    none(unused, SLACK)


def _braced(text: str) -> str:
    """A literal brace of the source is no field, unless the source itself is a template."""
    return text if re.fullmatch(r"[^{}]*(\{\w*\}[^{}]*)*", text) else text.replace("{", "").replace("}", "")


def test_both_sides_have_the_same_fields() -> None:
    for english, korean in CATALOGUE.items():
        theirs = {name for _, name, _, _ in Formatter().parse(korean) if name is not None}
        ours = {name for _, name, _, _ in Formatter().parse(english) if name is not None}
        assert ours == theirs, english


def test_no_text_has_two_translations() -> None:
    for one, other in combinations(ko.GROUPS, 2):
        clash = {english for english in one.keys() & other.keys() if one[english] != other[english]}
        none(clash)


def test_particles_behind_a_field_follow_its_sound() -> None:
    """은, 는, 이, 가, 을, 를 right behind a field would be wrong for half of all names."""
    loose = re.compile(r"\}(?:은|는|이|가|을|를|과|와|으로|로)(?![가-힣])")
    assert not [english for english, korean in CATALOGUE.items() if loose.search(korean)]


@pytest.mark.parametrize("english", [english for english in CATALOGUE if "{" in english])
def test_a_template_finds_its_own_sentences(english: str) -> None:
    fields = {name: "XYZ" for _, name, _, _ in Formatter().parse(english) if name}
    korean = KO.said(english.format(**fields))
    assert HANGUL.search(korean) or english in ("→ {what}", "Tab: {what}")
    assert "XYZ" in korean


def test_the_sources_are_there() -> None:
    assert all((ROOT / folder).exists() for folder in (*SCREEN, *ENGINE))
