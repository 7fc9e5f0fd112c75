"""Korean particles after a name that varies: 은 or 는, 이 or 가, 을 or 를, as its last sound wants. Digits and Latin
letters are heard the way they are read aloud; where the sound cannot be known both forms are written."""

from __future__ import annotations

_FORMS = {"은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"), "으로": ("으로", "로")}
"""After a final consonant, and without one."""
_READ = dict(zip("0123456789", "영일이삼사오육칠팔구", strict=True)) | {
    "l": "엘",
    "m": "엠",
    "n": "엔",
    "r": "알",
    "%": "트",
}
_CLOSING = " )]}>\"'”’.,!?"


def final_consonant(text: str) -> str | None:
    """`""` when the last sound is a vowel, `"ㄹ"`, `"x"` for any other consonant; None when nobody can know."""
    last = text.rstrip(_CLOSING)[-1:].lower()
    last = _READ.get(last, "가" if last.isascii() and last.isalpha() else last)
    if not "가" <= last <= "힣":
        return None
    final = (ord(last) - ord("가")) % 28
    return "" if final == 0 else "ㄹ" if final == 8 else "x"


def particle(text: str, kind: str) -> str:
    """The form of particle `kind` (its form after a consonant) that follows `text`."""
    closed, opened = _FORMS[kind]
    final = final_consonant(text)
    if final is None:
        return f"{closed}({opened})" if kind != "으로" else "(으)로"
    return opened if not final or (kind == "으로" and final == "ㄹ") else closed
