"""Hangul arithmetic that typing needs: the initials of a name (초성), and which keys were pressed when the keyboard
was left in Korean (두벌식). No display widths, no translation, no dictionary."""

from __future__ import annotations

import unicodedata

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWEL_TEXT = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ"
_FINAL_TEXT = "ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ"
_PAIR_TEXT = "ㄱㅅ ㄴㅈ ㄴㅎ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅂㅅ ㅗㅏ ㅗㅐ ㅗㅣ ㅜㅓ ㅜㅔ ㅜㅣ ㅡㅣ"
_VOWELS = _VOWEL_TEXT.split()
_FINALS = ["", *_FINAL_TEXT.split()]
_PAIRS = dict(zip("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄㅘㅙㅚㅝㅞㅟㅢ", _PAIR_TEXT.split(), strict=True))
"""Jamo an input method joins on its own when two keys follow each other."""
_KEYS = dict(zip("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", "qwertyuiopasdfghjklzxcvbnm", strict=True))
_KEYS |= {"ㅃ": "Q", "ㅉ": "W", "ㄸ": "E", "ㄲ": "R", "ㅆ": "T", "ㅒ": "O", "ㅖ": "P"}
_FIRST, _LAST = 0xAC00, 0xD7A3
_CHOSEONG = 0x1100
"""Modern initials of the conjoining block, in the order of `_INITIALS`: some input methods send these."""


def _jamo(character: str) -> str:
    """The jamo of one syllable or jamo; other characters as they are."""
    point = ord(character)
    if _FIRST <= point <= _LAST:
        rest, final = divmod(point - _FIRST, len(_FINALS))
        initial, vowel = divmod(rest, len(_VOWELS))
        return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
    return _PAIRS.get(character, character)


def keys(text: str) -> str:
    """What the same keys give on a Latin keyboard: `ㅠ` is `b`, `ㄴ디ㅣ` is `sell`. Other characters stay."""
    joined = "".join(_jamo(character) for character in unicodedata.normalize("NFC", text))
    return "".join(_KEYS.get(jamo, jamo) for jamo in joined)


def initials(text: str) -> str:
    """The initial of every syllable: `삼성전자` is `ㅅㅅㅈㅈ`. Other characters stay, as the `SK` of `SK하이닉스`."""
    return "".join(
        _INITIALS[(ord(c) - _FIRST) // (len(_VOWELS) * len(_FINALS))] if _FIRST <= ord(c) <= _LAST else c
        for c in unicodedata.normalize("NFC", text)
    )


def typed_initials(text: str) -> str:
    """What a person typed, as single initials: joined pairs apart (`ㄳ` is `ㄱㅅ`), one form for each."""
    single = (
        _INITIALS[ord(c) - _CHOSEONG] if _CHOSEONG <= ord(c) < _CHOSEONG + len(_INITIALS) else _PAIRS.get(c, c)
        for c in text
    )
    return "".join(single)


def is_initials(text: str) -> bool:
    """Does `text` hold initials, and no whole syllable or vowel?"""
    return any(c in _INITIALS for c in text) and not any(_FIRST <= ord(c) <= _LAST or "ㅏ" <= c <= "ㅣ" for c in text)
