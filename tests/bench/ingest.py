"""What a frame costs on its way into the state: payload to slot with two strategies listening (target 1), one hop from
feed to handler (target 4), and ticks built beforehand through the live core (target 5)."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from core.clock import SystemClock
from core.domain.account import Account, Balance, Mode
from core.domain.commands import ControlStrategy, StrategyAction
from core.domain.events import AccountListed, InstrumentListed
from core.domain.ids import AccountId, InstrumentId
from core.domain.instrument import Currency, Instrument, Kind, fixed_tick
from core.domain.market import Aggressor, Interval, Quote, Trade
from core.runtime.runner import Runner
from core.strategies.indicators import Rsi, Sma
from core.strategies.strategy import Context, Strategy
from core.trading.engine import Engine
from core.trading.strategist import Slot
from storage.journal import Journal
from tests.bench.rows import Row, compared, interleaved

ACCOUNT = AccountId("paper:main")
KRW = Currency("KRW")
CODES = [f"KRW-C{n:02}" for n in range(20)]
MESSAGES = 6_000


class Frame(msgspec.Struct, tag_field="type", gc=False):
    """A venue's frame with the fields hoga wants, in the venue's own names."""


class TradeFrame(Frame, tag="trade", gc=False):
    code: str
    trade_price: float
    trade_volume: float
    ask_bid: str
    trade_timestamp: int


class TickerFrame(Frame, tag="ticker", gc=False):
    code: str
    trade_price: float
    acc_trade_volume: float
    timestamp: int


class Unit(msgspec.Struct, gc=False):
    ask_price: float
    bid_price: float
    ask_size: float
    bid_size: float


class BookFrame(Frame, tag="orderbook", gc=False):
    code: str
    timestamp: int
    orderbook_units: list[Unit]


def payloads() -> list[bytes]:
    """A third each of trades, tickers and books of 15 levels, with the fields and lengths Upbit documents; composed
    here, no recording."""
    chance = Random(5)
    made = []
    for n in range(MESSAGES):
        code, price = chance.choice(CODES), 1000.0 + chance.randrange(2000)
        ts = 1_763_600_000_000 + n
        make = (_trade_body, _ticker_body, _book_body)[n % 3]
        made.append(msgspec.json.encode(make(code, price, ts, chance)))
    return made


def _trade_body(code: str, price: float, ts: int, chance: Random) -> dict[str, Any]:
    return {
        "type": "trade",
        "code": code,
        "timestamp": ts,
        "trade_date": "2025-11-20",
        "trade_time": "10:41:55",
        "trade_timestamp": ts,
        "trade_price": price,
        "trade_volume": round(chance.random(), 8),
        "ask_bid": chance.choice(("ASK", "BID")),
        "prev_closing_price": price - 12,
        "change": "RISE",
        "change_price": 12.0,
        "sequential_id": ts * 10_000,
        "best_ask_price": price + 1,
        "best_ask_size": 1.25,
        "best_bid_price": price,
        "best_bid_size": 3.5,
        "stream_type": "REALTIME",
    }


def _ticker_body(code: str, price: float, ts: int, chance: Random) -> dict[str, Any]:
    prices = ("opening_price", "high_price", "low_price", "prev_closing_price", "highest_52_week_price")
    sums = ("acc_trade_price", "acc_trade_price_24h", "acc_trade_volume_24h", "acc_ask_volume", "acc_bid_volume")
    return {
        "type": "ticker",
        "code": code,
        **dict.fromkeys(prices, price + 5),
        "trade_price": price,
        "change": "RISE",
        "change_price": 12.0,
        "signed_change_price": 12.0,
        "change_rate": 0.0123456789,
        "signed_change_rate": 0.0123456789,
        "trade_volume": round(chance.random(), 8),
        "acc_trade_volume": 12345.6789,
        **{name: chance.random() * 1e9 for name in sums},
        "trade_date": "20251120",
        "trade_time": "104155",
        "trade_timestamp": ts,
        "ask_bid": chance.choice(("ASK", "BID")),
        "highest_52_week_date": "2025-07-14",
        "lowest_52_week_price": price / 2,
        "lowest_52_week_date": "2025-01-02",
        "market_state": "ACTIVE",
        "is_trading_suspended": False,
        "delisting_date": None,
        "market_warning": "NONE",
        "timestamp": ts,
        "stream_type": "REALTIME",
    }


def _book_body(code: str, price: float, ts: int, chance: Random) -> dict[str, Any]:
    units = [
        {
            "ask_price": price + n + 1,
            "bid_price": price - n,
            "ask_size": round(chance.random(), 8),
            "bid_size": round(chance.random(), 8),
        }
        for n in range(15)
    ]
    return {
        "type": "orderbook",
        "code": code,
        "timestamp": ts,
        "total_ask_size": 9.12345678,
        "total_bid_size": 7.12345678,
        "orderbook_units": units,
        "stream_type": "REALTIME",
        "level": 0,
    }


class SmaOnTrade(Strategy):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sma = Sma(20, digits=2)

    def on_trade(self, trade: Trade, context: Context) -> None:
        self.sma.update(trade.price)


class RsiOnTrade(Strategy):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.rsi = Rsi(14)

    def on_trade(self, trade: Trade, context: Context) -> None:
        self.rsi.update(trade.price)


@contextmanager
def runner(*strategies: type[Strategy]) -> Iterator[Runner]:
    """The live core on an in-memory journal, `strategies` listening to every instrument."""
    journal = Journal.open(":memory:", boot_id="bench")
    engine = Engine(KRW)
    made = Runner(engine, journal, SystemClock(), [])
    ids = [InstrumentId(f"UPBIT:{code}") for code in CODES]
    for id in ids:
        listed = Instrument(
            id=id, name=id, kind=Kind.CRYPTO, currency=KRW, ticks=fixed_tick("1"), lot=Decimal("0.00000001")
        )
        made.feed(InstrumentListed(ts=1, instrument=listed))
    cash = (Balance(currency=KRW, total=Decimal(10**9), available=Decimal(10**9)),)
    made.feed(AccountListed(ts=1, account=Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW, balances=cash)))
    for n, kind in enumerate(strategies):
        strategy = kind(f"s{n}", None, tuple(engine.state.instruments.values()), Interval.M1)
        engine.strategist.add(Slot(f"s{n}", "bench", strategy, ACCOUNT, tuple(ids), Interval.M1, Decimal(1)))
        made.ask(ControlStrategy(name=f"s{n}", action=StrategyAction.START))
    try:
        yield made
    finally:
        asyncio.run(journal.close())


def target_1() -> list[Row]:
    raw = payloads()
    decoder = msgspec.json.Decoder(TradeFrame | TickerFrame | BookFrame)
    ids = {code: InstrumentId(f"UPBIT:{code}") for code in CODES}
    sides = {"ASK": Aggressor.SELL, "BID": Aggressor.BUY}

    def decode_only() -> None:
        decode = decoder.decode
        for body in raw:
            decode(body)

    with runner(SmaOnTrade, RsiOnTrade) as live:
        feed = live.feed
        tickers: dict[str, TickerFrame] = {}

        def ingest() -> None:
            decode = decoder.decode
            for body in raw:
                frame = decode(body)
                kind = frame.__class__
                if kind is TradeFrame:
                    ts = frame.trade_timestamp * 1_000_000
                    feed(Trade(ids[frame.code], frame.trade_price, frame.trade_volume, sides[frame.ask_bid], ts, ts))
                elif kind is TickerFrame:
                    tickers[frame.code] = frame  # a picture: the newest is kept, it is nobody's print
                else:
                    ts = frame.timestamp * 1_000_000
                    best = frame.orderbook_units[0]
                    feed(Quote(ids[frame.code], best.bid_price, best.bid_size, best.ask_price, best.ask_size, ts, ts))

        seconds = interleaved({"decode": decode_only, "ingest": ingest})
    decode, whole = (seconds[name] / len(raw) * 1e6 for name in ("decode", "ingest"))
    return [
        Row(name="1 decode only (msgspec typed union)", value=decode, unit="us/message"),
        compared(
            "1 payload to slot, SMA20 and RSI14 listening", whole, "us/message", "decode only", decode, at_most=2.0
        ),
    ]


class Listener(Strategy):
    seen = 0

    def on_quote(self, quote: Quote, context: Context) -> None:
        self.seen += 1


def target_4() -> list[Row]:
    quotes = [Quote(InstrumentId(f"UPBIT:{CODES[n % 20]}"), 1.0, 1, 2.0, 1, n, n) for n in range(20_000)]

    class Plain:
        seen = 0

        def take(self, quote: Quote, context: Any) -> None:
            self.seen += 1

    plain = Plain()

    def direct() -> None:
        take = plain.take
        for quote in quotes:
            take(quote, None)

    def empty() -> None:
        for _ in quotes:
            pass

    with runner(Listener) as live, runner() as silent:
        step, step_silent = live.engine.step, silent.engine.step

        def hop() -> None:
            for quote in quotes:
                step(quote, 1)

        def state_only() -> None:
            for quote in quotes:
                step_silent(quote, 1)

        seconds = interleaved({"empty": empty, "direct": direct, "state": state_only, "hop": hop})
    per = {name: (value - seconds["empty"]) / len(quotes) * 1e6 for name, value in seconds.items()}
    hop_alone = per["hop"] - per["state"]
    peer = nautilus()
    beside = (
        [
            compared(
                "4 hop alone against nautilus MessageBus",
                hop_alone,
                "us/event",
                "its publish",
                peer["bus_us"],
                at_most=0.25,
            )
        ]
        if peer
        else []
    )
    return [
        *beside,
        Row(name="4 direct call", value=per["direct"], unit="us/event"),
        Row(name="4 quote to state, nobody listening", value=per["state"], unit="us/event"),
        compared(
            "4 publish to one handler (hop alone)", hop_alone, "us/event", "direct call", per["direct"], at_most=6
        ),
        compared("4 quote to state to handler, whole", per["hop"], "us/event", "direct call", per["direct"]),
        Row(
            name="4 publish to one handler (hop alone)",
            value=hop_alone,
            unit="us/event",
            target="<= 0.3 us",
            met=hop_alone <= 0.3,
        ),
    ]


def target_5() -> list[Row]:
    """Quote ticks through the live core with a strategy on every one. The reference is the plain loop a replay cannot
    do without: read a field, store in a dictionary. Nautilus is timed beside it where it is installed."""
    chance = Random(9)
    quotes = []
    price = 60_000.0
    for n in range(50_000):
        price += chance.choice((-0.1, 0.0, 0.1))
        quotes.append(Quote(InstrumentId("UPBIT:KRW-C00"), price, 1.0, price + 0.1, 2.0, n * 1000, n * 1000))
    state: dict[str, Quote] = {}

    def plain() -> None:
        for quote in quotes:
            state[quote.instrument] = quote

    with runner(Listener) as live:
        feed = live.feed

        def replay() -> None:
            for quote in quotes:
                feed(quote)

        seconds = interleaved({"plain": plain, "replay": replay})
    ours = seconds["replay"] / len(quotes) * 1e6
    rows = [
        compared(
            "5 quote ticks through runner and engine", ours, "us/tick", "plain loop", seconds["plain"] / 50_000 * 1e6
        ),
        Row(name="5 quote ticks a second", value=1e6 / ours, unit="ticks/s"),
    ]
    peer = nautilus()
    if peer is None:
        rows.append(Row(name="5 nautilus_trader is not installed (make peers)", value=0, unit="-", target=">= 1.5x"))
        return rows
    rows.append(Row(name="5 nautilus BacktestEngine", value=peer["quote_us"], unit="us/tick"))
    rows.append(
        compared(
            "5 ticks/s against nautilus BacktestEngine",
            1 / ours,
            "ticks/us",
            "nautilus",
            1 / peer["quote_us"],
            at_least=1.5,
        )
    )
    return rows


def nautilus() -> dict[str, float] | None:
    """Figures of nautilus_trader, timed by the interpreter of `.venv-peers` between ours; None without it."""
    root = Path(__file__).resolve().parents[2]
    python = root / ".venv-peers" / "bin" / "python"
    if not python.exists():
        return None
    child = Path(__file__).with_name("nautilus_peer.py")
    done = subprocess.run([python, child], capture_output=True, text=True, timeout=120, check=False)
    found: dict[str, float] | None = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    return found


def rows() -> list[Row]:
    return target_1() + target_4() + target_5()
