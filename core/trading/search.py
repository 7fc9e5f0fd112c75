"""Find an instrument by what a person types: code, ticker, English or Korean name, or Korean initials (초성). The index
is built once and answers from a few long strings; it asks no venue and knows no prices."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable

from core.domain.errors import InvalidValue
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.trading.hangul import initials, is_initials, typed_initials

MAX_QUERY = 64
_SCAN = 400
"""Hits of one rank that are looked at: a query that fits more than this is too short to be ranked well anyway."""
_END = "\x1f"


def fold(text: str) -> str:
    """The form in which texts are compared: one Unicode form, no case, no blanks."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


class _Field:
    """One searchable text of every instrument, all in one string: a search is a few `str.find`."""

    __slots__ = ("_rows", "_starts", "_text")

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        self._rows: list[int] = []
        self._starts: list[int] = []
        parts: list[str] = []
        at = 0
        for row, text in texts:
            if not text:
                continue
            self._rows.append(row)
            self._starts.append(at)
            parts.append(_END + text)
            at += len(text) + 1
        self._text = "".join(parts) + _END

    def find(self, pattern: str) -> list[int]:
        """Rows whose text holds `pattern` (with `_END` marks for its ends), each once."""
        found: dict[int, None] = {}
        at = self._text.find(pattern)
        while at >= 0 and len(found) < _SCAN:
            # A pattern that begins with the mark matches at the mark itself, which belongs to the text behind it.
            place = bisect_right(self._starts, at) - 1
            found[self._rows[place]] = None
            after = self._starts[place + 1] if place + 1 < len(self._starts) else len(self._text)
            at = self._text.find(pattern, after)
        return list(found)


class SymbolIndex:
    """`instruments`, searchable. Build a new one when the list changes."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        # Short names first, then by id: so rows of one rank are already in the order they are shown.
        self._instruments = sorted(instruments, key=lambda i: (len(i.name_ko or i.name), len(i.name), i.id))
        self._by_id = {instrument.id: instrument for instrument in self._instruments}
        rows = list(enumerate(self._instruments))
        self._codes = _Field((row, fold(text)) for row, i in rows for text in (i.code, i.id))
        self._tickers = _Field((row, fold(text)) for row, i in rows for text in _tickers(i))
        self._names = _Field((row, fold(text)) for row, i in rows for text in {i.name, i.name_ko})
        self._words = _Field((row, fold(word)) for row, i in rows for word in i.name.split()[1:])
        self._initials = _Field((row, initials(fold(i.name_ko))) for row, i in rows if i.name_ko)

    def __len__(self) -> int:
        return len(self._instruments)

    def get(self, instrument: InstrumentId) -> Instrument | None:
        return self._by_id.get(instrument)

    def find(self, text: str, limit: int = 20) -> list[Instrument]:
        """Best first: whole code, whole ticker or name, beginnings, then anything inside. Empty text lists all, by
        length of name. Never raises; what fits nothing gives an empty list."""
        query = self._query(text)
        if query is None:
            return []
        if not query:
            return self._instruments[:limit]
        found: dict[int, None] = {}
        for field, pattern in self._ranks(query):
            found.update(dict.fromkeys(sorted(field.find(pattern))))
            if len(found) >= limit:
                break
        return [self._instruments[row] for row in list(found)[:limit]]

    def resolve(self, text: str, limit: int = 6) -> list[Instrument]:
        """The instruments `text` may mean: those it names whole, if any, else everything `find` gives (for digits
        nothing). One is an answer, several are a question to the person, none is a mistake."""
        query = self._query(text)
        if not query:
            return []
        whole = _END + query + _END
        for field in (self._codes, self._names, self._tickers, self._initials):
            rows = sorted(field.find(whole))
            if rows:
                return [self._instruments[row] for row in rows[:limit]]
        # Part of a code is a slip of the finger, not a name: 00593 must not become 005930.
        return [] if query.isdecimal() else self.find(text, limit)

    def one(self, text: str) -> Instrument:
        """The one instrument `text` means; raises InvalidValue that names the candidates."""
        found = self.resolve(text)
        if len(found) == 1:
            return found[0]
        shown = text[:MAX_QUERY]
        if not found:
            raise InvalidValue(f"no instrument fits {shown!r}: use its code, as in 005930, or market:code")
        raise InvalidValue(f"{shown!r} may mean {', '.join(f'{i.id} {i.name}' for i in found)}: write the code")

    def _query(self, text: str) -> str | None:
        """The folded query; None for one that can fit nothing."""
        query = typed_initials(fold(text[: MAX_QUERY + 1]))
        return None if len(query) > MAX_QUERY or _END in query else query

    def _ranks(self, query: str) -> Iterable[tuple[_Field, str]]:
        start, whole = _END + query, _END + query + _END
        for field in (self._codes, self._tickers, self._names):
            yield field, whole
        for field in (self._codes, self._tickers, self._names, self._words):
            yield field, start
        if is_initials(query):
            yield self._initials, whole
            yield self._initials, start
        yield self._codes, query
        yield self._names, query
        if is_initials(query):
            yield self._initials, query


def _tickers(instrument: Instrument) -> set[str]:
    """Short names inside a code: the coin of `KRW-BTC`, both sides of `EUR/USD` joined."""
    base, dash, rest = instrument.code.partition("-")
    if dash:
        return {rest, instrument.code.replace("-", ""), f"{rest}{base}"}
    return {instrument.code.replace("/", ""), instrument.code.replace(".", "")} - {instrument.code}
