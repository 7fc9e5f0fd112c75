"""The simulated Upbit's two streams: what is asked on them, and who gets which frame. One message replaces all that a
connection had; nothing is acknowledged; every frame is binary."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import msgspec

from brokers.upbit.frames import SHORT
from core.domain.market import NS
from core.ports import Clock
from tests.simulators.loopback import Stream
from tests.simulators.upbit import rows
from tests.simulators.upbit.exchange import Exchange, Execution, Listed, Placed

PUBLIC = frozenset({"ticker", "trade", "orderbook"})
PRIVATE = frozenset({"myOrder", "myAsset"})
CANDLES = {f"candle.{unit}": seconds for unit, seconds in (("1s", 1), ("1m", 60), ("3m", 180), ("5m", 300))}
CANDLES |= {f"candle.{unit}": seconds for unit, seconds in (("10m", 600), ("15m", 900), ("30m", 1800))}
CANDLES |= {"candle.60m": 3600, "candle.240m": 14_400}
DEPTHS = (1, 5, 15, 30)
IDLE_SECONDS = 120
UP_SECONDS = 10
MESSAGES_A_SECOND, MESSAGES_A_MINUTE = 5, 100
MORE_SHORT = {
    **{"change": "c", "change_price": "cp", "change_rate": "cr", "trade_time": "ttm", "acc_ask_volume": "aav"},
    **{"acc_bid_volume": "abv"},
}
DATES = {"ticker": "tdt", "trade": "td"}


class Part(msgspec.Struct):
    """One type object of a subscription."""

    kind: str
    codes: dict[str, int]
    """Code -> depth; empty: all."""
    is_snapshot: bool = True
    is_realtime: bool = True


class Line(msgspec.Struct):
    """What a connection is told."""

    parts: list[Part] = []
    format: str = "DEFAULT"
    ticket: str = ""
    heard: int = 0
    """When the last message or ping came, monotonic."""
    told_up: int = 0
    account: str = ""


class Streams:
    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._lines: dict[Stream, Line] = {}
        self._messages: dict[Stream, deque[int]] = {}
        self._candles: dict[tuple[str, str], dict[str, Any]] = {}
        self._number = 0
        self.is_frozen = False
        self.prints: dict[str, deque[dict[str, Any]]] = {}
        """The newest prints of each market, oldest first."""

    # --- connections ----------------------------------------------------------------------------------------------

    def opened(self, stream: Stream, account: str) -> None:
        stream.is_binary = True
        self._lines[stream] = Line(account=account, heard=self._clock.monotonic())

    def living(self) -> list[tuple[Stream, Line]]:
        for stream in [stream for stream in self._lines if not stream.is_open]:
            del self._lines[stream]
            self._messages.pop(stream, None)
        return list(self._lines.items())

    def beat(self) -> None:
        """Pings are answered for as long as the line stands; a line without any word is closed."""
        now = self._clock.monotonic()
        for stream, line in self.living():
            if line.told_up and now - line.told_up > UP_SECONDS * NS:
                line.told_up = now
                stream.send({"status": "UP"}, "beat")
            if now - line.heard > IDLE_SECONDS * NS and not line.parts:
                stream.close(1000)

    def message(self, stream: Stream, text: str, *, is_lost: bool) -> None:
        line, now = self._lines[stream], self._clock.monotonic()
        line.heard = now
        recent = self._messages.setdefault(stream, deque())
        while recent and now - recent[0] > 60 * NS:
            recent.popleft()
        recent.append(now)
        if len(recent) > MESSAGES_A_MINUTE or sum(now - t < NS for t in recent) > MESSAGES_A_SECOND:
            self._fail(stream, "TOO_MANY_REQUEST", "too many requests")
        elif text == "PING":
            line.told_up = now
            stream.send({"status": "UP"}, "beat")
        elif not is_lost:
            self._subscribe(stream, line, text)

    def _fail(self, stream: Stream, name: str, message: str) -> None:
        stream.send({"error": {"name": name, "message": message}}, "beat")

    def _subscribe(self, stream: Stream, line: Line, text: str) -> None:
        try:
            asked = msgspec.json.decode(text, type=list[dict[str, Any]])
        except msgspec.MsgspecError:
            self._fail(stream, "WRONG_FORMAT", "Format이 맞지 않습니다.")
            return
        if not asked or not isinstance(asked[0].get("ticket"), str):
            self._fail(stream, "NO_TICKET", "티켓이 존재하지 않습니다.")
            return
        line.format = next((str(part["format"]) for part in asked if "format" in part), "DEFAULT")
        line.ticket = asked[0]["ticket"]
        if any(part.get("method") == "LIST_SUBSCRIPTIONS" for part in asked):
            self._list(stream, line)
            return
        kinds = PRIVATE if stream.place == "private" else PUBLIC | CANDLES.keys()
        parts = []
        for part in asked[1:]:
            if "format" in part:
                continue
            if part.get("type") not in kinds:
                self._fail(stream, "NO_TYPE", "타입이 존재하지 않습니다.")
                return
            codes = part.get("codes")
            if part["type"] == "myAsset" and codes is not None:
                self._fail(stream, "WRONG_FORMAT", "Format이 맞지 않습니다.")
                return
            if stream.place == "market" and not codes:
                self._fail(stream, "NO_CODES", "코드가 존재하지 않습니다.")
                return
            parts.append(self._part(part, codes or []))
        if not parts:
            self._fail(stream, "NO_TYPE", "타입이 존재하지 않습니다.")
            return
        line.parts = parts
        if stream.place == "market" and not self.is_frozen:
            for part in parts:
                self._snapshot(stream, line, part)

    def _part(self, part: dict[str, Any], codes: list[str]) -> Part:
        wanted = {}
        for code in codes:
            name, dot, depth = code.partition(".")
            wanted[name] = int(depth) if dot and depth.isdigit() and int(depth) in DEPTHS else 30
        only_snapshot = part.get("is_only_snapshot", part.get("isOnlySnapshot", False))
        only_realtime = part.get("is_only_realtime", part.get("isOnlyRealtime", False))
        return Part(part["type"], wanted, is_snapshot=not only_realtime, is_realtime=not only_snapshot)

    def _list(self, stream: Stream, line: Line) -> None:
        result = []
        for part in line.parts:
            row: dict[str, Any] = {"type": part.kind}
            if part.codes:
                row["codes"] = list(part.codes)
            if part.kind == "orderbook":
                row["level"] = 0
            result.append(row)
        answer: dict[str, Any] = {"method": "LIST_SUBSCRIPTIONS", "result": result, "ticket": line.ticket}
        if line.format.startswith("SIMPLE"):
            inner = [{SHORT["listed"][k]: v for k, v in row.items()} for row in result]
            answer = {"mthd": "LIST_SUBSCRIPTIONS", "rslt": inner, "tckt": line.ticket}
        stream.send(answer, "beat")

    # --- frames ---------------------------------------------------------------------------------------------------

    def _send(self, stream: Stream, line: Line, kind: str, frame: dict[str, Any]) -> None:
        if line.format.startswith("SIMPLE"):
            frame = _shortened(kind, frame)
        stream.send([frame] if line.format.endswith("LIST") else frame)

    def _snapshot(self, stream: Stream, line: Line, part: Part) -> None:
        if not part.is_snapshot:
            return
        for code, depth in part.codes.items():
            market = self._exchange.markets.get(code)
            if market is not None:  # an unknown code is passed over without a word
                frame = self._frame(part.kind, market, depth)
                if frame is not None:
                    self._send(stream, line, part.kind, {**frame, "stream_type": "SNAPSHOT"})

    def _frame(self, kind: str, market: Listed, depth: int) -> dict[str, Any] | None:
        now, head = self._clock.now(), {"type": kind, "code": market.code}
        match kind:
            case "orderbook":
                return {**head, **rows.book(market, depth, now)}
            case "ticker":
                more = {
                    "ask_bid": market.taker,
                    "market_state": "ACTIVE",
                    "is_trading_suspended": market.is_halted,
                    "delisting_date": None,
                    "market_warning": "CAUTION" if market.is_warned else "NONE",
                }
                return {**head, **rows.ticker(market, now), **more}
            case "trade":
                last = self.prints.get(market.code)
                return {**head, **last[-1]} if last else None
        return self._candles.get((kind, market.code))

    def tell(self, kind: str, market: Listed) -> None:
        """A frame of this market to all who want it."""
        if self.is_frozen:
            return
        for stream, line in self.living():
            for part in line.parts:
                if part.kind == kind and part.is_realtime and market.code in part.codes:
                    frame = self._frame(kind, market, part.codes[market.code])
                    if frame is not None:
                        self._send(stream, line, kind, {**frame, "stream_type": "REALTIME"})

    def printed(self, market: Listed, price: Any, volume: Any, side: str) -> None:
        """A trade happened: print, ticker, and the candles it belongs to."""
        now = self._clock.now()
        self._number += 1
        row = rows.trade(market, price, volume, side, now // 1_000_000 * 10_000 + self._number % 10_000, now)
        row |= {"best_ask_price": 0, "best_ask_size": 0, "best_bid_price": 0, "best_bid_size": 0}
        if market.asks and market.bids:
            row |= {"best_ask_price": float(market.asks[0][0]), "best_ask_size": float(market.asks[0][1])}
            row |= {"best_bid_price": float(market.bids[0][0]), "best_bid_size": float(market.bids[0][1])}
        self.prints.setdefault(market.code, deque(maxlen=5000)).append(row)
        for kind, seconds in CANDLES.items():
            self._candle(kind, seconds, market, float(price), float(volume), now)
            self.tell(kind, market)
        self.tell("trade", market)
        self.tell("ticker", market)

    def _candle(self, kind: str, seconds: int, market: Listed, price: float, volume: float, now: int) -> None:
        start = now // NS // seconds * seconds
        time = rows.datetime.fromtimestamp(start, rows.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        kst = rows.datetime.fromtimestamp(start, rows.KST).strftime("%Y-%m-%dT%H:%M:%S")
        was = self._candles.get((kind, market.code))
        if was is None or was["candle_date_time_utc"] != time:
            was = {"opening_price": price, "high_price": price, "low_price": price}
            was |= {"candle_acc_trade_volume": 0.0, "candle_acc_trade_price": 0.0}
        self._candles[kind, market.code] = {
            "type": kind,
            "code": market.code,
            "candle_date_time_utc": time,
            "candle_date_time_kst": kst,
            "opening_price": was["opening_price"],
            "high_price": max(was["high_price"], price),
            "low_price": min(was["low_price"], price),
            "trade_price": price,
            "candle_acc_trade_volume": was["candle_acc_trade_volume"] + volume,
            "candle_acc_trade_price": was["candle_acc_trade_price"] + volume * price,
            "timestamp": now // 1_000_000,
        }

    def private(self, account: str, kind: str, frame: dict[str, Any]) -> None:
        for stream, line in self.living():
            wants = any(
                part.kind == kind and (not part.codes or frame.get("code") in part.codes) for part in line.parts
            )
            if line.account == account and wants:
                self._send(stream, line, kind, frame)

    def order(self, placed: Placed, state: str, trade: Execution | None) -> None:
        self.private(placed.account, "myOrder", rows.my_order(placed, state, trade, self._clock.now()))

    def assets(self, account: str, currencies: set[str], late_seconds: float = 0.0) -> None:
        now = self._clock.now() // 1_000_000
        listed = [
            {"currency": currency, "balance": rows.number(wallet.free), "locked": rows.number(wallet.locked)}
            for currency in sorted(currencies)
            if (wallet := self._exchange.wallet(account, currency)) is not None
        ]
        frame = {"type": "myAsset", "asset_uuid": rows.asset_uuid(account), "assets": listed}
        frame |= {"asset_timestamp": now, "timestamp": now, "stream_type": "REALTIME"}
        if late_seconds:
            asyncio.get_running_loop().call_later(late_seconds, self.private, account, "myAsset", frame)
        else:
            self.private(account, "myAsset", frame)


def _shortened(kind: str, frame: dict[str, Any]) -> dict[str, Any]:
    names = {**MORE_SHORT, **SHORT[kind.partition(".")[0]]}
    if kind in DATES:
        names["trade_date"] = DATES[kind]
    inner = {"orderbook_units": "unit", "assets": "asset"}
    return {
        names.get(key, key): [{SHORT[inner[key]][k]: v for k, v in row.items()} for row in value]
        if key in inner
        else value
        for key, value in frame.items()
    }
