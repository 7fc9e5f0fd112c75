"""What follows by itself from anything that happened to an order: protective legs and algos look at it and wish, and
here their wishes are carried out, in the same step, so that cause and consequence are journalled together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from core.domain.commands import Cancel, Replace, SendOrder
from core.domain.ids import ClientOrderId
from core.domain.market import Quote, Trade
from core.trading.algos import Algos
from core.trading.legs import Due, Legs
from core.trading.outputs import Output, emit
from core.trading.requests import Requests
from core.trading.state import PositionKey, State
from core.trading.strategist import Strategist

LEG_ROUNDS, ALGO_ROUNDS = 60, 5
"""More steps than they need at once; what is left over is done with the next second."""

Take = Callable[[Any, int], Sequence[Output]]


class Consequences:
    def __init__(self, state: State, requests: Requests, legs: Legs, algos: Algos, strategist: Strategist) -> None:
        self.state = state
        self.requests = requests
        self.legs = legs
        self.algos = algos
        self.strategist = strategist

    def of(self, handler: Take) -> Take:
        """`handler`, and what its answer means for legs and algos."""

        def take(message: Any, now: int) -> Sequence[Output]:
            out = handler(message, now)
            places = self.legs.touched(out) if out else ()
            if places:
                out = self.protect(places, now, out)
            orders = self.algos.touched(out) if out else ()
            return self.go_on(orders, now, out) if orders else out

        return take

    def protect(self, places: Iterable[PositionKey], now: int, before: Sequence[Output]) -> Sequence[Output]:
        """Carry out what legs wish, until all is as it should be; `before` is what happened until now."""
        out = list(before)
        for place in places:
            for _ in range(LEG_ROUNDS):
                wishes = self.legs.wishes(place, now)
                if not wishes:
                    break
                self._carry_out(wishes, now, out)
        if self.legs.watch.is_changed:
            self.legs.watch.is_changed = False
            self.strategist.listen_beside("legs", self.legs.watch.instruments, self._watched, self._watched)
        return out

    def go_on(self, orders: Iterable[ClientOrderId], now: int, before: Sequence[Output]) -> Sequence[Output]:
        """Carry out what algos wish."""
        out = list(before)
        for id in orders:
            for _ in range(ALGO_ROUNDS):
                wishes = self.algos.wishes(id, now)
                if not wishes:
                    break
                self._carry_out(wishes, now, out)
        if self.algos.is_changed:
            self.algos.is_changed = False
            self.strategist.listen_beside("algos", self.algos.instruments, self._followed, self._followed)
        return out

    def second(self, now: int, before: Sequence[Output]) -> Sequence[Output]:
        """A second has passed: all of them look again."""
        if not self.legs.is_loaded:
            self.legs.load()
        out = self.protect(list(self.legs.places), now, before) if self.legs.places else before
        if not self.algos.is_told:
            out = [*out, *self.algos.resumed(now)]
        return self.go_on(list(self.algos.roots), now, out) if self.algos.roots else out

    def _carry_out(self, wishes: Iterable[Any], now: int, out: list[Output]) -> None:
        for wish in wishes:
            if isinstance(wish, Cancel):
                out.extend(self.requests.cancel(wish, now))
            elif isinstance(wish, Replace):
                out.extend(self.requests.replace(wish, now))
            elif isinstance(wish, SendOrder):
                out.append(wish)
            else:
                emit(self.state, wish, out)

    def _watched(self, item: Quote | Trade, now: int) -> Sequence[Any]:
        """A price of an instrument for which some HELD order waits."""
        return [Due(place) for place in self.legs.watch.reached(item.instrument, now)]

    def _followed(self, item: Quote | Trade, now: int) -> Sequence[Any]:
        """A price of an instrument that some chase follows."""
        return self.algos.quoted(item.instrument)
