"""What the screen says, in its two languages. Code speaks English; where the screen's language is another one, the
catalogue answers. Three doors: `word` for a single word or a fixed text, `say` for a sentence with fields, `said` for a
sentence that was made in English elsewhere (by the engine, the journal, a form) and arrives as text.

    word("Positions")                                               잔고
    say("no position in {name}; press b to buy", name="삼성전자")      삼성전자 보유가 없습니다. b로 매수합니다
    said("no position in AAPL; press b to buy")                     AAPL 보유가 없습니다. b로 매수합니다

Where the catalogue has no entry the English stands: nothing is ever hidden for want of a translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from tui.words.particles import particle
from tui.words.patterns import Patterns

Words = Callable[[str], str]
"""The word of the screen's language for an English one; the English word where there is none."""
LANGUAGES = ("en", "ko")
DEEPEST = 4
"""A sentence within a sentence within a sentence; below that the English stands."""


class Speech:
    """One language. Switching means to take another one."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue: Mapping[str, str] = {}
        if language == "ko":
            from tui.words.ko import CATALOGUE  # who reads English does not load it

            self._catalogue = CATALOGUE

    def word(self, english: str) -> str:
        """The word, or fixed text, for an English one."""
        return self._catalogue.get(english, english)

    def say(self, template: str, **fields: object) -> str:
        """A sentence with its fields. The English template is the key, so it is always a literal where it is said."""
        korean = self._catalogue.get(template)
        if korean is None:
            return template.format(**fields) if fields else template
        return _filled(korean, fields, 0) if fields else korean

    def said(self, english: str) -> str:
        """The sentence for one that was made in English."""
        return _translated(english, 0) if self._catalogue else english

    def told(self, kind: str, text: str) -> tuple[str, str]:
        """A log line's kind and text. The kind says how the text is to be read."""
        if not self._catalogue:
            return kind, text
        known, whole = self.word(kind), self.said(f"{kind} {text}")
        return known, whole.removeprefix(f"{known} ") if whole.startswith(f"{known} ") else self.said(text)


@lru_cache(maxsize=1)
def _patterns() -> Patterns:
    from tui.words.ko import CATALOGUE

    return Patterns(CATALOGUE)


@lru_cache(maxsize=2048)
def _translated(english: str, depth: int) -> str:
    from tui.words.ko import CATALOGUE

    korean = CATALOGUE.get(english)
    if korean is not None:
        return korean
    found = _patterns().find(english) if depth < DEEPEST else None
    if found is None:
        return english
    template, fields = found
    return _filled(CATALOGUE[template], fields, depth)


def _filled(korean: str, fields: Mapping[str, object], depth: int) -> str:
    return korean.format(**{name: _Value(value, depth) for name, value in fields.items()})


class _Value:
    """A value in a Korean sentence. `{name}` is the value, `{name:을}` the value with its particle, `{why:ko}` a value
    that is itself a text of the catalogue; `{why:ko을}` is both."""

    __slots__ = ("_depth", "_value")

    def __init__(self, value: object, depth: int) -> None:
        self._value, self._depth = value, depth

    def __format__(self, wish: str) -> str:
        text = str(self._value)
        if wish.startswith("ko"):
            text, wish = _translated(text, self._depth + 1), wish[2:]
        return text + particle(text, wish) if wish else text
