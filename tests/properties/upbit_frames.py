"""Upbit's payloads, broken in every way a line or a venue can break them, through the adapter's parsers: nothing but
BadMessage may come of it, and what is taken must be sane.

    python -m tests.properties.upbit_frames --count 1000000 --seed 7
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any, cast

from brokers.upbit import account, frames, parse, wire
from brokers.upbit.tickers import Familiar
from core.domain.errors import BadMessage
from core.domain.ids import AccountId
from core.domain.market import Interval

DATA = Path(__file__).resolve().parents[1] / "data" / "upbit"
ACCOUNT = AccountId("upbit:main")
M1 = Interval.M1
ODD: tuple[Any, ...] = (
    *(None, "", "x", "KRW-", "-", 0, -1, 1, 10**30, 1e308, -0.0, True, [], {}, [[]], {"a": {}}),
    *("NaN", "Infinity", "-1", "1e999999999", "0x10", "９", "KRW-BTC\x1b[2J", "\u202eKRW-BTC", "a" * 5000),
    *("2026-13-45T99:99:99", "9999-12-31T23:59:59+09:00", "2026-11-25", 1795576500150000, 99),
)
ODD_BYTES = (b"\x00", b"\xff\xfe", b'"', b"{", b"}", b"[", b"]", b",", b"\\u0000", b"\xed\xa0\x80", b"1e", b"-")


# --- what is read, and what of it must hold ------------------------------------------------------------------------


def _frame(data: bytes) -> None:
    _at_once(data)
    _known(data)
    for message in frames.read_frames(data):
        match message:
            case wire.TickerState():
                parse.parse_phase(message)
                parse.instrument_of(message.code)
            case wire.Trade():
                _check_trade(parse.parse_trade(message, 1))
            case wire.OrderBook():
                quote, book = parse.parse_quote(message, 1), parse.parse_book(message, 1)
                assert len(message.orderbook_units) < 2 or parse.parse_quotes(message, 1, 30) == (quote, book)
                _check_side(book.bids, -1)
                _check_side(book.asks, 1)
                assert not (quote.bid and quote.ask) or quote.bid <= quote.ask
                assert all(isfinite(part) and part >= 0 for level in (*book.bids, *book.asks) for part in level)
            case wire.Candle():
                bar = parse.parse_candle(message)
                assert bar is None or (0 < bar.low <= bar.open <= bar.high and isfinite(bar.volume))
            case wire.MyOrder():
                told = account.parse_told(message)
                assert told.executed >= 0 and told.remaining >= 0
                if message.state == "trade":
                    _check_fill(account.parse_fill(message, ACCOUNT))
            case wire.MyAsset():
                for row in message.assets:
                    assert account.parse_wallet(row).total >= 0


def _at_once(data: bytes) -> None:
    """What the hot path takes is what careful reading takes."""
    for read in frames.AT_ONCE.values():
        try:
            message = read(data)
        except frames.UNREADABLE:
            continue
        assert repr(message) == repr(frames.read_frame(data))  # NaN is not itself


def _known(data: bytes) -> None:
    """A ticker that is passed over by its bytes says what the one said that was learned, if it can be read at all."""
    if not FAMILIAR.knows(data):
        return
    SEEN["known by their bytes"] += 1
    try:
        ticker = frames.read_frame(data)
    except BadMessage:
        return
    assert isinstance(ticker, wire.TickerState) and _wanted(ticker) == WANTED[ticker.code]


def _wanted(ticker: wire.TickerState) -> tuple[Any, ...]:
    return ticker.prev_closing_price, ticker.market_state, ticker.is_trading_suspended


def _check_side(side: Any, way: int) -> None:
    prices = [price * way for price, _ in side]
    assert prices == sorted(set(prices)) and all(price for price, _ in side)


def _check_trade(trade: Any) -> None:
    assert trade.price > 0 and trade.size > 0 and isfinite(trade.price) and trade.instrument.startswith("UPBIT:")


def _check_fill(fill: Any) -> None:
    assert fill.quantity > 0 and fill.price > 0 and fill.fee >= 0 and fill.quantity.is_finite()


def _markets(data: bytes) -> None:
    for market in wire.read_body(data, list[wire.Market]):
        instrument = parse.parse_instrument(market)
        assert all(c.isprintable() for c in f"{instrument.name}{instrument.name_ko}")


def _tickers(data: bytes) -> None:
    for ticker in wire.read_body(data, list[wire.RestTicker]):
        parse.parse_instrument(wire.Market(market=ticker.market), ticker)


def _books(data: bytes) -> None:
    for book in wire.read_body(data, list[wire.RestOrderBook]):
        parse.checked(book.orderbook_units, 30)


def _terms(data: bytes) -> None:
    ticker = wire.RestTicker(market="KRW-XRP", trade_price=3105, prev_closing_price=3050, timestamp=1)
    for terms in wire.read_body(data, list[wire.BookTerms]):
        assert parse.parse_instrument(wire.Market(market="KRW-XRP"), ticker, terms).ticks.bands


def _trades(data: bytes) -> None:
    for trade in wire.read_body(data, list[wire.RestTrade]):
        _check_trade(parse.parse_trade(trade, 1))


def _candles(data: bytes) -> None:
    for candle in wire.read_body(data, list[wire.RestCandle]):
        parse.bar_of(candle, parse.instrument_of(candle.market), M1)


def _accounts(data: bytes) -> None:
    for row in wire.read_body(data, list[wire.Holding]):
        assert account.parse_wallet(row).free >= 0


def _order(data: bytes) -> None:
    order = wire.read_body(data, wire.Order)
    listed = account.parse_order(order)
    assert listed.filled >= 0 and listed.quantity >= 0
    account.parse_orders([order, order])
    for fill in account.parse_fills(order, ACCOUNT):
        _check_fill(fill)


def _chance(data: bytes) -> None:
    wire.read_body(data, wire.Chance)


def _canceled(data: bytes) -> None:
    wire.read_body(data, wire.Canceled)


READERS: dict[str, Callable[[bytes], None]] = {
    "markets": _markets,
    "tickers": _tickers,
    "orderbooks": _books,
    "instruments": _terms,
    "trades": _trades,
    "candles": _candles,
    "accounts": _accounts,
    "order": _order,
    "chance": _chance,
    "canceled": _canceled,
}


# --- what is broken ------------------------------------------------------------------------------------------------


def shortened(kind: str, frame: dict[str, Any]) -> dict[str, Any]:
    """The same frame under the short names of SIMPLE."""
    names = frames.SHORT["candle" if kind.startswith("candle") else kind]
    inner = {"orderbook_units": "unit", "assets": "asset"}
    return {
        names.get(key, key): [{frames.SHORT[inner[key]][k]: v for k, v in row.items()} for row in value]
        if key in inner
        else value
        for key, value in frame.items()
    }


def payloads() -> list[tuple[Callable[[bytes], None], Any]]:
    """Every kind of payload with who reads it."""
    whole = json.loads((DATA / "frames.json").read_text())
    found: list[tuple[Callable[[bytes], None], Any]] = []
    for kind, frame in whole.items():
        if isinstance(frame, dict):
            found.append((_frame, frame))
            if kind not in ("status", "error", "list"):
                found += [(_frame, shortened(kind, frame)), (_frame, [frame])]
    rest = json.loads((DATA / "rest.json").read_text())
    return found + [(READERS[kind], body) for kind, body in rest.items() if kind in READERS]


def learned() -> tuple[Familiar, dict[str, tuple[Any, ...]]]:
    """The tickers of the payloads as they are, in both formats, as the venue writes them."""
    whole = json.loads((DATA / "frames.json").read_text())
    familiar, wanted = Familiar(), {}
    for body in (whole["ticker"], shortened("ticker", whole["ticker"])):
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        ticker = cast(wire.TickerState, frames.read_frame(data))
        familiar.learn(data, ticker)
        assert familiar.knows(data)
        wanted[ticker.code] = _wanted(ticker)
    return familiar, wanted


FAMILIAR, WANTED = learned()
SEEN: Counter[str] = Counter()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every member of a payload."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += places(inner, (*path, number))
    return found


def broken(payload: Any, chance: Random) -> bytes:
    """One payload with one to three things wrong."""
    value = json.loads(json.dumps(payload))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path = chance.choice(places(value) or [()])
        if not path:
            break
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        _break(holder, path[-1], chance)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, separators=chance.choice(((",", ":"), (", ", ": "))))
    data = text.encode("utf-8", "surrogatepass")
    return _broken_bytes(data, chance) if chance.random() < 0.4 else data


def _break(holder: Any, key: Any, chance: Random) -> None:
    now = holder[key]
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1:
            holder[key] = None
        case 2:
            holder[key] = str(now)
        case 3 if isinstance(now, str):
            holder[key] = len(now)
        case 4:
            holder[key] = [now, deepcopy(now)]
        case 5 if isinstance(holder, dict):
            items = list(holder.items())
            chance.shuffle(items)
            holder.clear()
            holder.update({**dict(items), "new_field": {"deep": [1, None]}})
        case 6 if isinstance(now, (int, float)) and not isinstance(now, bool):
            holder[key] = chance.choice((-now, now * 10**9, now / 10**9, now + 1, float(now)))
        case 7 if isinstance(now, list):
            now.reverse()
            now.extend(deepcopy(now[:1]))
        case _:
            holder[key] = deepcopy(chance.choice(ODD))


def _broken_bytes(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data)) if data else 0
    match chance.randrange(6):
        case 0:
            return data[:at]
        case 1:
            return data + data
        case 2:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 3:
            return data[:at] + chance.choice(ODD_BYTES) + data[at:]
        case 4:
            return b"[" * chance.choice((1, 50, 5000)) + data
    return data[at:] + data[:at]


def run(count: int, seed: int) -> Counter[str]:
    """`count` broken payloads: how many were taken, how many refused. Anything else is raised, with its payload."""
    chance, counted, kinds = Random(seed), Counter[str](), payloads()
    SEEN.clear()
    for read, payload in kinds:
        read(json.dumps(payload, ensure_ascii=False).encode())
    for number in range(count):
        read, payload = chance.choice(kinds)
        data = broken(payload, chance)
        try:
            read(data)
        except BadMessage:
            counted["refused"] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, payload {number}: {error!r}\n{data[:2000]!r}") from error
        else:
            counted["taken"] += 1
    return counted + SEEN


def main() -> None:
    parser = argparse.ArgumentParser(description="Broken Upbit payloads through the parsers.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    counted = run(given.count, given.seed)
    known = "known by their bytes"
    print(
        f"{given.count} payloads, seed {given.seed}: {counted['taken']} taken ({counted[known]} of them {known}), "
        f"{counted['refused']} refused, 0 crashes"
    )


if __name__ == "__main__":
    main()
