"""Synthetic instruments at a fixed rate of quotes, for measurements: nothing lifelike, only steady and cheap to make.
The same face as the embedded market."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from brokers.paper.settings import PaperSettings
from core.domain.events import Event, InstrumentListed, PhaseChanged
from core.domain.ids import InstrumentId, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import NS, Aggressor, Bar, Interval, OrderBook, Phase, Quote, Trade
from core.domain.order import Side

TRADE_EVERY = 10
"""One print after so many quotes."""
LEVELS = 10


class LoadMarket:
    """`load_symbols` instruments, `load_rate` quotes a second in turn, each moving by at most a tick."""

    def __init__(self, settings: PaperSettings, start_ns: int) -> None:
        self._rng = Random(settings.seed)
        self._gap = NS / settings.load_rate
        self._start = start_ns
        self._count = 0
        self.depth: frozenset[InstrumentId] = frozenset()
        self._instruments = [
            Instrument(
                id=instrument_id("LOAD", f"S{place:04d}"),
                name=f"Synthetic {place}",
                kind=Kind.STOCK,
                currency=Currency("KRW"),
                ticks=fixed_tick("10"),
                previous_close=Decimal(10_000 + 10 * place),
            )
            for place in range(settings.load_symbols)
        ]
        self._bids = [float(instrument.previous_close or 0) for instrument in self._instruments]

    def instruments(self) -> list[Instrument]:
        return list(self._instruments)

    def state(self, now: int) -> list[Event]:
        listed: list[Event] = [InstrumentListed(ts=now, instrument=instrument) for instrument in self._instruments]
        return [*listed, PhaseChanged(ts=now, market="LOAD", phase=Phase.OPEN)]

    def picture(self, id: InstrumentId, now: int) -> list[Event]:
        for place, instrument in enumerate(self._instruments):
            if instrument.id == id:
                return [self._quote(place, now)]
        return []

    def advance(self, now: int) -> list[Event]:
        out: list[Event] = []
        due = int((now - self._start) / self._gap)
        while self._count < due:
            self._count += 1
            place = self._count % len(self._instruments)
            ts = self._start + int(self._count * self._gap)
            self._bids[place] = max(self._bids[place] + 10.0 * self._rng.randint(-1, 1), 100.0)
            quote = self._quote(place, ts)
            out.append(quote)
            if quote.instrument in self.depth:
                out.append(self._book(quote))
            if self._count % TRADE_EVERY == 0:
                is_buy = self._rng.random() < 0.5
                price, side = (quote.ask, Aggressor.BUY) if is_buy else (quote.bid, Aggressor.SELL)
                out.append(Trade(quote.instrument, price, float(self._rng.randint(1, 50)), side, ts, ts))
        return out

    def skip(self, now: int) -> None:
        self._start = now - int(self._count * self._gap)

    def consume(self, id: InstrumentId, side: Side, price: float, size: float, now: int) -> None:
        """Nothing here is eaten: sizes are drawn anew with every quote."""

    def bars(self, id: InstrumentId, interval: Interval, since: int, until: int) -> list[Bar]:
        return []

    def _quote(self, place: int, ts: int) -> Quote:
        bid, rng = self._bids[place], self._rng
        sizes = float(rng.randint(1, 5000)), float(rng.randint(1, 5000))
        return Quote(self._instruments[place].id, bid, sizes[0], bid + 10.0, sizes[1], ts, ts)

    def _book(self, quote: Quote) -> OrderBook:
        bids = tuple((quote.bid - 10.0 * level, quote.bid_size + level) for level in range(LEVELS))
        asks = tuple((quote.ask + 10.0 * level, quote.ask_size + level) for level in range(LEVELS))
        return OrderBook.of(quote.instrument, bids, asks, quote.ts, quote.received)
