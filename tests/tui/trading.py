"""A person who trades: hands on a console whose desk is the real one, with the real engine and paper venue behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from core.config import Console, Settings
from core.domain.order import Order, OrderStatus
from tests.stage import Stage, stage
from tests.tui.scripted import Hands, console


class Trader(Hands):
    """Hands on a console whose desk is the real one."""

    stage: Stage

    @property
    def orders(self) -> list[Order]:
        return list(self.stage.state.orders.values())

    async def settled(self, condition: Callable[[], object]) -> None:
        """Until engine and venue are idle and `condition` holds on the screen."""
        for _ in range(400):
            await self.stage.settle()
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came true; the screen:\n{self.text}")


@asynccontextmanager
async def trader(
    size: tuple[int, int] = (120, 40), *, settings: Settings | None = None, rehearse: bool = False, **more: Any
) -> AsyncIterator[Trader]:
    """`rehearse`: paper money that looks and asks like LIVE."""
    settings = settings or Settings()
    if rehearse:
        settings = msgspec.structs.replace(settings, console=Console(rehearsal=True))
    async with (
        stage(settings=settings, **more) as made,
        console(made.desk, size=size, settings=settings) as hands,
    ):
        found = Trader(hands.app, hands.pilot)
        found.stage = made
        await found.settled(lambda: "71,100" in found.text and len(found.app.instruments) == 2)
        yield found


async def resting_order(hands: Trader, price: str = "70800") -> Order:
    await hands.press(":")
    await hands.type(f"b 10 005930 @{price}")
    await hands.press("enter")
    await hands.settled(lambda: any(order.status is OrderStatus.OPEN for order in hands.orders))
    await hands.settled(lambda: hands.app.picture.orders() and hands.app.picture.orders()[0].status is OrderStatus.OPEN)
    await hands.settled(lambda: not hands.app.forms)
    return hands.orders[-1]
