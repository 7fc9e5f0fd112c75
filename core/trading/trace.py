"""Why a strategy trades or does not: the conditions on the way from a bar to an order, in the order in which they are
asked, the first that fails marked. Pure: it reads what strategist, gate and orders keep anyway, when somebody looks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.domain.events import StrategyStatus
from core.domain.ids import InstrumentId
from core.domain.market import NS, Freshness, Phase
from core.domain.order import OrderStatus
from core.domain.signal import Step
from core.trading.rows import decimals_of, freshness
from core.trading.state import State
from core.trading.strategist import REFUSED_AGAIN_NS, Pursuit, Slot
from core.trading.view import TraceRow

OPEN = frozenset({Phase.OPEN, Phase.VI, Phase.AUCTION})
AT_TARGET = "at target"
_STAGES = ("paused", "size", "trading")


def trace_rows(state: State, slot: Slot, now: int, limit: float | None) -> list[TraceRow]:
    """One row an instrument of the strategy."""
    found = []
    for id in slot.instruments:
        instrument = state.instruments.get(id)
        if instrument is None:
            continue
        bar, wanted = slot.last.get(id), slot.wanted.get(id)
        found.append(
            TraceRow(
                key=f"{slot.name}|{id}",
                strategy=slot.name,
                instrument=id,
                code=instrument.code,
                name=instrument.name,
                name_ko=instrument.name_ko,
                decimals=decimals_of(instrument, bar.close if bar is not None else None),
                bar=bar,
                steps=tuple(_first_failure(_steps(state, slot, id, now, limit))),
                signal=slot.strategy.signal,
                position=state.strategy_position(slot.name, slot.account, id).quantity,
                target=None if wanted is None else wanted.target,
                next_bar=slot.next_bar(now),
            )
        )
    return found


def gate_of(state: State, slot: Slot, now: int, limit: float | None) -> str:
    """Why an order of a running strategy would not leave now; empty when nothing is known against it."""
    if slot.status is not StrategyStatus.RUNNING:
        return ""
    trading = state.trading_state(slot.account)
    if trading.severity:
        return f"trading {trading.upper()}"
    phases = [state.phase(id) for id in slot.instruments]
    if phases and not any(phase in OPEN for phase in phases):
        return f"market {phases[0].value}" if phases[0] is not None else "market unknown"
    for id, phase in zip(slot.instruments, phases, strict=True):
        if phase in OPEN and freshness(state, id, now, limit)[0] is not Freshness.LIVE:
            return "stale quote"
    return ""


def _first_failure(steps: Iterable[Step]) -> Iterable[Step]:
    """What comes after the first that failed was not reached; its figures, where there are any, stay."""
    failed = False
    for step in steps:
        yield msgspec.structs.replace(step, passed=None) if failed else step
        failed |= step.passed is False


def _steps(state: State, slot: Slot, id: InstrumentId, now: int, limit: float | None) -> list[Step]:
    steps = [_running(slot), _market(state, id), _quote(state, id, now, limit), _bar(slot, id)]
    pursuit = slot.pursuits.get(id)
    wish = slot.wanted.get(id)
    is_done = pursuit is None or (pursuit.stage == "size" and pursuit.text == AT_TARGET)
    if wish is None or is_done:
        if wish is not None:
            steps.append(Step(name="target", value=wish.target, text="reached", passed=True))
        steps += slot.strategy.trace(id)
        if wish is not None:
            pursuit = None  # what became of the wish before says nothing about the next
    else:
        steps.append(Step(name="signal", value=wish.target, text=wish.reason, passed=True))
    return [*steps, *_gates(state, pursuit, now)]


def _running(slot: Slot) -> Step:
    is_heard = slot.status in (StrategyStatus.RUNNING, StrategyStatus.PAUSED)
    return Step(name="running", text="" if is_heard else slot.status.value, passed=is_heard)


def _market(state: State, id: InstrumentId) -> Step:
    phase = state.phase(id)
    if phase in OPEN:
        return Step(name="market", passed=True)
    return Step(name="market", text=phase.value if phase is not None else "unknown", passed=False)


def _quote(state: State, id: InstrumentId, now: int, limit: float | None) -> Step:
    found, received = freshness(state, id, now, limit)
    if found is Freshness.LIVE:  # its age would be news every second
        return Step(name="quote", passed=True)
    age = round((now - received) / NS, 1) if received else None
    return Step(name="quote", text=found.value, value=age, relation="<", limit=limit, unit="s", passed=False)


def _bar(slot: Slot, id: InstrumentId) -> Step:
    bar = slot.last.get(id)
    if bar is None:
        return Step(name="bar", text="none closed yet", passed=False)
    return Step(name="bar", value=(bar.ts + bar.interval.ns) / NS, unit="time", passed=True)


def _gates(state: State, pursuit: Pursuit | None, now: int) -> list[Step]:
    """What sizing and the one gate did with the wish, as far as it came."""
    if pursuit is None:
        return [Step(name=name) for name in ("not paused", "size", "trading", "risk", "order")]
    names = {"paused": "not paused"}
    found = []
    at = len(_STAGES) if pursuit.stage == "order" else _STAGES.index(pursuit.stage)
    for place, stage in enumerate(_STAGES):
        passed = place < at
        found.append(
            Step(
                name=names.get(stage, stage),
                passed=passed if place <= at else None,
                text=pursuit.text if place == at else "",
            )
        )
    return [*found, *_order(state, pursuit, now)]


def _order(state: State, pursuit: Pursuit, now: int) -> list[Step]:
    order = state.orders.get(pursuit.order) if pursuit.order is not None else None
    if order is None:
        return [Step(name="risk"), Step(name="order")]
    is_denied, is_rejected = order.status is OrderStatus.DENIED, order.status is OrderStatus.REJECTED
    waits = max(REFUSED_AGAIN_NS - (now - pursuit.at), 0) // NS if is_denied or is_rejected else 0
    again = f"; asked again in {waits} s at the earliest" if waits else ""
    risk = Step(name="risk", text=order.reason + again if is_denied else "", passed=not is_denied)
    text = f"{order.side.upper()} {order.quantity} {order.status.value}"
    text += f": {order.reason}{again}" if is_rejected else ""
    return [risk, Step(name="order", text=text, passed=not is_rejected)]
