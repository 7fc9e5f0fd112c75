"""Frames of Upbit's streams as messages: DEFAULT names or the short ones of SIMPLE, text or binary, alone or in the
arrays of the LIST formats. What cannot be read is a BadMessage, whatever it is."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from brokers.upbit.wire import (
    NAME,
    Asset,
    Candle,
    Failure,
    Listed,
    Message,
    MyAsset,
    MyOrder,
    OrderBook,
    Status,
    Subscriptions,
    Ticker,
    TickerState,
    Trade,
    Unit,
)
from core.domain.errors import BadMessage
from core.domain.text import clean

FRAME_CAP = 1 << 20
"""No frame of this venue is nearly as long."""


def _names(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


SHORT = {
    "ticker": _names(
        """type=ty code=cd opening_price=op high_price=hp low_price=lp trade_price=tp prev_closing_price=pcp change=c
        signed_change_price=scp signed_change_rate=scr trade_volume=tv acc_trade_volume=atv acc_trade_volume_24h=atv24h
        acc_trade_price=atp acc_trade_price_24h=atp24h trade_timestamp=ttms ask_bid=ab highest_52_week_price=h52wp
        highest_52_week_date=h52wdt lowest_52_week_price=l52wp lowest_52_week_date=l52wdt market_state=ms
        is_trading_suspended=its delisting_date=dd market_warning=mw timestamp=tms stream_type=st"""
    ),
    "trade": _names(
        """type=ty code=cd trade_price=tp trade_volume=tv ask_bid=ab prev_closing_price=pcp trade_timestamp=ttms
        timestamp=tms sequential_id=sid best_ask_price=bap best_ask_size=bas best_bid_price=bbp best_bid_size=bbs
        stream_type=st"""
    ),
    "orderbook": _names(
        """type=ty code=cd total_ask_size=tas total_bid_size=tbs orderbook_units=obu timestamp=tms level=lv
        stream_type=st"""
    ),
    "unit": _names("ask_price=ap bid_price=bp ask_size=as bid_size=bs"),
    "candle": _names(
        """type=ty code=cd candle_date_time_utc=cdttmu candle_date_time_kst=cdttmk opening_price=op high_price=hp
        low_price=lp trade_price=tp candle_acc_trade_volume=catv candle_acc_trade_price=catp timestamp=tms
        stream_type=st"""
    ),
    "myOrder": _names(
        """type=ty code=cd uuid=uid ask_bid=ab order_type=ot state=s trade_uuid=tuid price=p avg_price=ap volume=v
        remaining_volume=rv executed_volume=ev trades_count=tc reserved_fee=rsf remaining_fee=rmf paid_fee=pf locked=l
        executed_funds=ef time_in_force=tif trade_fee=tf is_maker=im identifier=id smp_type=smpt prevented_volume=pv
        prevented_locked=pl trade_timestamp=ttms order_timestamp=otms timestamp=tms stream_type=st"""
    ),
    "myAsset": _names(
        "type=ty asset_uuid=astuid assets=ast asset_timestamp=asttms timestamp=tms stream_type=st",
    ),
    "asset": _names("currency=cu balance=b locked=l"),
    "list": _names("method=mthd result=rslt ticket=tckt"),
    "listed": _names("type=ty codes=cds level=lv"),
}
"""Long field name to short, by kind of message."""


def _short(kind: type, names: dict[str, str], **types: Any) -> Any:
    """The same struct under the short names of SIMPLE."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        type_ = types.get(field.name, field.type)
        has_default = field.default is not msgspec.NODEFAULT
        fields.append((field.name, type_, field.default) if has_default else (field.name, type_))
    name = f"Short{kind.__name__}"
    return msgspec.defstruct(name, fields, bases=(kind,), rename=names, frozen=True, kw_only=True, gc=False)


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, strict=False)


_KINDS: dict[str, type] = {
    "ticker": TickerState,
    "trade": Trade,
    "orderbook": OrderBook,
    "myOrder": MyOrder,
    "myAsset": MyAsset,
}
_CANDLES = tuple(f"candle.{unit}" for unit in ("1s", "1m", "3m", "5m", "10m", "15m", "30m", "60m", "240m"))
CANDLE_TYPES = frozenset(_CANDLES)
_DEFAULT = {name: _decoder(kind) for name, kind in _KINDS.items()} | dict.fromkeys(_CANDLES, _decoder(Candle))
_SHORT_UNIT = _short(Unit, SHORT["unit"])
_SHORT_ASSET = _short(Asset, SHORT["asset"])
_SIMPLE = {
    "ticker": _decoder(_short(TickerState, SHORT["ticker"])),
    "trade": _decoder(_short(Trade, SHORT["trade"])),
    "orderbook": _decoder(_short(OrderBook, SHORT["orderbook"], orderbook_units=list[_SHORT_UNIT])),  # type: ignore[valid-type]
    "myOrder": _decoder(_short(MyOrder, SHORT["myOrder"])),
    "myAsset": _decoder(_short(MyAsset, SHORT["myAsset"], assets=list[_SHORT_ASSET])),  # type: ignore[valid-type]
} | dict.fromkeys(_CANDLES, _decoder(_short(Candle, SHORT["candle"])))
_WHOLE_TICKER = (_decoder(Ticker), _decoder(_short(Ticker, SHORT["ticker"])))
_BEGINNING = 20
_MOST = 64
_KNOWN: dict[bytes | str, msgspec.json.Decoder[Any]] = {}
"""Beginnings of frames that name their kind in full, learned as they come: such a frame is not looked at twice."""
_SHORT_LISTED = _short(Listed, SHORT["listed"])
_LISTING = _decoder(Subscriptions)
_SHORT_LISTING = _decoder(_short(Subscriptions, SHORT["list"], result=list[_SHORT_LISTED]))  # type: ignore[valid-type]


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What tells the kind of a frame."""

    type: str = ""
    ty: str = ""
    status: str = ""
    method: str = ""
    mthd: str = ""
    error: msgspec.Raw = msgspec.Raw()


_HEAD = msgspec.json.Decoder(_Head, strict=False)
_FAILURE = _decoder(Failure)


def read_frame(data: bytes | str) -> Message:
    """One frame, text or binary, DEFAULT or SIMPLE. Raises BadMessage."""
    try:
        decoder = _KNOWN.get(data[:_BEGINNING])
        if decoder is not None and len(data) <= FRAME_CAP:
            return decoder.decode(data)  # type: ignore[no-any-return]
        return _read(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadMessage(NAME, f"upbit sent what cannot be read: {clean(str(error), 120)}") from error


def read_frames(data: bytes | str) -> list[Message]:
    """The same where the LIST formats put frames into an array."""
    try:
        if data[:1] not in (b"[", "["):
            return [_read(data)]
        return [_read(bytes(raw)) for raw in msgspec.json.decode(data, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadMessage(NAME, f"upbit sent what cannot be read: {clean(str(error), 120)}") from error


def read_ticker(data: bytes | str) -> Ticker:
    """A ticker with all it says, where `read_frame` reads what changes an instrument alone. Raises BadMessage."""
    try:
        return cast(Ticker, _WHOLE_TICKER[not _HEAD.decode(data).type].decode(data))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadMessage(NAME, f"upbit sent what cannot be read: {clean(str(error), 120)}") from error


def _read(data: bytes | str) -> Message:
    if len(data) > FRAME_CAP:
        raise ValueError("a frame without end")
    head = _HEAD.decode(data)
    if head.type:
        decoder = _DEFAULT.get(head.type)
    elif head.ty:
        decoder = _SIMPLE.get(head.ty)
    elif head.error:
        decoder = _FAILURE
    elif head.status:
        return Status(head.status)
    else:
        decoder = _LISTING if head.method else _SHORT_LISTING if head.mthd else None
    if decoder is None:
        raise ValueError(f"a frame of unknown type {(head.type or head.ty)[:20]!r}")
    message = cast(Message, decoder.decode(data))
    _learn(data[:_BEGINNING], head, decoder)
    return message


def _learn(beginning: bytes | str, head: _Head, decoder: msgspec.json.Decoder[Any]) -> None:
    named = f'{{"type":"{head.type}"' if head.type else f'{{"ty":"{head.ty}"' if head.ty else ""
    text = beginning if isinstance(beginning, str) else beginning.decode("latin-1")
    if named and text.startswith(named) and len(_KNOWN) < _MOST:
        _KNOWN[beginning] = decoder


def is_data(data: bytes | str) -> bool:
    """Is it market data or news of our own, and not only a heartbeat? Looks at the first bytes alone."""
    start = data[:10] if isinstance(data, str) else data[:10].decode("latin-1")
    return not start.startswith(('{"status', '{"error', '{"method', '{"mthd'))
