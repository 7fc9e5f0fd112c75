"""A line on which an order can be held up, and a journal whose claims can be."""

from __future__ import annotations

import asyncio
from typing import Any

from core.clock import SystemClock
from tests.stage import Stage


async def turn(times: int = 20) -> None:
    for _ in range(times):
        await SystemClock().sleep(0)


def texts(made: Stage, kind: str = "") -> list[str]:
    return [row.text for row in made.program.runner.log.rows if not kind or row.kind == kind]


class Wire:
    """Stands before the paper venue: counts what goes out, and may hold its answers up."""

    def __init__(self, made: Stage) -> None:
        self.broker = made.program.broker
        self.entered: list[str] = []
        self.sent: list[str] = []
        self.canceled: list[str] = []
        self.replaced: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._submit, self._cancel, self._replace = self.broker.submit, self.broker.cancel, self.broker.replace
        self.broker.submit = self.submit  # type: ignore[method-assign]
        self.broker.cancel = self.cancel  # type: ignore[method-assign]
        self.broker.replace = self.replace  # type: ignore[method-assign]

    async def submit(self, prepared: Any, permit: Any) -> Any:
        self.sent.append(prepared.client_order_id)
        answer = await self._submit(prepared, permit)
        self.entered.append(prepared.client_order_id)
        await self.gate.wait()
        return answer

    async def cancel(self, order: Any) -> None:
        self.canceled.append(order.id)
        await self._cancel(order)

    async def replace(self, order: Any, stopped: Any = str) -> None:
        self.replaced.append(order.id)
        await self._replace(order, stopped)


def hold_claims(made: Stage) -> asyncio.Event:
    """Claims are committed, but their answer waits for the event."""
    journal, go = made.program.journal, asyncio.Event()
    real = journal.claim

    async def slow(*args: Any) -> Any:
        permit = await real(*args)
        await go.wait()
        return permit

    journal.claim = slow  # type: ignore[method-assign]
    return go


async def until(condition: Any) -> None:
    for _ in range(2000):
        if condition():
            return
        await SystemClock().sleep(0.001)
    raise AssertionError("it never happened")
