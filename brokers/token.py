"""An access token that many calls share: issued once when fifty want it at the same time, and again once when the venue
says that it is dead. Who issues it, and what a dead one looks like, is the broker's dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from core.domain.market import NS
from core.known import learn_secret
from core.ports import Clock

MARGIN = 0.1
"""Share of its life before whose end a token is renewed."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    expires: int
    """On the monotonic clock."""

    def __repr__(self) -> str:
        return "Token(***)"

    __str__ = __repr__


class TokenKeeper:
    """`issue` answers (value, seconds it lives)."""

    def __init__(self, clock: Clock, issue: Callable[[], Awaitable[tuple[str, float]]]) -> None:
        self._clock = clock
        self._issue = issue
        self._token: Token | None = None
        self._turn = asyncio.Lock()
        self._tries = 0
        self._failure: Exception | None = None

    async def get(self) -> Token:
        """The token in force, or a new one. Who waited while an issue failed gets that failure too."""
        seen = self._tries
        async with self._turn:
            if self._token is not None and self._clock.monotonic() < self._token.expires:
                return self._token
            if self._tries != seen and self._failure is not None:
                raise self._failure
            asked = self._clock.monotonic()
            try:
                value, seconds = await self._issue()
            except Exception as error:
                self._failure = error
                raise
            finally:
                self._tries += 1
            self._failure = None
            learn_secret(value)  # no log may show it, however it gets there
            token = self._token = Token(value=value, expires=asked + round(max(seconds, 1.0) * (1 - MARGIN) * NS))
            return token

    def spoil(self, token: Token | None) -> None:
        """The venue refused `token`. A newer one stays: the refusal was of the old."""
        if token is not None and self._token is token:
            self._token = None

    @property
    def current(self) -> Token | None:
        return self._token
