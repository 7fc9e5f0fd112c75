"""May anything be sent at all: what is known, what is written, what the market and the account are doing."""

from __future__ import annotations

from math import inf

from core.domain.account import TradingState
from core.domain.ids import broker_of
from core.domain.market import NS, Freshness, Phase
from core.domain.order import TimeInForce
from core.trading.risk.question import Denial, Question


def known_instrument(q: Question) -> Denial | None:
    if q.instrument is None:
        return Denial("instrument", "a known instrument", q.request.instrument, "this instrument is not known here")
    if q.request.account not in q.state.accounts:
        return Denial("account", "a known account", q.request.account, "this account is not connected")
    return None


def journal_writable(q: Question) -> Denial | None:
    if q.journal_problem:
        return Denial("journal", "a writable journal", q.journal_problem, f"nothing is sent: {q.journal_problem}")
    return None


def disk_room(q: Question) -> Denial | None:
    if q.disk_problem:
        return Denial("disk", "", "", f"nothing is sent: {q.disk_problem}")
    return None


def trading_state(q: Question) -> Denial | None:
    state = q.state.trading_state(q.request.account)
    if state is TradingState.HALTED:
        return Denial("halted", "cancels only", "new order", "trading is HALTED; resume it first")
    if q.state.is_locked(q.request.account) and not q.is_reducing:
        limit, actual = "the account's name", "not typed yet"
        return Denial(
            "live lock", limit, actual, "real money is locked since the start: type :unlock and its name's end"
        )
    if state is TradingState.REDUCING and not q.is_reducing:
        return Denial("reducing", "orders that shrink a position", "more exposure", "trading is REDUCING only")
    if state is not TradingState.ACTIVE and q.is_automatic:
        return Denial("paused", "orders by hand", q.request.source, f"trading is {state.upper()}: no automatic orders")
    return None


def gate_open(q: Question) -> Denial | None:
    if q.is_held:
        return None
    gate = q.state.gates.get(q.request.account)
    if gate is None or not gate.is_open:
        why = gate.text if gate is not None and gate.text else "orders, fills and positions were not read yet"
        return Denial("gate", "an open gate", "closed", f"the account is not ready: {why}")
    return None


def session(q: Question) -> Denial | None:
    phase = q.state.phase(q.request.instrument)
    if q.is_held or phase is Phase.OPEN or phase in (Phase.VI, Phase.AUCTION):
        return None
    if phase is Phase.CLOSED and q.request.time_in_force in (TimeInForce.OPG, TimeInForce.EXT):
        return None  # meant for it; whether the venue takes them is a rule of its own
    actual = phase.value if phase is not None else "unknown"
    return Denial("session", "an open market", actual, f"the market is {actual}")


def feed_up(q: Question) -> Denial | None:
    if q.is_held:
        return None
    feed = q.state.feeds.get(broker_of(q.request.account))
    if feed is None or not feed.is_connected:
        actual = "unknown" if feed is None else feed.text or "down"
        return Denial("feed", "a line that is up", actual, "the line to the broker is not up")
    return None


def tradable(q: Question) -> Denial | None:
    if q.listed.is_tradable:
        return None
    return Denial("tradable", "an instrument that trades", "not tradable", "the venue takes no orders for it")


def clock_offset(q: Question) -> Denial | None:
    """A clock that jumped makes every age and every day wrong; a quote from the future says that ours is behind."""
    limit = q.limits.max_clock_offset_seconds
    if limit is None or q.is_reducing:
        return None
    ahead = (q.quote.ts - q.quote.received) / NS if q.quote is not None else 0.0
    offset = ahead if ahead > limit else q.clock_offset
    if not abs(offset) <= limit:
        return Denial("clock", f"{limit:g} s", f"{offset:.1f} s", "the clock is wrong or was just set")
    return None


def live_quote(q: Question) -> Denial | None:
    if q.is_reducing:
        return None
    if q.quote is None or q.quote.freshness is not Freshness.LIVE:
        actual = q.quote.freshness.value if q.quote is not None else "none"
        return Denial("live quote", "a live quote", actual, "there is no live quote of this instrument")
    if not all(0 <= side < inf for side in (q.quote.bid, q.quote.ask)):  # 0 is an empty side; NaN is nothing
        actual = f"{q.quote.bid:g} / {q.quote.ask:g}"
        return Denial("live quote", "a quote of numbers", actual, "there is no live quote of this instrument")
    return None


def stale_quote(q: Question) -> Denial | None:
    limit, quote = q.limits.max_quote_age_seconds, q.quote
    if limit is None or quote is None or q.is_reducing:
        return None
    age = (q.now - quote.received) / NS
    if age < -1:  # the clock was set back, whatever the market does
        return Denial("stale quote", f"{limit:g} s", f"{age:.1f} s", "the quote is newer than the clock")
    if q.state.phase(q.request.instrument) in (Phase.VI, Phase.AUCTION) or q.request.time_in_force is TimeInForce.OPG:
        return None  # an auction quotes nothing; the venue's own collar stands
    if age > limit:
        return Denial("stale quote", f"{limit:g} s", f"{age:.1f} s", "the quote is too old")
    return None
