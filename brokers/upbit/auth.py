"""Upbit's signature: a JSON web token (JWT) per request, signed with HS512 by the standard library. What is hashed is
the query as it is sent but before percent-encoding, or the members of the JSON body in their order. The keys never
show in a text of this object."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import msgspec

from core.secret import Secret


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    access: Secret
    secret: Secret


def is_access_key(keys: Keys, text: str) -> bool:
    """Is this the access key of `keys`?"""
    return hmac.compare_digest(keys.access.reveal("compare").encode(), text.encode())


def hashed_query(query: Iterable[tuple[str, str]]) -> str:
    """`k=v&k=v` in the order given, nothing encoded."""
    return "&".join(f"{key}={value}" for key, value in query)


def hashed_body(body: bytes) -> str:
    """The same of a JSON body: its members in their order. Raises ValueError for what is no flat object."""
    members: dict[str, Any] = msgspec.json.decode(body, type=dict[str, str | int | bool])
    return hashed_query((key, _text(value)) for key, value in members.items())


def token(keys: Keys, query: str = "", *, nonce: Callable[[], str] = lambda: str(uuid4())) -> str:
    """The JWT for one request whose hashed query (or body) is `query`; made anew for each, because a nonce that was
    seen before is refused."""
    claims = {"access_key": keys.access.reveal("sign"), "nonce": nonce()}
    if query:
        claims["query_hash"] = hashlib.sha512(query.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    signed = f"{_part({'alg': 'HS512', 'typ': 'JWT'})}.{_part(claims)}"
    seal = hmac.new(keys.secret.reveal("sign").encode(), signed.encode(), hashlib.sha512).digest()
    return f"{signed}.{_b64(seal)}"


def bearer(keys: Keys, query: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(keys, query)}"}


def _text(value: str | int | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _part(claims: dict[str, str]) -> str:
    return _b64(msgspec.json.encode(claims))


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
