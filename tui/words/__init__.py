"""What the screen says, in its two languages. Code speaks English; where the screen's language is another one, the
catalogue answers. Three doors: `word` for a single word or a fixed text, `say` for a sentence with fields, `said` for a
sentence that somebody else (the engine, the journal) made in English and that arrives as text.

    word("Positions")                                               잔고
    say("no position in {name}; press b to buy", name="삼성전자")      삼성전자 보유가 없습니다. b로 매수합니다
    said("no position in AAPL; press b to buy")                     AAPL 보유가 없습니다. b로 매수합니다

Where the catalogue has no entry the English stands: nothing is ever hidden for want of a translation."""

from __future__ import annotations

from collections.abc import Callable

from tui.words.ko import CATALOGUE
from tui.words.particles import Named

Words = Callable[[str], str]
"""The word of the screen's language for an English one; the English word where there is none."""
LANGUAGES = ("en", "ko")


class Speech:
    """One language. It is a value: switching means to take another one."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = CATALOGUE if language == "ko" else {}

    def word(self, english: str) -> str:
        """The word, or fixed text, for an English one."""
        return self._catalogue.get(english, english)

    def say(self, template: str, **fields: object) -> str:
        """A sentence with its fields. The English template is the key, so it is always a literal where it is said."""
        korean = self._catalogue.get(template)
        if korean is None:
            return template.format(**fields) if fields else template
        return korean.format(**{name: Named(value) for name, value in fields.items()}) if fields else korean

    def said(self, english: str) -> str:
        """The sentence for one that was made in English."""
        return self._catalogue.get(english, english)
