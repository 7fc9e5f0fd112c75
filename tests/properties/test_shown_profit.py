"""The figures that are shown of a position (average, realised, unrealised, of the day, costs) against a slow account of
them: fractions, one unit at a time, with turns from long to short, a multiplier, two currencies and days that begin."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

from core.domain.commands import StartDay
from core.domain.events import InstrumentListed, OrderFilled
from core.domain.ids import FillId, InstrumentId, VenueRef
from core.domain.instrument import Instrument, Kind, fixed_tick
from core.domain.order import Fill, Side
from core.trading import rows
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG, START, USD

FUTURE = Instrument(
    id=InstrumentId("CME:ES"),
    name="E-mini",
    kind=Kind.STOCK,
    currency=USD,
    ticks=fixed_tick("0.25"),
    multiplier=Decimal(50),
    can_short=True,
)
LISTED = {instrument.id: instrument for instrument in (*scenes.INSTRUMENTS, FUTURE)}
PRICES = {SAMSUNG: Decimal(71_000), APPLE: Decimal("227.30"), FUTURE.id: Decimal("5000.25")}


class Account:
    """One instrument, counted unit by unit."""

    def __init__(self) -> None:
        self.held = self.cost = self.realised = self.costs = self.cash = self.morning = Fraction(0)

    def fill(self, fill: Fill) -> None:
        sign, price = fill.side.sign, Fraction(fill.price * fill.multiplier)
        paid = Fraction(fill.fee + fill.tax)
        self.costs += paid
        self.cash -= paid + sign * int(fill.quantity) * price
        for _ in range(int(fill.quantity)):
            if self.held * sign < 0:
                average = self.cost / self.held
                self.realised -= sign * (price - average)
                self.cost += sign * average
            else:
                self.cost += sign * price
            self.held += sign

    def start_day(self, mark: Decimal) -> None:
        self.cash, self.morning = Fraction(0), self.held * Fraction(mark)

    def shown(self, mark: Decimal, multiplier: Decimal) -> dict[str, Fraction]:
        worth = self.held * Fraction(mark * multiplier)
        return {
            "quantity": self.held,
            "average_price": self.cost / (self.held * Fraction(multiplier)) if self.held else Fraction(0),
            "realised": self.realised,
            "unrealised": worth - self.cost,
            "costs": self.costs,
            "day": self.cash + worth - self.morning * Fraction(multiplier),
        }


def test_what_is_shown_of_a_position_is_exact() -> None:
    turned, days = (sum(counts) for counts in zip(*(one_life(seed) for seed in range(4)), strict=True))
    assert turned > 9 and days > 9, "a run without turns and new days proves less than it says"


def one_life(seed: int) -> tuple[int, int]:
    """How often a fill turned a position, and how many days began."""
    chance, engine = Random(seed), scenes.engine(cash="1000000000000")
    engine.step(InstrumentListed(ts=START, instrument=FUTURE), START)
    engine.step(StartDay(account=ACCOUNT, day="2026-000"), START)
    books: dict[InstrumentId, Account] = {}
    turned = days = 0
    for n in range(1, 120):
        now, id = START + n, chance.choice(list(LISTED))
        known, tick = LISTED[id], LISTED[id].ticks.step(PRICES[id])
        price = PRICES[id] + tick * chance.randint(-90, 90)
        fill = Fill(
            fill_id=FillId(f"x{n}"),
            client_order_id=None,
            ref=VenueRef(f"r{n}"),
            account=ACCOUNT,
            instrument=id,
            side=chance.choice((Side.BUY, Side.SELL)),
            quantity=Decimal(chance.randint(1, 40)),
            price=price,
            fee=Decimal(chance.randint(0, 500)) / 100,
            tax=Decimal(chance.randint(0, 5)),
            currency=known.currency,
            multiplier=known.multiplier,
            ts=now,
        )
        book = books.setdefault(id, Account())
        before = book.held
        book.fill(fill)
        turned += before * book.held < 0
        engine.step(OrderFilled(ts=now, fill=fill), now)
        engine.step(scenes.quote(float(price), float(price + tick), now, id), now)
        if chance.random() < 0.05:
            days += 1
            engine.step(StartDay(account=ACCOUNT, day=f"2026-{n:03d}"), now)
            for other, kept in books.items():
                kept.start_day(engine.state.mark(other) or Decimal(0))
        for other, kept in books.items():
            row = rows.position_row(engine.state, (ACCOUNT, other), now, None)
            if row is None:
                assert not kept.held
                continue
            for name, value in kept.shown(row.last or Decimal(0), LISTED[other].multiplier).items():
                assert abs(Fraction(getattr(row, name)) - value) < Fraction(1, 10**12), (name, n, other)
    figures = rows.totals(engine.state, START + n, None).figures
    rates = {id: Fraction(engine.state.rate(LISTED[id].currency) or 0) for id in books}
    earned = sum(book.realised * rates[id] for id, book in books.items())
    assert figures.realised is not None and abs(Fraction(figures.realised) - earned) < Fraction(1, 10**9)
    return turned, days
