"""What is traded at Upbit: its markets as instruments, with what the venue warns of, and under which market a coin is
held. Kept up to date by the minute, and by what the stream says of each market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal

import msgspec

from brokers.upbit import account, parse, wire
from brokers.upbit.rest import Quotations
from brokers.upbit.settings import UpbitSettings
from brokers.upbit.tickers import Familiar
from core.domain.decimals import exact
from core.domain.errors import BadMessage, BrokerError
from core.domain.events import Event, InstrumentListed, Noticed, PhaseChanged, RateChanged
from core.domain.ids import InstrumentId
from core.domain.instrument import Currency, Instrument
from core.domain.market import NS, Phase
from core.ports import Unread

ODD_TICKS = ("KRW-USDT", "KRW-USDC")
"""Markets whose steps were not those of the table: the venue is asked."""
AT_A_TIME = 100


class Listing:
    def __init__(self, settings: UpbitSettings) -> None:
        self._settings = settings
        self._cash = frozenset(settings.cash)
        self.instruments: dict[str, Instrument] = {}
        """By the venue's code."""
        self.pooled: dict[InstrumentId, InstrumentId] = {}
        """Markets of a coin that is held under another of its markets."""
        self.skipped = 0
        """Markets that could not be read."""
        self.unlisted: frozenset[str] = frozenset()
        """Markets that are known and were left out of the list that was read last."""
        self._phases: dict[str, Phase] = {}
        self._told: dict[str, wire.TickerState] = {}
        """The ticker of each market that was looked at last, as long as none that says the same can change anything:
        until the list is read anew, and of no market whose price is an exchange rate."""
        self.familiar = Familiar()
        """What those say, by their bytes."""
        self._money = frozenset(f"{settings.cash[0]}-{base}" for base in settings.cash[1:])
        """Markets whose price is an exchange rate."""
        self._rates: dict[str, tuple[Decimal, int]] = {}

    async def read(self, quotations: Quotations) -> None:
        """The whole list, anew. Without the markets there is none; without their prices it has no previous close. What
        it leaves out stays as it is known: a list that is cut must not make a holding, and its stop, disappear."""
        markets = [m for m in await quotations.markets() if parse.quote_of(m.market) in self._settings.quotes]
        tickers: dict[str, wire.RestTicker] = {}
        terms: dict[str, wire.BookTerms] = {}
        with suppress(BrokerError):
            tickers = {row.market: row for row in await quotations.tickers(self._settings.quotes)}
        codes = [m.market for m in markets]
        odd = [c for c in codes if c in ODD_TICKS] if self._settings.region == "kr" else codes
        for start in range(0, len(odd), AT_A_TIME):
            with suppress(BrokerError):
                terms |= {row.market: row for row in await quotations.terms(odd[start : start + AT_A_TIME])}
        markets.sort(key=lambda market: self._place(market.market, tickers))
        found: dict[str, Instrument] = {}
        skipped = 0
        for market in markets:
            made = self._made(market, tickers.get(market.market), terms.get(market.market))
            if made is None:
                skipped += 1
                continue
            found[market.market] = msgspec.structs.replace(made, is_tradable=self._is_tradable(market.market))
        self.unlisted, self.skipped = frozenset(self.instruments.keys() - found.keys()), skipped
        self.instruments = found | {code: self.instruments[code] for code in self.unlisted}
        self._told.clear()
        self.familiar.forget()
        self.pooled = {
            id: home
            for base in {parse.base_of(code) for code in self.instruments}
            if (home := self.home_of(base)) is not None
            # Also a market that is left out: what was bought there is held all the same.
            for quote in {*account.QUOTES, *self._settings.quotes}
            if (id := InstrumentId(f"{parse.MARKET}:{quote}-{base}")) != home
        }

    def _made(
        self, market: wire.Market, ticker: wire.RestTicker | None, terms: wire.BookTerms | None
    ) -> Instrument | None:
        """Where its figures make no sense, as of one that never traded, the market is there all the same."""
        for figures in ((ticker, terms), (None, None)):
            with suppress(BadMessage):
                return parse.parse_instrument(market, *figures)
        return None

    def _place(self, code: str, tickers: dict[str, wire.RestTicker]) -> tuple[int, float]:
        """By currency as the settings name them, the most traded of the last day first: where only some can be shown or
        streamed it is those."""
        ticker = tickers.get(code)
        traded = ticker.acc_trade_price_24h if ticker is not None else None
        return self._settings.quotes.index(parse.quote_of(code)), -(traded or 0.0)

    def _is_tradable(self, code: str) -> bool:
        """An asset is money or a holding, never both."""
        return parse.quote_of(code) in self._cash and parse.base_of(code) not in self._cash

    def home_of(self, base: str) -> InstrumentId | None:
        code = account.home(base, self.instruments.__contains__)
        return self.instruments[code].id if code is not None else None

    def held(self, wallets: Iterable[account.Wallet]) -> dict[InstrumentId, Decimal] | Unread:
        """Coins under their home market. One that is traded nowhere here (an airdrop) is none of ours to trade."""
        if not self.instruments:
            return Unread("upbit's list of markets could not be read")
        found = {}
        for wallet in wallets:
            home = None if wallet.currency in self._cash else self.home_of(wallet.currency)
            if home is not None and wallet.total:
                found[home] = wallet.total
        return found

    async def refresh(self, quotations: Quotations, now: int) -> list[Event]:
        """What changed since the list was read: new markets, ended ones, warnings."""
        before = self.instruments
        await self.read(quotations)
        events: list[Event] = []
        for code, item in self.instruments.items():
            was = before.get(code)
            if was != item:
                events.append(InstrumentListed(ts=now, instrument=item))
            new = sorted(set(item.warnings) - set(was.warnings if was is not None else item.warnings))
            if new:
                text = f"{item.id}: upbit warns: {', '.join(new)}"
                events.append(Noticed(ts=now, level="warning", kind="VENUE", text=text))
        for code in self.unlisted:
            gone = msgspec.structs.replace(before[code], is_tradable=False)
            self.instruments[code] = gone
            if before[code].is_tradable:
                text = f"{gone.id}: upbit no longer lists it"
                events += [
                    InstrumentListed(ts=now, instrument=gone),
                    Noticed(ts=now, level="warning", kind="VENUE", text=text),
                ]
        return events

    def told(self, ticker: wire.TickerState, received: int, data: bytes = b"") -> Sequence[Event]:
        """A market's state and its close of the day before, when they change; the rate of a currency that is money.
        With `data`, the frame it was read of, those that say the same are known from then on."""
        code = ticker.code
        was = self._told.get(code)
        if (
            was is not None
            and was.prev_closing_price == ticker.prev_closing_price
            and was.market_state == ticker.market_state
            and was.is_trading_suspended == ticker.is_trading_suspended
        ):
            if data:
                self.familiar.learn(data, ticker)
            return ()  # nearly always: it comes with every print
        self.familiar.forget(code)
        item = self.instruments.get(code)
        if item is None:
            return ()
        close = parse.positive(ticker.prev_closing_price)  # what is refused has changed nothing
        events: list[Event] = []
        phase = parse.parse_phase(ticker)
        if phase is not self._phases.get(ticker.code, Phase.OPEN):
            events.append(PhaseChanged(ts=received, market=parse.MARKET, instrument=item.id, phase=phase))
        self._phases[ticker.code] = phase
        if item.previous_close is None or float(item.previous_close) != close:
            item = msgspec.structs.replace(item, previous_close=exact(close))
            self.instruments[ticker.code] = item
            events.append(InstrumentListed(ts=received, instrument=item))
        if code in self._money:
            return events + self._rate(ticker, received)
        self._told[code] = ticker
        return events

    def _rate(self, ticker: wire.TickerState, received: int) -> list[Event]:
        base, quote = parse.base_of(ticker.code), self._settings.cash[0]
        if base not in self._cash or parse.quote_of(ticker.code) != quote:
            return []
        rate = exact(parse.positive(ticker.trade_price))
        was, at = self._rates.get(base, (None, 0))
        if rate == was or received - at < NS:
            return []
        self._rates[base] = (rate, received)
        return [RateChanged(ts=received, currency=Currency(base), base=Currency(quote), rate=rate)]
