"""The secrets this process was told of, in every spelling they travel in, to take them out of texts. It is imported by
every run and knows nothing in most of them, so what spelling takes is imported when the first one is learned.
"""

from __future__ import annotations

from collections.abc import Iterator

MASK = "***"
_PREFIX = 12
"""So much of the beginning of a long secret is masked too: half a key in a log is a leak as well."""
_known: dict[str, None] = {}
"""All spellings, the longest first."""


def learn_secret(secret: str) -> None:
    """Never show `secret` again, nor its other spellings. Shorter than 6 characters is ignored, because it would take
    ordinary words with it."""
    if len(secret) < 6:
        return
    found = {*_known, *(spelling for spelling in spellings(secret) if len(spelling) >= 6)}
    ordered = sorted(found, key=lambda spelling: (-len(spelling), spelling))
    _known.clear()
    _known.update(dict.fromkeys(ordered))


def spellings(secret: str) -> Iterator[str]:
    """`secret` as it is, in URLs, JSON, markup, Python, hexadecimal and base64: by itself and as part of a longer text
    (`user:secret`), whose length before it moves every letter. A long one's beginning stands for the whole."""
    import base64  # most runs know no secret, and every run imports this module
    import html
    import json
    from urllib.parse import quote, quote_plus

    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from (quote(secret, safe="", errors="replace"), quote(secret, errors="replace"))
    yield from (quote_plus(secret, errors="replace"), repr(secret)[1:-1])
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False))
    yield from (raw.hex(), raw.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        for before in range(3):
            inner = encode(bytes(before) + raw).decode()
            # the letters that hold nothing but the secret's own bits
            yield inner[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
    if len(secret) >= _PREFIX * 5 // 3:
        yield secret[:_PREFIX]


def forget_secrets() -> None:
    _known.clear()


def longest() -> int:
    """Characters of the longest spelling; 1 when nothing is known."""
    return max(map(len, _known), default=1)


def hide_known(text: str) -> str:
    """`text` without the secrets we were told of."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    return text
