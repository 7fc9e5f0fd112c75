"""Defects that other consoles shipped, planted in this one: the harness that finds none of them proves nothing."""

from __future__ import annotations

from typing import Any

from core.domain.errors import OrderRejected, OutcomeUnknown
from core.domain.order import Order
from core.ports import Prepared, SendPermit
from core.runtime.outbox import Outbox
from tests.contract.reference_broker import ReferenceBroker


def journal_after_the_wire() -> None:
    """The order goes out first and is written down when the answer is there."""
    claim, submit = Outbox._claim, Outbox._submit

    async def unclaimed(self: Outbox, order: Order, sealed: Prepared) -> SendPermit:
        return SendPermit(order.id, sealed.digest)

    async def sent(self: Outbox, id: Any, sealed: Prepared, permit: SendPermit, since: int) -> None:
        broker = self._broker
        answer = await _outcome(broker.submit(sealed, permit))
        await claim(self, self._engine.state.orders[id], sealed)
        self._broker = _Answered(answer)  # type: ignore[assignment]
        try:
            await submit(self, id, sealed, permit, since)
        finally:
            self._broker = broker

    Outbox._claim, Outbox._submit = unclaimed, sent  # type: ignore[method-assign]


def retry_on_timeout() -> None:
    """No answer is taken for no order."""
    submit = ReferenceBroker.submit

    async def twice(self: ReferenceBroker, prepared: Prepared, permit: SendPermit) -> Any:
        try:
            return await submit(self, prepared, permit)
        except OutcomeUnknown:
            return await submit(self, prepared, SendPermit(prepared.client_order_id, prepared.digest))

    ReferenceBroker.submit = twice  # type: ignore[method-assign]


def server_error_as_rejection() -> None:
    """A 500 is read as a no."""
    submit = ReferenceBroker.submit

    async def refused(self: ReferenceBroker, prepared: Prepared, permit: SendPermit) -> Any:
        try:
            return await submit(self, prepared, permit)
        except OutcomeUnknown as error:
            if "HTTP 5" in str(error):
                raise OrderRejected(self.name, "500", "internal error") from error
            raise

    ReferenceBroker.submit = refused  # type: ignore[method-assign]


PLANTED = {
    "journal after the wire": journal_after_the_wire,
    "retry on timeout": retry_on_timeout,
    "5xx read as a rejection": server_error_as_rejection,
}


def plant(name: str) -> None:
    if name:
        PLANTED[name]()


class _Answered:
    """A broker that has the answer already."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def submit(self, prepared: Prepared, permit: SendPermit) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def _outcome(call: Any) -> Any:
    try:
        return await call
    except Exception as error:
        return error
