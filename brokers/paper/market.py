"""The embedded market: twenty instruments in three currencies that trade around the clock, reproducible from a seed.
All happens on one timetable, so how its time is cut into steps changes nothing. It knows no clock: it is told."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import exp, sqrt
from random import Random

import msgspec

from brokers.paper.catalogue import KRW, LISTINGS, MARKETS, RATES, Listing
from brokers.paper.crowd import LEVELS, TRADE_SHARE, Crowd
from brokers.paper.history import History
from brokers.paper.settings import PaperSettings
from core.domain.decimals import exact
from core.domain.events import Event, InstrumentListed, PhaseChanged, RateChanged
from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.market import NS, Aggressor, Bar, Interval, OrderBook, Phase, Quote, Trade
from core.domain.order import Side

BREAK_SECONDS = 60.0
AUCTION_SECONDS = 120.0
FACTOR_SECONDS = 0.25
RATE_SECONDS = 5.0
NEWS_SECONDS = {"KRX": 240.0, "US": 240.0, "CRYPTO": 300.0}
"""Mean time between news of a group."""
HALT_SECONDS = 2700.0
"""Mean time between halts in the US group."""
VI_MOVE = 0.03
"""A move of this much against the last minutes starts a volatility interruption at KRX."""
QUIET_SHARE = 0.4
"""Activity in a call auction, of the ordinary."""


class _Group:
    """Markets that open and close together, with their factor and mood."""

    __slots__ = ("crowds", "factor", "mood", "name", "opened", "phase")

    def __init__(self, name: str) -> None:
        self.name = name
        self.phase = Phase.OPEN
        self.factor = 0.0
        self.mood = 0.0
        """Log of the volatility multiplier."""
        self.opened = 0.0
        self.crowds: list[Crowd] = []


class EmbeddedMarket:
    """`advance(now)` gives all that happened up to `now`; `state` what anybody new must know first."""

    def __init__(self, settings: PaperSettings, start_ns: int, listings: Iterable[Listing] = LISTINGS) -> None:
        self._settings = settings
        self._start = start_ns
        self._seconds = 0.0
        """The market's own time since it began."""
        self._rng = Random(settings.seed)
        self._groups = {name: _Group(name) for name in MARKETS}
        self._crowds: dict[InstrumentId, Crowd] = {}
        self._rates: dict[Currency, float] = dict(RATES)
        self._paused: dict[InstrumentId, Phase] = {}
        """Instruments in VI or halted."""
        self._idle: set[InstrumentId] = set()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._ts = start_ns
        self._out: list[Event] = []
        self.depth: frozenset[InstrumentId] = frozenset()
        """Instruments whose order book is wanted."""
        for listing in listings:
            crowd = Crowd(listing.instrument, listing.character, self._rng)
            self._crowds[listing.instrument.id] = crowd
            self._groups[listing.character.group].crowds.append(crowd)
        self._history = History(settings.seed, start_ns)
        self._begin()

    # --- what the broker asks -------------------------------------------------------------------------------------

    def instruments(self) -> list[Instrument]:
        return [crowd.instrument for crowd in self._crowds.values()]

    def state(self, now: int) -> list[Event]:
        """Instruments, exchange rates and phases as they stand."""
        events: list[Event] = [InstrumentListed(ts=now, instrument=instrument) for instrument in self.instruments()]
        events += [self._rate_event(currency, now) for currency in self._rates]
        for group in self._groups.values():
            events += [PhaseChanged(ts=now, market=market, phase=group.phase) for market in MARKETS[group.name]]
        for id, phase in self._paused.items():
            market = self._crowds[id].instrument.market
            events.append(PhaseChanged(ts=now, market=market, instrument=id, phase=phase))
        return events

    def picture(self, id: InstrumentId, now: int) -> list[Event]:
        """Quote, and book where wanted, of one instrument as they stand."""
        crowd = self._crowds.get(id)
        if crowd is None:
            return []
        quote = self._quote(crowd, now)
        return [quote, self._book(crowd, now)] if id in self.depth else [quote]

    def advance(self, now: int) -> list[Event]:
        """All events due up to `now` (ns), in order, each stamped with its own time."""
        until = (now - self._start) / NS * self._settings.speed
        out = self._out
        while self._heap and self._heap[0][0] <= until:
            self._seconds, _, happen = heapq.heappop(self._heap)
            self._ts = self._start + int(self._seconds / self._settings.speed * NS)
            happen()
        self._out = []
        return out

    def skip(self, now: int) -> None:
        """The process slept: the market slept too. Moves the whole timetable so that it goes on from `now`."""
        last = self._start + int(self._seconds / self._settings.speed * NS)
        self._start += max(now - last, 0)

    def consume(self, id: InstrumentId, side: Side, price: float, size: float, now: int) -> None:
        """Our own order took from the display (`side` is ours): it gives way, and a new quote follows."""
        crowd = self._crowds.get(id)
        if crowd is not None and crowd.remove(side, price, size):
            self._ts = now
            self._show(crowd)

    def bars(self, id: InstrumentId, interval: Interval, since: int, until: int) -> list[Bar]:
        """Invented history before the start, recorded since; empty below a minute."""
        crowd = self._crowds.get(id)
        return self._history.bars(crowd.instrument, interval, since, until, crowd.character) if crowd else []

    # --- timetable ------------------------------------------------------------------------------------------------

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._heap, (self._seconds + seconds, self._order, happen))

    def _begin(self) -> None:
        session = self._settings.session_minutes * 60.0
        # KRX opens now, the US are half a session on: one of them is always open.
        self._after(session - self._auction_seconds, lambda: self._auction(self._groups["KRX"]))
        self._after(session / 2 - self._auction_seconds, lambda: self._auction(self._groups["US"]))
        self._groups["US"].opened = -session / 2
        for group in self._groups.values():
            self._after(FACTOR_SECONDS, lambda group=group: self._move_factor(group))  # type: ignore[misc]
            self._after(self._wait(NEWS_SECONDS[group.name]), lambda group=group: self._news(group))  # type: ignore[misc]
        self._after(self._wait(HALT_SECONDS), self._halt)
        self._after(RATE_SECONDS, self._move_rates)
        day = 86_400 * NS
        self._after((day - self._start % day) / NS * self._settings.speed, self._midnight)
        for crowd in self._crowds.values():
            self._history.note(crowd.instrument, self._start, crowd.last, 0.0)
            self._after(self._rng.random() * 0.2, lambda crowd=crowd: self._first(crowd))  # type: ignore[misc]

    def _wait(self, mean: float) -> float:
        return self._rng.expovariate(1.0 / mean)

    @property
    def _auction_seconds(self) -> float:
        return min(AUCTION_SECONDS, self._settings.session_minutes * 6.0)

    def _group(self, crowd: Crowd) -> _Group:
        return self._groups[crowd.character.group]

    def _first(self, crowd: Crowd) -> None:
        """The opening of a session for one instrument: a print and a quote, then its life goes on."""
        price, size = crowd.uncross()
        self._print(crowd, Aggressor.NONE, price, size)
        self._show(crowd)
        self._schedule(crowd)

    def _schedule(self, crowd: Crowd) -> None:
        group = self._group(crowd)
        busy = crowd.intensity(self._season(group) * exp(group.mood))
        if group.phase is Phase.AUCTION or crowd.instrument.id in self._paused:
            busy *= QUIET_SHARE
        self._after(self._wait(1.0 / max(busy, 0.02)), lambda: self._step(crowd))

    def _season(self, group: _Group) -> float:
        """Busy after the opening and before the close, quiet at noon; crypto breathes once an hour."""
        length = self._settings.session_minutes * 60.0 if group.name != "CRYPTO" else 3600.0
        place = ((self._seconds - group.opened) / length) % 1.0
        return float(0.7 + 0.9 * abs(2.0 * place - 1.0) ** 2)

    # --- what happens ---------------------------------------------------------------------------------------------

    def _step(self, crowd: Crowd) -> None:
        group = self._group(crowd)
        id = crowd.instrument.id
        if group.phase is Phase.CLOSED or self._paused.get(id) is Phase.HALTED:
            self._idle.add(id)
            return
        self._wander(crowd)
        is_open = group.phase is Phase.OPEN and id not in self._paused
        if is_open and group.name == "KRX" and abs(crowd.value / crowd.slow - 1.0) > VI_MOVE:
            self._interrupt(crowd)
        elif is_open and self._rng.random() < TRADE_SHARE:
            for side, price, size in crowd.trade():
                self._print(crowd, Aggressor.BUY if side is Side.BUY else Aggressor.SELL, price, size)
            self._show(crowd)
        else:
            crowd.requote()
            self._show(crowd)
        self._schedule(crowd)

    def _wander(self, crowd: Crowd) -> None:
        group = self._group(crowd)
        leader = self._crowds.get(crowd.character.follows) if crowd.character.follows else None
        crowd.wander(self._seconds, group.factor, exp(group.mood) * self._season(group), leader)

    def _move_factor(self, group: _Group) -> None:
        rng = self._rng
        group.mood += -group.mood * FACTOR_SECONDS / 600.0 + rng.gauss(0.0, 0.35 * sqrt(2 * FACTOR_SECONDS / 600.0))
        if group.phase is not Phase.CLOSED:
            group.factor += rng.gauss(0.0, 1.0) * sqrt(FACTOR_SECONDS) * exp(group.mood) * self._season(group)
        self._after(FACTOR_SECONDS, lambda: self._move_factor(group))

    def _news(self, group: _Group) -> None:
        """Something is heard of one instrument: a jump and a burst of trading, now and then large enough for a VI."""
        rng = self._rng
        crowd = rng.choice(group.crowds)
        change = crowd.minute_sigma() * rng.uniform(1.5, 5.0) * rng.choice((-1, 1))
        if group.name == "KRX" and rng.random() < 0.15:
            change = rng.uniform(0.034, 0.045) * rng.choice((-1, 1))
        if group.phase is Phase.OPEN and crowd.instrument.id not in self._paused and crowd.character.follows is None:
            crowd.jump(change, rng.uniform(2.0, 6.0))
        self._after(self._wait(NEWS_SECONDS[group.name]), lambda: self._news(group))

    def _interrupt(self, crowd: Crowd) -> None:
        self._pause(crowd, Phase.VI, 120.0 + self._rng.uniform(0.0, 30.0))

    def _halt(self) -> None:
        group = self._groups["US"]
        crowd = self._rng.choice(group.crowds)
        seconds = self._rng.uniform(90.0, 240.0)
        if group.phase is Phase.OPEN and crowd.instrument.id not in self._paused:
            self._pause(crowd, Phase.HALTED, seconds)
        self._after(self._wait(HALT_SECONDS), self._halt)

    def _pause(self, crowd: Crowd, phase: Phase, seconds: float) -> None:
        id = crowd.instrument.id
        self._paused[id] = phase
        self._say(crowd, phase)
        self._after(seconds, lambda: self._resume(crowd))

    def _resume(self, crowd: Crowd) -> None:
        """The call auction of a VI, or the first trade after a halt."""
        id = crowd.instrument.id
        if id not in self._paused:
            return
        self._wander(crowd)
        crowd.slow = crowd.value
        price, size = crowd.uncross()
        self._print(crowd, Aggressor.NONE, price, size)
        del self._paused[id]
        self._say(crowd, Phase.OPEN)
        self._show(crowd)
        self._wake(crowd)

    def _wake(self, crowd: Crowd) -> None:
        if crowd.instrument.id in self._idle:
            self._idle.discard(crowd.instrument.id)
            self._schedule(crowd)

    # --- sessions -------------------------------------------------------------------------------------------------

    def _auction(self, group: _Group) -> None:
        for crowd in group.crowds:
            if crowd.instrument.id in self._paused:
                self._resume(crowd)
        self._set_phase(group, Phase.AUCTION)
        self._after(self._auction_seconds, lambda: self._close(group))

    def _close(self, group: _Group) -> None:
        for crowd in group.crowds:
            self._wander(crowd)
            price, size = crowd.uncross()
            self._print(crowd, Aggressor.NONE, price, size)
            self._show(crowd)
        self._set_phase(group, Phase.CLOSED)
        self._after(BREAK_SECONDS, lambda: self._open(group))

    def _open(self, group: _Group) -> None:
        group.opened = self._seconds
        self._set_phase(group, Phase.OPEN)
        for crowd in group.crowds:
            self._new_day(crowd)
            self._wander(crowd)
            crowd.jump(self._rng.gauss(0.0, crowd.character.volatility * 0.2), 2.0)
            crowd.slow = crowd.value
            self._idle.discard(crowd.instrument.id)
            price, size = crowd.uncross()
            self._print(crowd, Aggressor.NONE, price, size)
            self._show(crowd)
            self._schedule(crowd)
        session = self._settings.session_minutes * 60.0
        self._after(session - self._auction_seconds, lambda: self._auction(group))

    def _midnight(self) -> None:
        """00:00 UTC: a new day for crypto."""
        for crowd in self._groups["CRYPTO"].crowds:
            self._new_day(crowd)
        self._after(86_400.0 * self._settings.speed, self._midnight)

    def _new_day(self, crowd: Crowd) -> None:
        close = exact(crowd.last)
        crowd.instrument = msgspec.structs.replace(crowd.instrument, previous_close=close)
        if crowd.character.follows is None and crowd.instrument.price_limit is not None:
            crowd.anchor_here(crowd.last)
        self._out.append(InstrumentListed(ts=self._ts, instrument=crowd.instrument))

    def _set_phase(self, group: _Group, phase: Phase) -> None:
        group.phase = phase
        self._out += [PhaseChanged(ts=self._ts, market=market, phase=phase) for market in MARKETS[group.name]]

    # --- what is seen ---------------------------------------------------------------------------------------------

    def _say(self, crowd: Crowd, phase: Phase) -> None:
        instrument = crowd.instrument
        self._out.append(PhaseChanged(ts=self._ts, market=instrument.market, instrument=instrument.id, phase=phase))

    def _show(self, crowd: Crowd) -> None:
        self._out.append(self._quote(crowd, self._ts))
        if crowd.instrument.id in self.depth:
            self._out.append(self._book(crowd, self._ts))

    def _print(self, crowd: Crowd, aggressor: Aggressor, price: float, size: float) -> None:
        self._history.note(crowd.instrument, self._ts, price, size)
        self._out.append(
            Trade(
                instrument=crowd.instrument.id,
                price=price,
                size=size,
                aggressor=aggressor,
                ts=self._ts,
                received=self._ts,
            )
        )

    def _quote(self, crowd: Crowd, ts: int) -> Quote:
        bid, ask = crowd.bids[0], crowd.asks[0]
        return Quote(
            instrument=crowd.instrument.id,
            bid=bid[0],
            bid_size=bid[1],
            ask=ask[0],
            ask_size=ask[1],
            ts=ts,
            received=ts,
        )

    def _book(self, crowd: Crowd, ts: int) -> OrderBook:
        bids, asks = ([(price, size) for price, size in side[:LEVELS]] for side in (crowd.bids, crowd.asks))
        return OrderBook.of(crowd.instrument.id, bids, asks, ts, ts)

    def _move_rates(self) -> None:
        for currency, rate in self._rates.items():
            anchor = RATES[currency]
            moved = rate * exp(self._rng.gauss(0.0, 4e-5)) + (anchor - rate) * 0.001
            self._rates[currency] = moved
            self._out.append(self._rate_event(currency, self._ts))
        self._after(RATE_SECONDS, self._move_rates)

    def _rate_event(self, currency: Currency, ts: int) -> RateChanged:
        return RateChanged(ts=ts, currency=currency, base=KRW, rate=Decimal(f"{self._rates[currency]:.1f}"))
