"""What a terminal sends that no hand typed: answers to questions (device attributes, colours, modes), reports of a
mouse nobody asked for, half a paste. It is taken out of the stream before anything is read as a key, wherever the
stream was cut. Text in, text out; whoever reads the terminal says what time it is."""

from __future__ import annotations

import re

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

ESCAPE = "\x1b"
LONE_NS = 100_000_000
"""After so long a lone escape is the key, and what began like a reply was Alt and a letter."""
GIVE_UP_NS = 1_000_000_000
"""After so long the rest of a reply or of a paste does not come any more."""
STALL_NS = 300_000_000
"""A control key alone, after so long in a paste that has not ended, is a hand's: half a paste makes nobody deaf."""
_LONGEST = 64
_STRINGS = frozenset("]P_^X")
"""Behind an escape: OSC, DCS, APC, PM and SOS run to their terminator."""
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
_KEYS = re.compile(
    r"\x1b\[(?:"
    r"[\d:;]*[u~ABCDEFHPQS]"  # keys, in the old and in the kitty protocol
    r"|\d+;\d+R"  # where the cursor is
    r"|\?\d+;\d\$y"  # whether a mode is known
    r"|48;\d{1,3};\d{1,3};\d{1,5};\d{1,5}t"  # another size
    r"|[IO])"  # the window has the keys, or has not
)


class Replies:
    def __init__(self) -> None:
        self._state = ""
        """esc, csi, mouse, string, paste, or empty between sequences."""
        self._held = ""
        self._since = 0

    def pass_on(self, text: str, now: int) -> str:
        """What is left of `text`, which came at `now` ns, for the keyboard's parser."""
        passed = self.quiet(now) if self._state else ""
        if self._state == "paste" and now - self._since >= STALL_NS and len(text) <= 8 and text < " ":
            self._end()
            passed += _PASTE_END
        self._since = now
        return passed + "".join(self._take(character) for character in text)

    def quiet(self, now: int) -> str:
        """Nothing came until `now`: what may go on after all."""
        passed, waited = self._held, now - self._since
        is_key = self._state == "esc" or (self._state == "csi" and self._held == f"{ESCAPE}[")
        if is_key and waited >= LONE_NS:
            self._end()
            return passed
        if self._state == "string" and waited >= LONE_NS:
            self._end()
        elif self._state == "paste" and waited >= GIVE_UP_NS:
            self._end()
            return _PASTE_END
        elif self._state and waited >= GIVE_UP_NS:
            self._end()
        return ""

    # ---- one character

    def _end(self) -> None:
        self._state, self._held = "", ""

    def _take(self, character: str) -> str:
        match self._state:
            case "":
                return self._plain(character)
            case "esc":
                return self._after_escape(character)
            case "csi":
                return self._in_sequence(character)
            case "mouse":
                self._held += character
                if len(self._held) == 3:
                    self._end()
                return ""
            case "string":
                return self._in_string(character)
        self._held = (self._held + character)[-len(_PASTE_END) :]
        if self._held == _PASTE_END:
            self._end()
        return character

    def _plain(self, character: str) -> str:
        if character == ESCAPE:
            self._state, self._held = "esc", ESCAPE
            return ""
        return character

    def _after_escape(self, character: str) -> str:
        if character == "[":
            self._state, self._held = "csi", f"{ESCAPE}["
            return ""
        if character in _STRINGS:
            self._state, self._held = "string", ""
            return ""
        if character == ESCAPE:
            return ESCAPE  # this one may begin something
        self._end()
        return ESCAPE + character

    def _in_string(self, character: str) -> str:
        """To a bell or to a string terminator. Ctrl+X and Ctrl+Z cancel it, as they do on a terminal, and are keys."""
        if character in "\x18\x1a\r\n":
            self._end()
            return character
        if character == "\x07" or (self._held == ESCAPE and character == "\\"):
            self._end()
        else:
            self._held = character if character == ESCAPE else ""
        return ""

    def _in_sequence(self, character: str) -> str:
        if character == ESCAPE:
            self._state, self._held = "esc", ESCAPE
            return ""
        if not " " <= character <= "~":  # a control key, or text: the sequence was none
            self._end()
            return character
        self._held += character
        if self._held == f"{ESCAPE}[[" or not "@" <= character <= "~":  # the console's F1 is `[[A`
            if len(self._held) > _LONGEST:
                self._end()
            return ""
        held = self._held
        self._end()
        if held == f"{ESCAPE}[M":
            self._state = "mouse"
        elif held == _PASTE:
            self._state = "paste"
            return held
        return held if held in ANSI_SEQUENCES_KEYS or _KEYS.fullmatch(held) else ""
