"""What is known of the market: instruments, quotes, prints, books, phases, rates and lines. It is the part of
State that is nobody's, and what a holding is worth follows from it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.domain.decimals import ONE, exact
from core.domain.events import FeedChanged, InstrumentListed, PhaseChanged, RateChanged
from core.domain.ids import InstrumentId, market_of
from core.domain.instrument import Currency, Instrument
from core.domain.market import OrderBook, Phase, Quote, Trade
from core.trading.tally import Tally


class Market:
    """Read it freely; it changes as part of State, and by the engine's fast path for quotes, prints and books."""

    def __init__(self, base_currency: Currency) -> None:
        self.base_currency = base_currency
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.quotes: dict[InstrumentId, Quote] = {}
        self.trades: dict[InstrumentId, Trade] = {}
        self.books: dict[InstrumentId, OrderBook] = {}
        self.tallies: dict[InstrumentId, Tally] = {}
        """What the prints of the session add up to."""
        self.phases: dict[InstrumentId, Phase] = {}
        self.market_phases: dict[str, Phase] = {}
        self.rates: dict[Currency, Decimal] = {base_currency: ONE}
        self.feeds: dict[str, FeedChanged] = {}
        self.market_folds: dict[type, Callable[[Any], None]] = {
            InstrumentListed: self._listed,
            PhaseChanged: self._phase,
            FeedChanged: self._feed,
            RateChanged: self._rate,
        }

    def _listed(self, event: InstrumentListed) -> None:
        id = event.instrument.id
        before = self.instruments.get(id)
        self.instruments[id] = event.instrument
        if before is not None and before.previous_close != event.instrument.previous_close:
            self.tallies[id] = Tally(is_whole=True)  # another close is another day

    def _feed(self, event: FeedChanged) -> None:
        self.feeds[event.broker] = event
        if not event.is_connected:
            for tally in self.tallies.values():
                tally.is_whole = False

    def _phase(self, event: PhaseChanged) -> None:
        if event.instrument is not None:
            self.phases[event.instrument] = event.phase
            return
        if self.market_phases.get(event.market) is Phase.CLOSED and event.phase is not Phase.CLOSED:
            for id in self.instruments:
                if market_of(id) == event.market:
                    self.tallies[id] = Tally(is_whole=True)
        self.market_phases[event.market] = event.phase

    def _rate(self, event: RateChanged) -> None:
        if event.base == self.base_currency:
            self.rates[event.currency] = event.rate

    def phase(self, instrument: InstrumentId) -> Phase | None:
        """What the venue said of the instrument or its market; None when it never said anything."""
        market = self.market_phases.get(market_of(instrument))
        own = self.phases.get(instrument)
        if market is Phase.CLOSED or own is None or own is Phase.OPEN:
            return market if market is not None else own
        return own

    def mark(self, instrument: InstrumentId) -> Decimal | None:
        """The price a holding is valued at: the last trade while it lies within the quote, else the nearer side.
        None while there is none, or none that is a price."""
        value = self.mark_float(instrument)
        return exact(value) if value is not None and is_price(value) else None

    def mark_float(self, instrument: InstrumentId) -> float | None:
        trade = self.trades.get(instrument)
        quote = self.quotes.get(instrument)
        if quote is None or not (quote.bid and quote.ask):
            return trade.price if trade is not None else None
        if trade is None:
            return (quote.bid + quote.ask) / 2
        return min(max(trade.price, quote.bid), quote.ask)

    def rate(self, currency: Currency) -> Decimal | None:
        """Base currency for one unit of `currency`; None while unknown."""
        return self.rates.get(currency)

    def to_base(self, amount: Decimal | None, currency: Currency) -> Decimal | None:
        rate = self.rates.get(currency)
        return None if amount is None or rate is None else amount * rate


def is_price(value: float) -> bool:
    """Could it be a price? NaN, infinity, zero and what is beyond all reason could not."""
    return 1e-12 < value < 1e18
