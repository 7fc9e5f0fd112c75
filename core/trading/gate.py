"""What stands before every order, whoever asks: the limits in force, the costs to reckon with, and whether the journal
can be written. It asks the rules (risk/); it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.domain.events import (
    OrderDenied,
)
from core.domain.ids import broker_of
from core.domain.limits import RiskLimits
from core.domain.order import (
    OrderRequest,
)
from core.trading import risk
from core.trading.risk import Costs, Denial, Question
from core.trading.state import State
from core.trading.strategist import Strategist

if TYPE_CHECKING:
    from core.ports import Capabilities


class Gate:
    """`limits`, `costs` and `journal_problem` are read at every order."""

    def __init__(self, state: State, strategist: Strategist, limits: RiskLimits, costs: Costs) -> None:
        self.state = state
        self.strategist = strategist
        self.limits = limits
        self.costs = costs
        self.venues: dict[str, Capabilities] = {}
        """What each broker can do; of one that is not named everything is believed."""
        self.laned: frozenset[str] = frozenset()
        """Brokers that keep no ids of ours: one order at a time is on its way there, per instrument and side."""
        self.journal_problem = ""
        """Why the journal cannot be written; empty while it can. Set by the runner."""
        self.disk_problem = ""
        """Why the disk is too full; empty while it is not. Set by the runner."""
        self.ending = ""
        """Why nothing is taken any more, though what was taken still leaves; else empty. Set by the runner."""
        self.clock_offset = 0.0
        """Seconds by which the wall clock jumped within the last minute. Set by the runner."""

    @property
    def problem(self) -> str:
        """What keeps every new order in, whatever the account; empty when nothing does."""
        return self.journal_problem or self.disk_problem

    def question(self, request: OrderRequest, now: int, *, is_algo: bool = False, **more: Any) -> Question:
        """`is_algo`: it is an algo's own step, whoever sent the order."""
        return Question(
            request=request,
            state=self.state,
            limits=self.limits,
            now=now,
            # A leg was decided on with its entry: whoever paused the strategy since still wants the stop.
            is_automatic=is_algo
            or request.slice_of is not None
            or (request.source in self.strategist.slots and request.parent is None),
            journal_problem=self.journal_problem or ("" if more.get("is_last_look") else self.ending),
            disk_problem=self.disk_problem,
            clock_offset=self.clock_offset,
            costs=self.costs,
            venue=self.venues.get(broker_of(request.account)),
            is_laned=broker_of(request.account) in self.laned,
            **more,
        )

    def refusal(self, request: OrderRequest, now: int, **more: Any) -> Denial | None:
        """The first rule that refuses, or None."""
        return risk.assess(self.question(request, now, **more))


def deny(request: OrderRequest, denial: Denial, now: int) -> OrderDenied:
    return OrderDenied(
        ts=now, request=request, rule=denial.rule, limit=denial.limit, actual=denial.actual, text=denial.text
    )
