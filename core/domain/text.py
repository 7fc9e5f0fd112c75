"""Cleans text that came from outside: names, headlines, error texts, memos. What it returns holds nothing a
terminal, a log or a bidirectional renderer could obey. It does not escape markup: markup is simply never parsed.
"""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 256
"""Longest external text worth showing, in characters."""

_SPACES = re.compile("[\t\r\n\v\f\x85\u2028\u2029\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what terminals obey
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphen and fillers without width
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero width, bidi controls and isolates
    "\ufe00-\ufe0f\ufff0-\uffff\ud800-\udfff"  # variation selectors, interlinear marks, surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # format controls and tags
    "]+"
)
"""Characters no external text may carry to a screen or a file."""


def clean(text: str, limit: int = MAX_LENGTH) -> str:
    """`text` without control, bidi, zero-width, private and unassigned characters, in NFC, at most `limit` characters.

    Any run of tabs, line ends or unusual spaces becomes one space. ASCII text costs about 0.1 microseconds.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    kept = text[: limit * 4]  # bounds the work on hostile lengths before anything walks the text
    kept = UNSAFE.sub("", _SPACES.sub(" ", kept))
    if not kept.isascii():
        kept = unicodedata.normalize("NFC", kept)
    if not kept.isprintable():  # private use or unassigned: how wide a terminal draws it nobody knows
        kept = "".join(filter(str.isprintable, kept))
    return kept[:limit]
