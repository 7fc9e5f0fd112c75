"""The keyboard's parser as the console uses it: Textual's, behind the filter for what no hand typed, and steady where a
malformed sequence would end it."""

from __future__ import annotations

import codecs
import os
import selectors
from collections.abc import Callable, Iterable
from threading import Event

from textual._xterm_parser import XTermParser
from textual.message import Message

from core.clock import SystemClock
from core.ports import Clock
from tui.replies import LONE_NS, Replies

MAX_READ = 4096
PATIENCE = 0.05
"""Seconds after which silence is looked at: a lone escape is a key then."""
LOST = chr(0xFFFD)


class Hearing(XTermParser):
    def __init__(self, debug: bool = False, *, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._replies = Replies()
        self._heard = 0
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Unlike in Textual an empty text is no end: nothing came."""
        if data:
            self._heard = self._clock.monotonic()
            yield from self._hear(self._replies.pass_on(data, self._heard))

    def tick(self) -> Iterable[Message]:
        """Nothing came for a while."""
        now = self._clock.monotonic()
        yield from self._hear(self._replies.quiet(now))
        if self._timeout_time is not None and now - self._heard >= LONE_NS:
            self._timeout_time = 0.0  # it has waited long enough
        yield from super().tick()

    def _hear(self, text: str) -> Iterable[Message]:
        for part in text if "\x1b" in text else (text,) if text else ():
            try:
                yield from super().feed(part)
            except (ValueError, OverflowError):  # figures in a sequence that no key has
                super().__init__()


def hear(number: int, ended: Event, told: Callable[[Message], None], undecoded: Callable[[], object] | None) -> None:
    """Read the terminal in a thread until `ended` or until it is gone. Bytes that are no UTF-8 are dropped and told."""
    parser = Hearing()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with selectors.SelectSelector() as selector:
        selector.register(number, selectors.EVENT_READ)
        while not ended.is_set():
            if selector.select(PATIENCE):
                try:
                    data = os.read(number, MAX_READ)
                except OSError:
                    return  # the terminal has hung up; who watches it says so
                if not data:
                    return
                text = decoder.decode(data)
                if LOST in text and undecoded is not None:
                    undecoded()
                for event in parser.feed(text.replace(LOST, "")):
                    told(event)
            for event in parser.tick():
                told(event)
