"""Frames of Upbit's streams as messages: DEFAULT names or the short ones of SIMPLE, text or binary, alone or in the
arrays of the LIST formats. What cannot be read is a BadMessage, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union, cast

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
    renamed: dict[str, str] = {}
    for field in msgspec.structs.fields(kind):
        renamed[field.name] = names.get(field.encode_name, field.encode_name)
        type_ = types.get(field.name, field.type)
        has_default = field.default is not msgspec.NODEFAULT
        fields.append((field.name, type_, field.default) if has_default else (field.name, type_))
    tag = kind.__struct_config__.tag  # type: ignore[attr-defined]
    return msgspec.defstruct(
        f"Short{kind.__name__}",
        fields,
        bases=(kind,),
        rename=renamed,
        tag=tag,
        tag_field=None if tag is None else "ty",
        frozen=True,
        kw_only=True,
        gc=False,
    )


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
_SHORT_UNIT = _short(Unit, SHORT["unit"])
_SHORT_ASSET = _short(Asset, SHORT["asset"])
_SHORT_KINDS: dict[str, type] = {
    "ticker": _short(TickerState, SHORT["ticker"]),
    "trade": _short(Trade, SHORT["trade"]),
    "orderbook": _short(OrderBook, SHORT["orderbook"], orderbook_units=list[_SHORT_UNIT]),  # type: ignore[valid-type]
    "myOrder": _short(MyOrder, SHORT["myOrder"]),
    "myAsset": _short(MyAsset, SHORT["myAsset"], assets=list[_SHORT_ASSET]),  # type: ignore[valid-type]
}
_SHORT_CANDLE = _short(Candle, SHORT["candle"])
_DEFAULT = {name: _decoder(kind) for name, kind in _KINDS.items()} | dict.fromkeys(_CANDLES, _decoder(Candle))
_SIMPLE = {name: _decoder(kind) for name, kind in _SHORT_KINDS.items()}
_SIMPLE |= dict.fromkeys(_CANDLES, _decoder(_SHORT_CANDLE))
AT_ONCE: dict[str, Callable[[bytes | str], Message]] = {
    name: _decoder(Union[tuple(kinds.values())]).decode  # noqa: UP007
    for name, kinds in (("DEFAULT", _KINDS), ("SIMPLE", _SHORT_KINDS))
}
"""By format: reads what a line nearly always carries in one pass. What it does not take (UNREADABLE) is for
`read_frame` to judge: a candle, a status, another format, or nothing that can be read."""
SECOND = {"DEFAULT": slice(10, 11), "SIMPLE": slice(8, 9)}
"""By format: where the second letter of the type stands. That of `ticker` is an i, and of no other type."""
PLAIN: dict[type, type] = {kind: kind for kind in (*_KINDS.values(), Candle, Status, Failure, Subscriptions)}
"""Every class that a message may have -> the one of `wire`: a look-up, where `isinstance` asks a metaclass."""
PLAIN |= {short: _KINDS[name] for name, short in _SHORT_KINDS.items()} | {_SHORT_CANDLE: Candle}
_WHOLE_TICKER = (_decoder(Ticker), _decoder(_short(Ticker, SHORT["ticker"])))
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


UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def read_frame(data: bytes | str) -> Message:
    """One frame, text or binary, DEFAULT or SIMPLE. Raises BadMessage."""
    try:
        return _read(data)
    except UNREADABLE as error:
        raise BadMessage(NAME, f"upbit sent what cannot be read: {clean(str(error), 120)}") from error


def read_frames(data: bytes | str) -> list[Message]:
    """The same where the LIST formats put frames into an array."""
    if data[:1] not in (b"[", "["):
        return [read_frame(data)]
    try:
        rows = msgspec.json.decode(data, type=list[msgspec.Raw])
    except UNREADABLE as error:
        raise BadMessage(NAME, f"upbit sent what cannot be read: {clean(str(error), 120)}") from error
    return [read_frame(bytes(raw)) for raw in rows]


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
    return cast(Message, decoder.decode(data))


_NEWS = frozenset(('{"statu', '{"error', '{"metho', '{"mthd"'))
_NEWS_BYTES = frozenset(start.encode() for start in _NEWS)


def is_data(data: bytes | str) -> bool:
    """Is it market data or news of our own, and not only a heartbeat? Looks at the first bytes alone."""
    return data[:7] not in (_NEWS if isinstance(data, str) else _NEWS_BYTES)
