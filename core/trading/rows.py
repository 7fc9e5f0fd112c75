"""One row of the view from State: pure functions, one per kind of row. A figure that rests on something unknown is
None; one that rests on something stale says so."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from core.domain.account import Position
from core.domain.decimals import ZERO, exact
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.market import NS, Freshness, Phase
from core.domain.order import Fill, Order, OrderStatus, Side
from core.trading import ledger
from core.trading.algos import tag
from core.trading.charts import ChartKey
from core.trading.engine import Engine
from core.trading.market import is_price
from core.trading.notes import FILL, ORDER
from core.trading.state import PositionKey, State
from core.trading.view import (
    ChartRow,
    FillRow,
    OrderRow,
    PnlRow,
    PositionRow,
    QuoteRow,
    chart_key,
)


def decimals_of(instrument: Instrument, price: float | Decimal | None) -> int:
    """Digits after the point that the tick at `price` needs."""
    at = price if isinstance(price, Decimal) else exact(price) if price is not None and is_price(price) else ZERO
    return instrument.ticks.digits(at)


def freshness(state: State, id: InstrumentId, now: int, limit: float | None) -> tuple[Freshness, int]:
    """How far the newest figure of an instrument may be trusted, and when it came (0: never)."""
    quote, trade = state.quotes.get(id), state.trades.get(id)
    received = max(quote.received if quote else 0, trade.received if trade else 0)
    if quote is not None and quote.freshness is not Freshness.LIVE:
        return quote.freshness, received
    feeds = state.feeds.values()
    if feeds and not any(feed.is_connected for feed in feeds):
        return Freshness.STALE, received
    if not received or (
        # Abs: after the clock was set back, what came before says nothing about now.
        limit is not None and abs(now - received) > limit * NS and state.phase(id) in (None, Phase.OPEN)
    ):
        return Freshness.STALE, received
    return Freshness.LIVE, received


def last_price(state: State, id: InstrumentId) -> float | None:
    """Of the newest print, else the mark; None where there is none, or none that is a price."""
    trade = state.trades.get(id)
    last = trade.price if trade is not None else state.mark_float(id)
    return last if last is not None and is_price(last) else None


def quote_row(
    state: State, id: InstrumentId, place: int, now: int, limit: float | None, spark: tuple[float, ...] = ()
) -> QuoteRow:
    instrument = state.instruments[id]
    quote = state.quotes.get(id)
    last = last_price(state, id)
    state_of, received = freshness(state, id, now, limit)
    close = instrument.previous_close
    return QuoteRow(
        key=id,
        instrument=id,
        code=instrument.code,
        name=instrument.name,
        name_ko=instrument.name_ko,
        kind=instrument.kind,
        currency=instrument.currency,
        decimals=decimals_of(instrument, last),
        last=last,
        previous_close=float(close) if close is not None else None,
        bid=quote.bid if quote and is_price(quote.bid) else None,
        bid_size=quote.bid_size if quote else None,
        ask=quote.ask if quote and is_price(quote.ask) else None,
        ask_size=quote.ask_size if quote else None,
        volume=tally.volume if (tally := state.tallies.get(id)) is not None else 0.0,
        received=received,
        freshness=state_of,
        phase=state.phase(id) or Phase.CLOSED,
        position=place,
        spark=spark,
    )


def chart_row(engine: Engine, key: ChartKey, now: int, limit: float | None) -> ChartRow:
    state = engine.state
    id, interval = key
    instrument = state.instruments[id]
    last = last_price(state, id)
    state_of, received = freshness(state, id, now, limit)
    close = instrument.previous_close
    return ChartRow(
        key=chart_key(id, interval),
        instrument=id,
        interval=interval,
        code=instrument.code,
        name=instrument.name,
        name_ko=instrument.name_ko,
        currency=instrument.currency,
        decimals=decimals_of(instrument, last),
        tick=float(instrument.ticks.step(exact(last) if last is not None else close or ZERO)),
        bars=engine.charts.bars(key),
        last=last,
        previous_close=float(close) if close is not None else None,
        received=received,
        freshness=state_of,
        phase=state.phase(id) or Phase.CLOSED,
    )


def position_row(state: State, place: PositionKey, now: int, limit: float | None) -> PositionRow | None:
    """None for a position that is flat and did nothing today."""
    account, id = place
    position, instrument = state.positions[place], state.instruments.get(id)
    if instrument is None or not (position.quantity or position.day_cash or position.day_quantity):
        return None
    mark = state.mark(id)
    open_profit = ledger.unrealised(position, mark, instrument.multiplier)
    state_of, _ = freshness(state, id, now, limit)
    stops, profits = protection(state, place)
    nearest = max if position.quantity > 0 else min
    stop = nearest(stops, key=lambda found: found[0]) if stops else None
    covered = sum((quantity for _, _, quantity in stops), ZERO)
    sources = [s for (s, a, i), p in state.strategy_positions.items() if (a, i) == place and p.quantity]
    return PositionRow(
        key=f"{account}|{id}",
        account=account,
        instrument=id,
        code=instrument.code,
        name=instrument.name,
        name_ko=instrument.name_ko,
        currency=instrument.currency,
        decimals=decimals_of(instrument, mark),
        quantity=position.quantity,
        average_price=ledger.average_price(position, instrument.multiplier),
        last=mark,
        unrealised=open_profit,
        unrealised_fraction=float(open_profit / abs(position.cost))
        if open_profit is not None and position.cost
        else None,
        day=ledger.day_profit(position, mark, instrument.multiplier),
        realised=position.realised,
        costs=position.fees + position.taxes,
        is_estimated=state_of is not Freshness.LIVE,
        stop=stop[0] if stop is not None else None,
        source=sources[0] if len(sources) == 1 else "mixed" if sources else "",
        take_profit=(min if position.quantity > 0 else max)(profits) if profits else None,
        stop_is_local=stop is not None and stop[1],
        stop_quantity=min(covered, abs(position.quantity)),
    )


def waits_for_entry(state: State, order: Order) -> bool:
    """A leg that protects nothing yet: nothing of its entry was filled."""
    parent = order.request.parent
    entry = state.orders.get(parent) if parent is not None else None
    return entry is not None and not entry.request.reduce_only and not entry.filled


def protection(state: State, place: PositionKey) -> tuple[list[tuple[Decimal, bool, Decimal]], list[Decimal]]:
    """What protects a position now: (stop prices, each with whether it is only watched here and for how much;
    take-profit prices)."""
    stops: list[tuple[Decimal, bool, Decimal]] = []
    profits: list[Decimal] = []
    held = state.position(*place).quantity
    for order in state.live_orders(*place):
        request = order.request
        if not held or (held > 0) is not (order.side is Side.SELL):
            continue
        if waits_for_entry(state, order) or request.is_sliced:
            continue
        price = order.stop_price
        if price is None and request.trail is not None and (mark := state.mark(place[1])) is not None:
            price = mark - request.trail * order.side.other.sign  # where it stands at the furthest
        if price is not None:
            stops.append((price, order.status is OrderStatus.HELD, order.remaining))
        elif request.reduce_only and order.limit_price is not None:
            profits.append(order.limit_price)
    return stops, profits


def shown_orders(state: State, ended: int) -> list[Order]:
    """Working orders, UNKNOWN first, newest first; then the newest that ended."""
    live = sorted(state.live_orders(), key=lambda o: (o.status is not OrderStatus.UNKNOWN, -o.created, o.id))
    done: list[Order] = []
    for order in reversed(state.orders.values()):
        if order.status.is_end:
            done.append(order)
            if len(done) == ended:
                break
    return live + done


def order_row(state: State, order: Order) -> OrderRow:
    instrument = state.instruments.get(order.instrument)
    request, wish = order.request, order.requested
    price = order.limit_price or order.stop_price
    at = price if price is not None else state.mark(order.instrument)
    return OrderRow(
        key=order.id,
        id=order.id,
        account=order.account,
        instrument=order.instrument,
        code=instrument.code if instrument else order.instrument.partition(":")[2],
        name=instrument.name if instrument else "",
        name_ko=instrument.name_ko if instrument else "",
        currency=instrument.currency if instrument else state.base_currency,
        decimals=decimals_of(instrument, at) if instrument else 0,
        side=order.side,
        quantity=order.quantity,
        type=request.type,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trail=request.trail,
        time_in_force=request.time_in_force,
        reduce_only=request.reduce_only,
        status=order.status,
        filled=order.filled,
        average_price=order.average_price,
        distance_ticks=distance(state, instrument, order.side, price)
        if instrument and not order.status.is_end
        else None,
        requested=wish.kind if wish else None,
        requested_phase=wish.phase if wish else None,
        reason=order.reason or (wish.text if wish and wish.phase.value == "refused" else "") or order.stopped,
        source=request.source,
        created=order.created,
        updated=order.updated,
        note=state.kept.notes.get(f"{ORDER}{order.id}", ""),
        parent=request.parent,
        stop_loss=request.stop_loss,
        take_profit=request.take_profit,
        is_local=order.status is OrderStatus.HELD,
        algo=tag(state, order),
        slice_of=request.slice_of,
    )


def distance(state: State, instrument: Instrument, side: Side, price: Decimal | None) -> int | None:
    """Ticks from the touch on the order's own side to `price`; negative is away from the market."""
    quote = state.quotes.get(instrument.id)
    touch = 0.0 if quote is None else (quote.bid if side is Side.BUY else quote.ask)
    if price is None or not is_price(touch):
        return None
    reference = exact(touch)
    step = instrument.ticks.step(min(price, reference))
    return int((price - reference) / step) * side.sign


def fill_row(state: State, fill: Fill) -> FillRow:
    instrument = state.instruments.get(fill.instrument)
    return FillRow(
        key=fill.fill_id,
        client_order_id=fill.client_order_id,
        account=fill.account,
        instrument=fill.instrument,
        code=instrument.code if instrument else fill.instrument.partition(":")[2],
        name=instrument.name if instrument else "",
        name_ko=instrument.name_ko if instrument else "",
        currency=fill.currency,
        decimals=decimals_of(instrument, fill.price) if instrument else 0,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        tax=fill.tax,
        liquidity=fill.liquidity,
        source=fill.source,
        ts=fill.ts,
        note=state.kept.notes.get(f"{FILL}{fill.fill_id}", ""),
    )


class Figures(NamedTuple):
    """P&L of some set of positions, in base currency. None: a price or a rate is missing."""

    day: Decimal | None
    realised: Decimal | None
    unrealised: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    value: Decimal | None
    """What the positions are worth, shorts taken off."""
    gross: Decimal | None
    """The same with shorts counted like longs."""
    is_estimated: bool


class Totals(NamedTuple):
    figures: Figures
    equity: Decimal | None
    cash: Decimal | None


def total_of(parts: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def figures(
    state: State, held: Iterable[tuple[InstrumentId, Position]], now: int, limit: float | None, *, in_base: bool = True
) -> Figures:
    """Sums over positions, converted to the base currency unless they all share one."""
    columns: list[tuple[Decimal | None, ...]] = []
    estimated = False
    for id, position in held:
        instrument = state.instruments.get(id)
        if instrument is None:
            columns.append((None,) * 7)
            continue
        mark, times = state.mark(id), instrument.multiplier
        if position.quantity:
            estimated |= freshness(state, id, now, limit)[0] is not Freshness.LIVE
        value = ZERO if not position.quantity else None if mark is None else position.quantity * mark * times
        parts: tuple[Decimal | None, ...] = (
            ledger.day_profit(position, mark, times),
            position.realised,
            ledger.unrealised(position, mark, times),
            position.fees,
            position.taxes,
            value,
            abs(value) if value is not None else None,
        )
        columns.append(tuple(state.to_base(p, instrument.currency) for p in parts) if in_base else parts)
    sums = [total_of(column[n] for column in columns) for n in range(7)]
    day, realised, open_profit, fees, taxes, total, gross = sums
    return Figures(day, realised, open_profit, fees, taxes, total, gross, estimated)


def share(part: Decimal | None, whole: Decimal | None) -> float | None:
    """A fraction; None where either is unknown or there is nothing to be a part of."""
    return float(part / whole) if part is not None and whole is not None and whole > 0 else None


def totals(state: State, now: int, limit: float | None, account: str | None = None) -> Totals:
    """All accounts, or one: P&L, cash and equity in base currency."""
    held = [(i, p) for (a, i), p in state.positions.items() if account is None or a == account]
    sums = figures(state, held, now, limit)
    cash = total_of(
        state.to_base(balance.total, currency)
        for (a, currency), balance in state.balances.items()
        if account is None or a == account
    )
    equity = None if cash is None or sums.value is None else cash + sums.value
    return Totals(sums, equity, cash)


def pnl_rows(
    state: State, all_accounts: Totals, now: int, limit: float | None, curve: tuple[float, ...]
) -> list[PnlRow]:
    base = state.base_currency
    found = [_pnl("total", "total", base, all_accounts.figures, all_accounts.equity, curve)]
    for account in state.accounts:
        own = totals(state, now, limit, account)
        found.append(_pnl("account", account, base, own.figures, own.equity))
    by_currency: dict[str, list[tuple[InstrumentId, Position]]] = {}
    for (_, id), position in state.positions.items():
        if id in state.instruments:
            by_currency.setdefault(state.instruments[id].currency, []).append((id, position))
    for currency, held in by_currency.items():
        own_currency = state.instruments[held[0][0]].currency
        found.append(_pnl("currency", currency, own_currency, figures(state, held, now, limit, in_base=False), None))
    by_strategy: dict[str, list[tuple[InstrumentId, Position]]] = {}
    for (source, _, id), position in state.strategy_positions.items():
        by_strategy.setdefault(source, []).append((id, position))
    for source, held in by_strategy.items():
        found.append(_pnl("strategy", source, base, figures(state, held, now, limit), None))
    for (_, id), position in state.positions.items():
        if id in state.instruments:
            own_figures = figures(state, [(id, position)], now, limit, in_base=False)
            found.append(_pnl("instrument", id, state.instruments[id].currency, own_figures, None))
    return found


def _pnl(
    scope: str, name: str, currency: str, sums: Figures, equity: Decimal | None, curve: tuple[float, ...] = ()
) -> PnlRow:
    return PnlRow(
        key=f"{scope}:{name}",
        scope=scope,
        name=name,
        currency=currency,  # type: ignore[arg-type]
        day=sums.day,
        realised=sums.realised,
        unrealised=sums.unrealised,
        fees=sums.fees,
        taxes=sums.taxes,
        equity=equity,
        is_estimated=sums.is_estimated,
        curve=curve,
    )
