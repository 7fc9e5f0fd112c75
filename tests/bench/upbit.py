"""Upbit's frames on their way into the state, through the adapter as it is: in multiples of the bare msgspec decode of
the wanted fields (target 1), over a socket in multiples of the bare websockets loop (target 2), and 200 markets at
5,000 messages a second beside private orders: the share of a core, how late the loop is, and what was lost."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Literal, Union

import msgspec
from websockets.asyncio.client import connect

from brokers.inbox import merged
from brokers.socket import Frame, Socket
from brokers.upbit import frames
from brokers.upbit.auth import Keys
from brokers.upbit.broker import UpbitBroker
from brokers.upbit.settings import UpbitKeys, UpbitSettings
from core.clock import SystemClock
from core.domain.events import OrderFilled
from core.domain.ids import InstrumentId
from core.domain.market import OrderBook, Quote, Trade
from core.ports import Subscription
from core.runtime.runner import Runner
from core.secret import Secret
from tests.bench import ingest
from tests.bench.ingest import CODES, BookFrame, RsiOnTrade, SmaOnTrade, runner
from tests.bench.rows import Row, compared, interleaved, percentile
from tests.properties import upbit_frames

DEEP = CODES[0]
"""The market that is looked at: its prints and its book of 15 levels come too."""
PREVIOUS_CLOSE = 1500.0
RATE, SECONDS, MARKETS = 5_000, 6, 200
PACED, PACED_SECONDS = 500, 5
WARM = 500
"""Frames before a paced measurement begins: imports, caches, subscriptions."""
TARGET = 2.0


class TradeFrame(ingest.Frame, tag="trade", gc=False):
    """What the adapter wants of a print: its number and whether it is news, because none counts twice."""

    code: str
    trade_price: float
    trade_volume: float
    ask_bid: str
    trade_timestamp: int
    sequential_id: int
    stream_type: str


class TickerFrame(ingest.Frame, tag="ticker", gc=False):
    """What it wants of a ticker: the state of the market and its close of the day before."""

    code: str
    trade_price: float
    prev_closing_price: float
    market_state: str
    is_trading_suspended: bool


FLOOR: msgspec.json.Decoder[Any] = msgspec.json.Decoder(TradeFrame | TickerFrame | BookFrame)


def bodies(count: int = 6_000) -> dict[str, list[bytes]]:
    """Composed frames by kind; a book of one level is what a market's best quote comes in."""
    chance, made = Random(5), {"trade": [], "ticker": [], "quote": [], "book": []}  # type: ignore[var-annotated]
    for n in range(count):
        ts, price = 1_763_600_000_000 + n, 1000.0 + chance.randrange(2000)
        code = CODES[1 + n % (len(CODES) - 1)]
        ticker = ticker_body(code, price, ts, chance)
        quote = ingest._book_body(code, price, ts, chance)
        quote["orderbook_units"] = quote["orderbook_units"][:1]
        made["trade"].append(msgspec.json.encode(ingest._trade_body(DEEP, price, ts, chance)))
        made["ticker"].append(msgspec.json.encode(ticker))
        made["quote"].append(msgspec.json.encode(quote))
        made["book"].append(msgspec.json.encode(ingest._book_body(DEEP, price, ts, chance)))
    return made


TICKER_ORDER = (
    *("type", "code", "opening_price", "high_price", "low_price", "trade_price", "prev_closing_price"),
    *("acc_trade_price", "change", "change_price", "signed_change_price", "change_rate", "signed_change_rate"),
    *("ask_bid", "trade_volume", "acc_trade_volume", "trade_date", "trade_time", "trade_timestamp"),
    *("acc_ask_volume", "acc_bid_volume", "highest_52_week_price", "highest_52_week_date", "lowest_52_week_price"),
    *("lowest_52_week_date", "market_state", "is_trading_suspended", "delisting_date", "market_warning", "timestamp"),
    *("acc_trade_price_24h", "acc_trade_volume_24h", "stream_type"),
)
"""In which the venue sends a ticker's fields."""


def ticker_body(code: str, price: float, ts: int, chance: Random) -> dict[str, Any]:
    body = ingest._ticker_body(code, price, ts, chance) | {"prev_closing_price": PREVIOUS_CLOSE}
    return {name: body[name] for name in TICKER_ORDER}


def streamed(made: dict[str, list[bytes]]) -> list[bytes]:
    """As a console gets them: tickers and best quotes of many markets, now and then a print or a book of one."""
    kinds = [*("quote", "ticker") * 4, "trade", "book"]
    return [made[kinds[n % len(kinds)]][n] for n in range(len(made["trade"]))]


@contextmanager
def adapter(stream_format: Literal["DEFAULT", "SIMPLE"] = "DEFAULT") -> Iterator[Callable[[list[bytes]], None]]:
    """Bytes of a frame -> the adapter -> the engine with two strategies on the market that is looked at."""
    broker = UpbitBroker(UpbitSettings(stream_format=stream_format), SystemClock(), {})
    with runner(SmaOnTrade, RsiOnTrade) as live:
        broker.listing.instruments = {item.code: item for item in live.engine.state.instruments.values()}
        ids = {code: item.id for code, item in broker.listing.instruments.items()}
        wanted = {Subscription(id, depth=code == DEEP) for code, id in ids.items()}
        asyncio.run(broker.subscribe(frozenset(wanted)))
        feed, read, now = live.feed, broker._read, SystemClock.now

        def ingested(raw: list[bytes]) -> None:
            broker.prints.follow(())
            broker.prints.follow((DEEP,))  # else the prints of the round before are known, and dropped too cheaply
            for body in raw:
                for event in read(Frame(body, now())):
                    feed(event)

        yield ingested


def mixed(made: dict[str, list[bytes]]) -> list[bytes]:
    """A third each of prints, tickers and books of 15 levels: what `ingest` measures the core alone with."""
    kinds = ("trade", "ticker", "book")
    return [made[kinds[n % 3]][n] for n in range(len(made["trade"]))]


def shortened(bodies: list[bytes]) -> list[bytes]:
    """The same frames as the venue sends them by default: under short names."""
    rows = [json.loads(body) for body in bodies]
    return [msgspec.json.encode(upbit_frames.shortened(row["type"], row)) for row in rows]


def short_floor() -> Callable[[bytes], Any]:
    """The bare decode of the same fields under short names."""

    def short(kind: type, name: str, **types: Any) -> Any:
        fields = [(field.name, types.get(field.name, field.type)) for field in msgspec.structs.fields(kind)]
        tagged = {} if name == "unit" else {"tag": name, "tag_field": "ty"}
        return msgspec.defstruct(f"Short{kind.__name__}", fields, rename=frames.SHORT[name], gc=False, **tagged)  # type: ignore[call-overload]

    units = list[short(ingest.Unit, "unit")]  # type: ignore[misc]
    kinds = (
        short(TradeFrame, "trade"),
        short(TickerFrame, "ticker"),
        short(BookFrame, "orderbook", orderbook_units=units),
    )
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[kinds])  # noqa: UP007
    return decoder.decode


def dropped(decode: Callable[[bytes], Any], raw: list[bytes]) -> None:
    """What is kept must find new memory each time, and would make the floor look dear."""
    for body in raw:
        decode(body)


def target_1() -> list[Row]:
    made = bodies()
    made |= {"as streamed": streamed(made), "mixed": mixed(made)}
    made["short"] = shortened(made["as streamed"])
    decode, decode_short = FLOOR.decode, short_floor()
    cases: dict[str, Callable[[], Any]] = {}
    with adapter() as ingested, adapter("SIMPLE") as ingested_short:
        for kind, raw in made.items():
            floor, ours = (decode_short, ingested_short) if kind == "short" else (decode, ingested)
            cases[f"{kind} decode"] = lambda raw=raw, floor=floor: dropped(floor, raw)  # type: ignore[misc]
            cases[f"{kind} state"] = lambda raw=raw, ours=ours: ours(raw)  # type: ignore[misc]
        seconds = interleaved(cases, rounds=5)
    rows = []
    names = {
        "quote": "best quote",
        "book": "book of 15 levels, with the quote",
        "short": "as streamed, short names",
        "mixed": "a third each of prints, tickers, books of 15",
    }
    for kind, raw in made.items():
        decoded, whole = (seconds[f"{kind} {what}"] / len(raw) * 1e6 for what in ("decode", "state"))
        name = f"upbit: {names.get(kind, kind)} to state, SMA20 and RSI14 on prints"
        limit = TARGET if kind in ("as streamed", "short", "mixed") else None
        rows.append(compared(name, whole, "us/frame", "decode only", decoded, at_most=limit))
    return rows


# --- over a socket -----------------------------------------------------------------------------------------------


@contextmanager
def server(rate: int, seconds: int, markets: int) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.upbit_server", str(rate), str(seconds), str(markets)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


async def bare(port: int) -> float:
    """CPU us a frame of `recv` and the decode, and nothing else."""
    decode = FLOOR.decode
    async with connect(f"ws://127.0.0.1:{port}/websocket/v1", compression=None, proxy=None, ping_interval=None) as line:
        await line.send("[]")
        count = started = 0
        async for data in line:
            decode(data)
            count += 1
            if count == WARM:
                started = time.process_time_ns()
    return (time.process_time_ns() - started) / (count - WARM) / 1e3


async def ours(port: int, live: Runner) -> float:
    """The same frames by the adapter's socket into the state, and nothing beside it."""
    broker = UpbitBroker(settings(port), SystemClock(), {})
    broker.listing.instruments = {item.code: item for item in live.engine.state.instruments.values()}
    wanted = {Subscription(item.id, depth=True) for item in broker.listing.instruments.values()}
    await broker.subscribe(frozenset(wanted))
    lines: Socket = broker.market.socket
    await broker.market.want(broker._topics)
    count = started = spent = 0
    told = merged({"market": lines})
    async for _, items in told:
        for item in items:
            if isinstance(item, Frame):
                count += 1
                for event in broker._read(item):
                    live.feed(event)
                if count == WARM:
                    started = time.process_time_ns()
            elif started:
                spent = time.process_time_ns() - started
        if spent:
            break
    await told.aclose()  # type: ignore[attr-defined]
    return spent / (count - WARM) / 1e3


async def whole(port: int, live: Runner) -> float:
    """The same through `events`, as the console takes them: beside what else the broker has to tell."""
    broker = UpbitBroker(settings(port), SystemClock(), {})
    broker.listing.instruments = {item.code: item for item in live.engine.state.instruments.values()}
    await broker.subscribe(frozenset(Subscription(id, depth=True) for id in live.engine.state.instruments))
    broker._lines = {}  # connected, without the questions by REST that this server does not answer
    await broker.market.want(broker._topics)
    count = started = 0
    read = broker._read

    def counted(frame: Frame) -> Any:
        nonlocal count, started
        count += 1
        if count == WARM:
            started = time.process_time_ns()
        return read(frame)

    broker._read = counted  # type: ignore[method-assign]
    async for event in broker.events():
        live.feed(event)
        if count >= PACED * (PACED_SECONDS - 1):
            break
    spent = time.process_time_ns() - started
    await broker.close()
    return spent / (count - WARM) / 1e3


def settings(port: int, **more: Any) -> UpbitSettings:
    return UpbitSettings(
        endpoint=f"http://127.0.0.1:{port}",
        max_codes=MARKETS,
        canary=DEEP,
        ack_seconds=60,
        stream_format="DEFAULT",
        **more,
    )


def target_2() -> list[Row]:
    taken: dict[str, list[float]] = {"bare": [], "ours": [], "whole": []}
    for _ in range(3):
        with server(PACED, PACED_SECONDS, len(CODES)) as port:
            taken["bare"].append(asyncio.run(bare(port)))
        with server(PACED, PACED_SECONDS, len(CODES)) as port, runner(SmaOnTrade, RsiOnTrade) as live:
            taken["ours"].append(asyncio.run(ours(port, live)))
        with server(PACED, PACED_SECONDS, len(CODES)) as port, runner(SmaOnTrade, RsiOnTrade) as live:
            taken["whole"].append(asyncio.run(whole(port, live)))
    floor, line, broker = (sorted(values)[1] for values in taken.values())
    return [
        Row(name="upbit: bare websockets and msgspec, one frame a wake-up", value=floor, unit="us/frame"),
        compared("upbit: socket to state, paced", line, "us/frame", "bare loop", floor, at_most=1.15),
        compared("upbit: the same through the broker's events", broker, "us/frame", "bare loop", floor, at_most=1.15),
    ]


# --- 200 markets -------------------------------------------------------------------------------------------------


async def flood(port: int, live: Runner) -> dict[str, float]:
    """The whole broker, its private line beside the market's, into the engine."""
    keys = {"main": Keys(access=Secret("bench-access-key"), secret=Secret("bench-secret-key-long"))}
    broker = UpbitBroker(settings(port, accounts={"main": UpbitKeys()}), SystemClock(), keys)
    listed = next(iter(live.engine.state.instruments.values()))
    codes = [f"KRW-C{n:03}" for n in range(MARKETS)]
    made = [msgspec.structs.replace(listed, id=InstrumentId(f"UPBIT:{code}"), name=code) for code in codes]
    broker.listing.instruments = {item.code: item for item in made}
    await broker.connect()
    await broker.subscribe(frozenset(Subscription(item.id, depth=n < 2) for n, item in enumerate(made)))
    market = private = 0
    late: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            late.append((time.perf_counter() - due) * 1e3)

    watching = asyncio.ensure_future(watch())
    cpu, wall = time.process_time(), time.perf_counter()
    async for event in broker.events():
        if event.__class__ in (Quote, Trade, OrderBook):
            market += 1
            live.feed(event)
        elif isinstance(event, OrderFilled):
            private += 1
        if time.perf_counter() - wall > SECONDS - 1:
            break
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    done.set()
    await watching
    sent = await _sent(port)
    await broker.close()
    return {"cpu": cpu / wall, "rate": market / wall, "late": percentile(late, 0.99), "lost": sent - private}


async def _sent(port: int) -> int:
    """What the server sent by now on the private line."""
    async with connect(f"ws://127.0.0.1:{port}/count", proxy=None) as line:
        return int(json.loads(await line.recv())["sent"])


def target_flood() -> list[Row]:
    with server(RATE, SECONDS + 20, MARKETS) as port, runner(SmaOnTrade) as live:
        found = asyncio.run(flood(port, live))
    return [
        Row(name=f"upbit: {MARKETS} markets, events a second into the state", value=found["rate"], unit="events/s"),
        Row(name=f"upbit: CPU at {RATE:,} messages a second", value=found["cpu"] * 100, unit="% of a core"),
        Row(
            name="upbit: the loop is late, p99",
            value=found["late"],
            unit="ms",
            target="<= 50 ms",
            met=found["late"] <= 50,
        ),
        Row(
            name="upbit: private events lost",
            value=found["lost"],
            unit="events",
            target="0",
            met=abs(found["lost"]) <= 1,
        ),
    ]


def rows() -> list[Row]:
    return target_1() + target_2() + target_flood()
