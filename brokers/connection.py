"""A connection of the websockets library that hands over each message where it is received: no task is woken to fetch
it, and a whole binary frame, which is what market data comes in, is cut out of the bytes without the library's parser.
All else is the library's: the handshake, text, control frames, pieces, closing, and whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Opcode
from websockets.protocol import State

BINARY, TEXT, OPEN = Opcode.BINARY, Opcode.TEXT, State.OPEN
"""Names of our own: an enum's are looked up by a function, and these are needed for every frame."""
WHOLE_BINARY = 0x80 | Opcode.BINARY
LONGEST = 1 << 16
"""What is longer, in bytes, is none of the frames that are many."""
SHAKEN = b"\r\n\r\n"


class Connection(ClientConnection):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._early: list[str | bytes] = []
        self.hear: Callable[[str | bytes], None] = self._early.append
        """Takes each message. What comes in pieces, and all behind it, is fetched with `recv` instead."""
        self._is_fetched = False
        self._is_walked = False
        """Frames are told apart here, and the library has had whole ones alone."""
        self._rest = b""
        """The beginning of a frame."""

    def listen(self, hear: Callable[[str | bytes], None]) -> None:
        """From now on; what came before is handed over first."""
        for data in self._early:
            hear(data)
        self._early.clear()
        self.hear = hear

    def data_received(self, data: bytes) -> None:
        if self._is_walked:
            self._walk(self._rest + data if self._rest else data)
            return
        was_shaken = self.response is not None
        super().data_received(data)
        if not was_shaken and self.response is not None:
            # Where frames came behind the handshake, only the library knows where the next one begins.
            self._is_walked = data.endswith(SHAKEN) and data.count(SHAKEN) == 1

    def _walk(self, data: bytes) -> None:
        at, end = 0, len(data)
        while at + 2 <= end:
            size, start = data[at + 1], at + 2
            if size > 125:
                start += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : start], "big") if size < 128 else LONGEST + 1  # masked: it may not
            if size > LONGEST or self.protocol.state is not OPEN:
                self._is_walked = False
                break
            if start + size > end:
                break
            if data[at] == WHOLE_BINARY and not self._is_fetched:
                self.hear(data[start : start + size])
            else:
                super().data_received(data[at : start + size])
            at = start + size
        self._rest = data[at:] if at < end else b""
        if self._rest and not self._is_walked:
            rest, self._rest = self._rest, b""
            super().data_received(rest)

    def process_event(self, event: Any) -> None:
        """A frame that the library has read."""
        if self.response is not None and not self._is_fetched:
            opcode = event.opcode
            if opcode is BINARY and event.fin:
                self.hear(bytes(event.data))
                return
            if opcode is TEXT and event.fin:
                with suppress(UnicodeDecodeError):
                    self.hear(event.data.decode())
                    return
            self._is_fetched = opcode is TEXT or opcode is BINARY  # in pieces, or no text: `recv` ends the line
        super().process_event(event)
