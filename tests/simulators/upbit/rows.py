"""The simulated Upbit's answers and frames, in the types that were recorded: strings with uneven zeros for what is
ours, numbers for quotations, null left out by REST and sent by the stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import msgspec

from tests.simulators.upbit.exchange import Execution, Listed, Placed

KST = timezone(timedelta(hours=9))
MS = 1_000_000


def text(value: Decimal) -> str:
    """As the venue writes amounts: no exponent; whole sums of money with `.0` now and then."""
    plain = format(value.normalize() if value else Decimal(0), "f")
    return f"{plain}.0" if len(plain) > 6 and "." not in plain else plain


def number(value: Decimal) -> msgspec.Raw:
    """A JSON number with every digit."""
    return msgspec.Raw(format(value, "f").encode())


def at(ns: int, *, fine: bool = False) -> str:
    moment = datetime.fromtimestamp(ns // 1000 / 1e6, KST)
    return moment.isoformat(timespec="microseconds" if fine else "seconds")


def order(placed: Placed, *, with_trades: bool = False, state: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {
        "market": placed.market.code,
        "uuid": placed.uuid,
        "side": placed.side,
        "ord_type": placed.ord_type,
        "price": text(placed.price) if placed.price is not None else None,
        "state": state or placed.state,
        "created_at": at(placed.created),
        "volume": text(placed.volume) if placed.volume is not None else None,
        "remaining_volume": text(placed.remaining) if placed.volume is not None else None,
        "executed_volume": text(placed.executed),
        "reserved_fee": text(placed.reserved_fee),
        "remaining_fee": text(placed.remaining_fee),
        "paid_fee": text(placed.paid_fee),
        "locked": text(placed.locked),
        "trades_count": len(placed.trades),
        "time_in_force": placed.time_in_force,
        "identifier": placed.identifier,
        "smp_type": placed.smp_type,
        "prevented_volume": text(placed.prevented),
        "prevented_locked": text(placed.prevented_locked),
    }
    if with_trades:
        row["trades"] = [
            {
                "market": placed.market.code,
                "uuid": trade.uuid,
                "price": text(trade.price),
                "volume": text(trade.volume),
                "funds": text(trade.price * trade.volume),
                "trend": "up" if placed.side == "bid" else "down",
                "created_at": at(trade.t, fine=True),
                "side": placed.side,
            }
            for trade in placed.trades
        ]
    return {name: value for name, value in row.items() if value is not None}


def my_order(placed: Placed, state: str, trade: Execution | None, now: int) -> dict[str, Any]:
    """A frame of the private stream: while it tells a trade, price and volume are those of the trade."""
    price, volume = (trade.price, trade.volume) if trade is not None else (placed.price, placed.volume)
    average = placed.funds / placed.executed if placed.executed else Decimal(0)
    return {
        "type": "myOrder",
        "code": placed.market.code,
        "uuid": placed.uuid,
        "ask_bid": placed.side.upper(),
        "order_type": placed.ord_type,
        "state": state,
        "trade_uuid": trade.uuid if trade is not None else None,
        "price": number(price) if price is not None else None,
        "avg_price": number(average.quantize(Decimal("1e-8"))),
        "volume": number(volume) if volume is not None else None,
        "remaining_volume": number(placed.remaining),
        "executed_volume": number(placed.executed),
        "trades_count": len(placed.trades),
        "reserved_fee": number(placed.reserved_fee),
        "remaining_fee": number(placed.remaining_fee),
        "paid_fee": number(placed.paid_fee),
        "locked": number(placed.locked),
        "executed_funds": number(placed.funds),
        "time_in_force": placed.time_in_force,
        "trade_fee": number(trade.fee) if trade is not None else None,
        "is_maker": trade.is_maker if trade is not None else None,
        "identifier": placed.identifier,
        "smp_type": placed.smp_type,
        "prevented_volume": number(placed.prevented),
        "prevented_locked": number(placed.prevented_locked),
        "trade_timestamp": trade.t // MS if trade is not None else None,
        "order_timestamp": placed.created // MS,
        "timestamp": now // MS,
        "stream_type": "REALTIME",
    }


def units(market: Listed, depth: int) -> list[dict[str, float]]:
    found = []
    for n in range(min(depth, max(len(market.asks), len(market.bids)))):
        ask = market.asks[n] if n < len(market.asks) else (Decimal(0), Decimal(0))
        bid = market.bids[n] if n < len(market.bids) else (Decimal(0), Decimal(0))
        found.append(
            {
                "ask_price": float(ask[0]),
                "bid_price": float(bid[0]),
                "ask_size": float(ask[1]),
                "bid_size": float(bid[1]),
            }
        )
    return found


def book(market: Listed, depth: int, now: int) -> dict[str, Any]:
    return {
        "timestamp": now // MS,
        "total_ask_size": float(sum(level[1] for level in market.asks)),
        "total_bid_size": float(sum(level[1] for level in market.bids)),
        "orderbook_units": units(market, depth),
        "level": 0,
    }


def ticker(market: Listed, now: int) -> dict[str, Any]:
    last, close = float(market.last), float(market.close)
    change = "RISE" if last > close else "FALL" if last < close else "EVEN"
    moment = datetime.fromtimestamp((market.traded_at or now) // 10**9, UTC)
    rate = (last - close) / close if close else 0.0
    return {
        "opening_price": close,
        "high_price": max(last, close),
        "low_price": min(last, close),
        "trade_price": last,
        "prev_closing_price": close,
        "change": change,
        "change_price": abs(last - close),
        "signed_change_price": last - close,
        "change_rate": round(abs(rate), 10),
        "signed_change_rate": round(rate, 10),
        "trade_volume": 0.01,
        "acc_trade_price": float(market.volume * market.last),
        "acc_trade_price_24h": float(market.volume * market.last),
        "acc_trade_volume": float(market.volume),
        "acc_trade_volume_24h": float(market.volume),
        "trade_timestamp": (market.traded_at or now) // MS,
        "highest_52_week_price": max(last, close) * 2,
        "highest_52_week_date": f"{moment:%Y-%m-%d}",
        "lowest_52_week_price": min(last, close) / 2,
        "lowest_52_week_date": f"{moment:%Y-%m-%d}",
        "timestamp": now // MS,
        "trade_date": f"{moment:%Y%m%d}",
        "trade_time": f"{moment:%H%M%S}",
    }


def trade(market: Listed, price: Decimal, volume: Decimal, side: str, number_: int, now: int) -> dict[str, Any]:
    moment = datetime.fromtimestamp(now // 10**9, UTC)
    last, close = float(price), float(market.close)
    return {
        "timestamp": now // MS,
        "trade_date": f"{moment:%Y-%m-%d}",
        "trade_time": f"{moment:%H:%M:%S}",
        "trade_timestamp": now // MS,
        "trade_price": last,
        "trade_volume": float(volume),
        "ask_bid": side,
        "prev_closing_price": close,
        "change": "RISE" if last > close else "FALL" if last < close else "EVEN",
        "change_price": abs(last - close),
        "sequential_id": number_,
    }


def asset_uuid(account: str) -> str:
    return str(uuid5(NAMESPACE_OID, account))
