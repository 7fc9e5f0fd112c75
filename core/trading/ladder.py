"""The row a ladder is drawn from: the book as far as it is one, our orders at their prices with what waits before them,
and what is known of the day. Pure functions of the engine's state."""

from __future__ import annotations

from decimal import Decimal

from core.domain.ids import InstrumentId, broker_of
from core.domain.instrument import Instrument
from core.domain.market import Phase
from core.domain.order import Order, OrderStatus, Side
from core.trading.engine import Engine
from core.trading.market import is_price
from core.trading.rows import decimals_of, freshness, last_price, waits_for_entry
from core.trading.state import State
from core.trading.view import BookRow, DayFacts, MarkKind, OwnMark

LEVELS = 10
"""Levels a side that faces are shown."""


def book_row(engine: Engine, id: InstrumentId, now: int, limit: float | None) -> BookRow:
    state = engine.state
    instrument = state.instruments[id]
    book, quote = state.books.get(id), state.quotes.get(id)
    if book is not None:
        bids, asks = _real(book.bids), _real(book.asks)
    elif quote is not None:
        bids, asks = _real(((quote.bid, quote.bid_size),)), _real(((quote.ask, quote.ask_size),))
    else:
        bids = asks = ()
    last = last_price(state, id)
    state_of, received = freshness(state, id, now, limit)
    close = instrument.previous_close
    return BookRow(
        key=id,
        instrument=id,
        code=instrument.code,
        name=instrument.name,
        name_ko=instrument.name_ko,
        decimals=decimals_of(instrument, last),
        bids=bids,
        asks=asks,
        last=last,
        previous_close=float(close) if close is not None else None,
        received=received,
        freshness=state_of,
        phase=state.phase(id) or Phase.CLOSED,
        prints=tuple((t.ts, t.price, t.size, t.aggressor) for t in engine.prints(id)),
        own=tuple(
            own_mark(engine, order, price)
            for order in state.live_orders(None, id)
            if (price := order.stop_price or order.limit_price) is not None
            and not (waits_for_entry(state, order) or order.request.is_sliced)  # of slices, those stand that left
        ),
        day=day_facts(state, instrument),
        is_conflated=engine.is_conflated,
    )


def _real(levels: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """The levels a ladder can show: what is no price, or holds nothing, is none."""
    return tuple(level for level in levels[:LEVELS] if is_price(level[0]) and 0 < level[1] < 1e18)


def own_mark(engine: Engine, order: Order, price: Decimal) -> OwnMark:
    request = order.request
    if order.stop_price is not None:
        held = engine.state.position(order.account, order.instrument).quantity
        shrinks = request.reduce_only or (held != 0 and (held > 0) is (order.side is Side.SELL))
        kind = MarkKind.STOP if shrinks else MarkKind.ENTRY_STOP
    else:
        is_leg = request.parent is not None or order.status is OrderStatus.HELD
        kind = MarkKind.TAKE_PROFIT if is_leg else MarkKind.LIMIT
    return OwnMark(
        id=order.id,
        kind=kind,
        side=order.side,
        price=price,
        remaining=order.remaining,
        ahead=engine.queues.ahead(order),
        lives="local" if order.status is OrderStatus.HELD else broker_of(order.account),
    )


def day_facts(state: State, instrument: Instrument) -> DayFacts:
    tally = state.tallies.get(instrument.id)
    lower, upper = instrument.price_limits or (None, None)
    seen = tally is not None and tally.open > 0
    return DayFacts(
        open=tally.open if tally and seen else None,
        high=tally.high if tally and seen else None,
        low=tally.low if tally and seen else None,
        vwap=tally.average if tally else None,
        volume=tally.volume if tally else 0.0,
        is_partial=tally is None or not tally.is_whole,
        upper=upper,
        lower=lower,
        vi_upper=instrument.vi_upper,
        vi_lower=instrument.vi_lower,
    )
