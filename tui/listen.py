"""`hoga keys --listen`: what each key press looks like here, line by line in the plain terminal. It hears through the
same parser, in the same keyboard protocol, as the console does, and does nothing of what it hears."""

from __future__ import annotations

import codecs
import os
import selectors
import sys
import termios
import tty
from collections.abc import Iterator

from textual import events

from tui.actions import PANES
from tui.hearing import Hearing
from tui.keycheck import unreachable
from tui.keymap import Keymap, key_of, pressed
from tui.messages import Press

_KITTY_ON, _KITTY_OFF = "\x1b[>25u", "\x1b[<u"
"""All keys as escape sequences with their text, as Textual asks for it; terminals that cannot, ignore it."""
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_LEAVE = {"q": 2, "ctrl+c": 2}


class Ear:
    """Bytes in, lines out."""

    def __init__(self, keymap: Keymap) -> None:
        self._map = keymap
        self._parser = Hearing()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = b""
        self._same: tuple[str, int] = ("", 0)

    @property
    def is_done(self) -> bool:
        """`q` twice, or Ctrl+C twice."""
        key, times = self._same
        return times >= _LEAVE.get(key, 99)

    def hear(self, data: bytes) -> Iterator[str]:
        for number in data:
            byte = bytes([number])
            self._held += byte
            text = self._decode(byte)
            yield from self._lines(list(self._parser.feed(text)) if text else [])

    def wait(self) -> Iterator[str]:
        """Nothing came for a while: an escape alone is a key."""
        yield from self._lines(list(self._parser.tick()))

    def _lines(self, found: list[object]) -> Iterator[str]:
        if not found:
            return
        held, self._held = self._held, b""
        for place, event in enumerate(found):
            raw = _shown(held) if not place else "..."
            if isinstance(event, events.Key):
                self._same = (event.key, self._same[1] + 1 if event.key == self._same[0] else 1)
                press = pressed(event.key, event.character, 0.0)
                yield f"{key_of(press):<16} {raw:<28} {meaning(self._map, press)}"
            elif isinstance(event, events.Paste):
                yield f"{'(paste)':<16} {raw[:28]:<28} {len(event.text)} characters; outside a field it is ignored"
            else:
                yield f"{f'({type(event).__name__})':<16} {raw:<28} the terminal's own report; it is no key"


def meaning(keymap: Keymap, press: Press) -> str:
    """What a key is bound to, or why it is bound to nothing."""
    from tui.keyboard import latin_keys

    key = key_of(press)
    under = latin_keys(press.character or "")
    if under:
        return f"counts as {' '.join(under)} outside text"
    general = keymap.always(key)
    places = {pane: general or keymap.at(pane).get(key) for pane in PANES}
    counted: dict[str, list[str]] = {}
    for pane, action in places.items():
        if action is not None:
            counted.setdefault(f"{action.id}  {action.help}", []).append(pane)
    told = [text if len(panes) == len(PANES) else f"{text} ({', '.join(panes)})" for text, panes in counted.items()]
    pairs = sorted({f"{key} {second}" for pane in PANES for second in keymap.following(pane, key)})
    if pairs:
        told.append(f"begins {', '.join(pairs)}")
    reason = unreachable(key)
    return "; ".join(told) or (f"never bound: {reason}" if reason else "bound to nothing")


def _shown(held: bytes) -> str:
    return " ".join("ESC" if number == 27 else f"{number:02x}" for number in held)


def listen(keymap: Keymap) -> int:
    """Until `q` or Ctrl+C is pressed twice. The terminal is as before afterwards, whatever happens."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    ear = Ear(keymap)
    print("Press keys. q twice, or Ctrl+C twice, leaves.\n")
    print(f"{'key':<16} {'bytes':<28} what it does")
    selector = selectors.DefaultSelector()
    selector.register(number, selectors.EVENT_READ)
    try:
        tty.setraw(number, termios.TCSANOW)
        _tell(_KITTY_ON + _PASTE_ON)
        while not ear.is_done:
            if selector.select(0.1):
                data = os.read(number, 4096)
                if not data:
                    break
                lines = list(ear.hear(data))
            else:
                lines = list(ear.wait())
            for line in lines:
                _tell(f"{line}\r\n")
    finally:
        _tell(_KITTY_OFF + _PASTE_OFF)
        termios.tcsetattr(number, termios.TCSANOW, before)
        selector.close()
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
