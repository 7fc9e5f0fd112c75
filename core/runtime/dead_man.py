"""Nobody looks: when no console that may act has given a sign of life for so many minutes, the engine lets only orders
through that shrink exposure. It only ever tightens; a person who comes back is told, and resumes by hand."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.account import TradingState
from core.domain.commands import Command, SetTradingState
from core.domain.events import Event, Noticed
from core.domain.market import NS
from core.ports import Clock
from core.trading.state import State

BY = "dead man"


class DeadMan:
    """`minutes` 0: off. The start of the engine counts as a sign of life."""

    def __init__(
        self,
        minutes: float,
        state: State,
        clock: Clock,
        ask: Callable[[Command], object],
        feed: Callable[[Event], object],
    ) -> None:
        self._minutes = minutes
        self._state = state
        self._clock = clock
        self._ask = ask
        self._feed = feed
        self._seen = clock.monotonic()
        self._fired = False
        self._has_tightened = False

    def seen(self) -> None:
        """A console that may act is there."""
        self._seen = self._clock.monotonic()
        is_told, self._fired, self._has_tightened = self._has_tightened, False, False
        if is_told and self._state.trading_states.get(None) is TradingState.REDUCING:
            text = f"no console answered for {self._minutes:g} min: since then trading is REDUCING; :resume opens again"
            self._feed(Noticed(ts=self._clock.now(), level="warning", kind="STATE", text=text))

    def second(self) -> None:
        held = self._state.trading_states.get(None, TradingState.ACTIVE)
        is_free = held.severity < TradingState.REDUCING.severity
        if self._fired and is_free:  # somebody resumed without a console: that was a sign of life
            self._fired, self._has_tightened, self._seen = False, False, self._clock.monotonic()
        if not self._minutes or self._fired or self._clock.monotonic() - self._seen < self._minutes * 60 * NS:
            return
        self._fired = True
        self._has_tightened = is_free
        if is_free:
            text = f"no console answered for {self._minutes:g} min"
            self._ask(SetTradingState(state=TradingState.REDUCING, by=BY, text=text))
