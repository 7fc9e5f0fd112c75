"""Which instruments a line with few places carries: what is looked at, held or ordered goes first. Pure; whoever owns
the line subscribes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from core.domain.ids import InstrumentId
from core.trading.state import State
from core.trading.strategist import Strategist


def carried(
    state: State,
    strategist: Strategist,
    deep: Iterable[InstrumentId],
    looked_at: Iterable[InstrumentId],
    maximum: int | None,
) -> tuple[InstrumentId, ...]:
    """At most `maximum` instruments, most needed first; None is no limit."""
    wanted = dict.fromkeys(deep)
    wanted.update((place[1], None) for place, held in state.positions.items() if held.quantity)
    wanted.update((state.orders[id].instrument, None) for id in state.live)
    wanted.update((id, None) for slot in strategist.slots.values() for id in slot.instruments)
    wanted.update((alert.instrument, None) for alert in state.kept.alerts.values())
    wanted.update(dict.fromkeys(looked_at))
    wanted.update(dict.fromkeys(state.instruments))
    known = (id for id in wanted if id in state.instruments)
    return tuple(known if maximum is None else islice(known, maximum))
