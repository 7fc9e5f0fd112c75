"""Tickers that say nothing new, known by their bytes. One comes with every print and four in ten frames are tickers,
while what hoga wants of them (the close before, the state) changes once a day: the words of the last one that was read
are looked for where they stood, and a ticker that still has them is not read at all."""

from __future__ import annotations

import msgspec

from brokers.upbit import wire

BEHIND_TYPE = 17
"""Where the market's code begins at the earliest, in the long names and in the short ones."""
ROOM = 32
"""Figures before a word may have more or fewer digits than they had."""
NAMES = (
    (b'{"type":"ticker","code":"', b'"prev_closing_price":', b'"market_state":', b'"is_trading_suspended":'),
    (b'{"ty":"ticker","cd":"', b'"pcp":', b'"ms":', b'"its":'),
)
"""How a ticker begins, and what is wanted of it, by format."""


class Familiar:
    """The words by the beginning of a ticker, which names its market."""

    def __init__(self) -> None:
        self._words: dict[bytes, tuple[bytes, int, int, bytes, int, int]] = {}

    def knows(self, data: bytes) -> bool:
        """Would reading it tell what is known?"""
        words = self._words.get(data[: data.find(b'",', BEHIND_TYPE)])
        if words is None:
            return False
        close, close_from, close_to, state, state_from, state_to = words
        return data.find(state, state_from, state_to) > 0 and data.find(close, close_from, close_to) > 0

    def learn(self, data: bytes, ticker: wire.TickerState) -> None:
        """This is how a ticker looks that says what `ticker` says. One that is put together otherwise is not learned,
        and its market is read every time."""
        for start, close_name, state_name, suspended_name in NAMES:
            if not data.startswith(start):
                continue
            close, at = _word(data, close_name)
            state, state_at = _word(data, state_name)
            suspended, suspended_at = _word(data, suspended_name)
            words = state + suspended
            wanted = [ticker.prev_closing_price, ticker.market_state, ticker.is_trading_suspended]
            if suspended_at == state_at + len(state) and _values(close + words) == wanted:
                self._words[start + ticker.code.encode()] = (
                    *(close, max(at - ROOM, 0), at + len(close) + ROOM),
                    *(words, max(state_at - ROOM, 0), state_at + len(words) + ROOM),
                )

    def forget(self, code: str = "") -> None:
        """Of this market, or of all."""
        if not code:
            self._words.clear()
        for start, *_ in NAMES:
            self._words.pop(start + code.encode(), None)


def _word(data: bytes, name: bytes) -> tuple[bytes, int]:
    """`"name":value,` and where it stands; empty where it is missing, the last one, or not alone."""
    at = data.find(name)
    end = data.find(b",", at)
    if at < 0 or end < 0 or data.find(name, end) > 0:
        return b"", at
    return data[at : end + 1], at


def _values(words: bytes) -> list[object]:
    try:
        return list(msgspec.json.decode(b"{%b}" % words[:-1]).values())
    except (msgspec.DecodeError, ValueError):
        return []
