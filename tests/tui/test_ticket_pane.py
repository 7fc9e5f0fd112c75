"""The ticket as it is drawn: no figure that a person acts on is ever shown in part, at any width it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from textual.app import App, ComposeResult

from brokers.paper.catalogue import LISTINGS
from core.config import Settings
from core.domain.instrument import Instrument
from core.domain.order import Side
from tests.scenes import ACCOUNT, new_id
from tui import format as f
from tui.app import make_look
from tui.forms.fields import Market
from tui.forms.ticket import Ticket
from tui.panes.ticket import TicketPane
from tui.widgets.sheet import place

HEIGHT = 20


class Alone(App[None]):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.pane = TicketPane(make_look(Settings()))
        self.width = width

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        place(self.pane, 0, 0, self.width, HEIGHT)

    def draw(self, ticket: Ticket) -> str:
        self.pane.show(ticket, None)
        return "\n".join(self.pane.line_text(y) for y in range(HEIGHT))


@asynccontextmanager
async def alone(width: int) -> AsyncIterator[Alone]:
    app = Alone(width)
    async with app.run_test(size=(width, HEIGHT)) as pilot:
        await pilot.pause()
        yield app


def filled_in(known: Instrument, price: Decimal) -> Ticket:
    ticket = Ticket(new_id(), ACCOUNT, known, Side.BUY, price, last=price)
    ticket.see(Market(price, price, price), Decimal(0))
    ticket.sl.set("-2%")
    ticket.tp.set("+3%")
    return ticket


@pytest.mark.parametrize("width", [30, 41])
async def test_prices_are_whole(width: int) -> None:
    async with alone(width) as app:
        for listing in LISTINGS:
            known = listing.instrument
            assert known.previous_close is not None
            ticket = filled_in(known, known.previous_close)
            shown = app.draw(ticket)
            for price in (known.previous_close, ticket.leg("sl"), ticket.leg("tp")):
                assert price is not None
                assert f.price(price, known.ticks.digits(price)) in shown, shown


async def test_the_price_of_a_leg_that_is_typed_is_whole_or_left_out() -> None:
    coin = next(listing.instrument for listing in LISTINGS if listing.instrument.code == "KRW-BTC")
    ticket = filled_in(coin, Decimal(132_523_000))
    ticket.field = "sl"
    async with alone(30) as app:
        assert f.ELLIPSIS not in app.draw(ticket)
    async with alone(41) as app:
        assert "= 129,873,000" in app.draw(ticket)
