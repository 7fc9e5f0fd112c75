"""What must not be read in a log or a crash report, taken out of it: secrets we were told of in every spelling they
travel in, texts that look like one, and all but the last four characters of account numbers. It is the last guard, not
the first: a secret should never get this far (core/secret.py). Secrets we were told of are in core/known.py.
"""

from __future__ import annotations

import re
from typing import Any

from core.known import MASK, hide_known, longest

_TEXT_CAP = 8192
_WORK_CAP = 1 << 20
"""More of a text than this is never looked at."""
_DEPTH = 6

_SECRET_NAMES = re.compile(
    r"secret|token|passw|passphrase|authorization|api_?key|app_?key|approval_?key|access_?key|credential|cookie|private",
    re.I,
)
_ACCOUNT_NAMES = re.compile(r"^(account|account_number|cano|acct)$", re.I)
_PATTERNS = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),  # a JWT
    re.compile(r"(?<=bearer )\S+", re.I),
    re.compile(r"(?<=basic )[A-Za-z0-9+/=]{12,}", re.I),
    re.compile(
        r"""(?<=[?&"'\s{,])((?:access_?|refresh_?)?token|app_?key|app_?secret|secret_?key|password|api_?key)"""
        r"""(["']?\s*[=:]\s*["']?)[^\s"'&,}]+""",
        re.I,
    ),
)
# A long run of mixed letters and digits: keys are; order ids and hex digests have no capitals.
_RUN = re.compile(r"(?<![\w+/=-])(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*[a-z])(?=[\w+/=-]*\d)[\w+/=-]{32,}")
_ACCOUNT = re.compile(r"(?<![\w.])(?:\d{4}(\d{4})-(\d{2})|[DU]{1,2}\d{3,}(\d{4}))(?![\w.])")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def names_secret(name: str) -> bool:
    """Does a field or setting of this name hold a secret?"""
    return _SECRET_NAMES.search(name) is not None


def mask_account(text: str) -> str:
    """`12345678-01` is `****5678-01`, `kis:12345678` is `kis:****5678`; a name without digits stays."""
    broker, colon, account = text.rpartition(":")
    if sum(character.isdigit() for character in account) < 6:
        return text
    tail = re.fullmatch(r"(.*?)(\w{4}(?:-\w{2})?)", account)
    return f"{broker}{colon}****{tail[2] if tail else ''}"


def redact(text: str) -> str:
    """`text` without secrets and whole account numbers, at most 8,192 characters of it."""
    found = hide_known(text[:_WORK_CAP])
    if len(text) > _WORK_CAP:  # a secret cut in two at the end would not be found
        found = found[: -longest()]
    kept = found[:_TEXT_CAP]
    for pattern in _PATTERNS:
        kept = pattern.sub(_replacement, kept)
    kept = _ACCOUNT.sub(_account_tail, _RUN.sub(_unless_path, kept))
    return kept if len(found) <= _TEXT_CAP else f"{kept}... ({len(found) - _TEXT_CAP} more)"


def _unless_path(found: re.Match[str]) -> str:
    """A path of a file is long and mixed too, but its parts are short words."""
    text = found[0]
    is_path = text.startswith("/") and text.count("/") > 1 and not set(text) & set("+=")
    return text if is_path and max(map(len, re.split("[/_-]", text))) < 20 else MASK


def _account_tail(found: re.Match[str]) -> str:
    return f"****{found[1]}-{found[2]}" if found[1] else f"****{found[3]}"


def _replacement(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{MASK}" if found.re.groups else MASK


def escape(text: str) -> str:
    """Control, direction, zero-width and broken characters written out as `\\u202e`, so a line stays one line and
    says what it shows."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def redact_value(name: str, value: Any, depth: int = 0) -> Any:
    """A field of a log line, made safe: by its name, its type and its text. Anything unknown becomes its text."""
    if isinstance(value, int) and not isinstance(value, bool) and _ACCOUNT_NAMES.match(name):
        value = str(value)
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 63):
        return value
    if names_secret(name):
        return MASK
    if isinstance(value, str):
        text = str(mask_account(value) if _ACCOUNT_NAMES.match(name) else value)  # str: enumerations too
        if name == "exception":
            return "\n".join(escape(redact(line)) for line in text.split("\n"))
        return escape(redact(text))
    if depth < _DEPTH and isinstance(value, dict):
        return {escape(redact(str(key)))[:100]: redact_value(str(key), item, depth + 1) for key, item in value.items()}
    if depth < _DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [redact_value(name, item, depth + 1) for item in list(value)[:100]]
    return escape(redact(str(value)))
