"""Executions as venues really tell them: doubled, late, out of order, split, corrected, of nobody until their number is
known, after the end of their order, and beyond its quantity. What the engine makes of a hostile telling is held against
an independent account of the truth, kept in whole numbers.

    python -m tests.properties.fills [--count N] [--seed S] [--json]
"""

from __future__ import annotations

import argparse
import sys
import time
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import msgspec

from core.domain.commands import Submit
from core.domain.events import OrderAccepted, OrderCanceled, OrderFilled, OrderSending
from core.domain.ids import FillId, InstrumentId, VenueRef
from core.domain.limits import RiskLimits
from core.domain.order import Fill, OrderStatus
from core.trading.state import State
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, KRW, SAMSUNG, START, USD

FREE = RiskLimits(**dict.fromkeys(RiskLimits.__struct_fields__))
"""No limit at all; an order that a rule without a limit refuses is simply not sent."""
ORDERS = 12
"""In one round: a fresh engine each, so that long runs stay fast."""


class Told(msgspec.Struct):
    """One execution as it was in the end, in whole units: the independent account."""

    instrument: InstrumentId
    sign: int
    quantity: int
    price: int
    fee: int
    order: int


class Round:
    """Some orders, what truly happened to them, and the telling of it."""

    def __init__(self, chance: Random, number: int) -> None:
        self.chance = chance
        self.engine = scenes.engine(FREE, cash="100000000000")
        self.journal: list[Any] = []
        self.last: dict[str, Told] = {}
        self.events: list[Any] = []
        self.kinds: dict[str, int] = {}
        self.number = number

    def count(self, kind: str) -> None:
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def step(self, message: Any) -> None:
        self.journal += [
            e for e in self.engine.step(message, START) if not isinstance(e, msgspec.Struct) or _is_kept(e)
        ]

    def make(self) -> None:
        """Orders that are sent, and every execution of them with its corrections, copies and neighbours."""
        chance = self.chance
        for n in range(ORDERS):
            instrument = APPLE if chance.random() < 0.5 else SAMSUNG
            side = chance.choice(("buy", "sell")) if instrument == APPLE else "buy"
            size = chance.randrange(1, 60)
            asked = scenes.request(
                side,
                str(size),
                "227.30" if instrument == APPLE else "71000",
                instrument,
                source=chance.choice(("keyboard", "grid")),
            )
            self.step(Submit(request=asked))
            if self.engine.state.orders[asked.client_order_id].status is not OrderStatus.STAGED:
                continue
            sending = OrderSending(ts=START, client_order_id=asked.client_order_id)
            self.engine.step(sending, START)
            self.journal.append(sending)
            ref = VenueRef(f"r{self.number}-{n}")
            answer = OrderAccepted(ts=START, client_order_id=asked.client_order_id, ref=ref)
            left, part = size, 0
            if chance.random() < 0.05:
                left += chance.randrange(1, 10)
                self.count("over-filled")
            mine: list[Any] = [answer]
            if chance.random() < 0.1:
                mine.append(OrderCanceled(ts=START, client_order_id=asked.client_order_id))
                self.count("ended early")
            while left > 0 and chance.random() < 0.95:
                part += 1
                quantity = chance.randrange(1, left + 1)
                left -= quantity
                mine += self._execution(asked, ref, n, f"x{self.number}-{n}-{part}", quantity)
            self.events += mine
        if chance.random() < 0.9:
            chance.shuffle(self.events)
            self.count("reordered")

    def _execution(self, asked: Any, ref: VenueRef, order: int, id: str, quantity: int) -> list[Any]:
        chance = self.chance
        price = chance.randrange(100, 90_000)
        fill = Fill(
            fill_id=FillId(id),
            client_order_id=asked.client_order_id if chance.random() < 0.7 else None,
            ref=ref,
            account=ACCOUNT,
            instrument=asked.instrument,
            side=asked.side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(chance.randrange(0, 50)),
            currency=USD if asked.instrument == APPLE else KRW,
            source=asked.source,
            ts=START,
        )
        if fill.client_order_id is None:
            fill = msgspec.structs.replace(fill, source="")
            self.count("of nobody at first")
        tellings = [fill]
        while chance.random() < 0.15:
            fill = msgspec.structs.replace(
                fill,
                revision=fill.revision + 1,
                quantity=Decimal(chance.randrange(1, quantity + 1)),
                price=Decimal(chance.randrange(100, 90_000)),
                fee=Decimal(chance.randrange(0, 50)),
            )
            tellings.append(fill)
            self.count("corrected")
        for telling in list(tellings):
            while chance.random() < 0.3:
                tellings.append(telling)
                self.count("doubled")
        last = fill
        self.last[id] = Told(
            asked.instrument, asked.side.sign, int(last.quantity), int(last.price), int(last.fee), order
        )
        self.count("executions")
        return [OrderFilled(ts=START, fill=telling) for telling in tellings]

    def tell(self) -> None:
        for event in self.events:
            self.step(event)
            if self.chance.random() < 0.05:
                self.step(event)
                self.count("doubled")

    # --- the truth ------------------------------------------------------------------------------------------------

    def check(self) -> Fraction:
        """Position, fees, cash, profit at any price, and what each order got. Returns the largest deviation."""
        state, worst = self.engine.state, Fraction(0)
        replayed = State(KRW)
        for event in (*_opening(), *self.journal):
            replayed.apply(event)
        for instrument in (SAMSUNG, APPLE):
            mine = [told for told in self.last.values() if told.instrument == instrument]
            held = state.position(ACCOUNT, instrument)
            assert held.quantity == sum(t.sign * t.quantity for t in mine)
            assert held.fees == sum(t.fee for t in mine)
            paid = sum(t.sign * t.quantity * t.price for t in mine)
            for mark in (1, 71_000, 123_457):
                truth = held.quantity * mark - paid
                ours = Fraction(held.realised) + Fraction(held.quantity) * mark - Fraction(held.cost)
                worst = max(worst, abs(ours - Fraction(truth)))
            assert held.day_cash == -paid
            assert replayed.position(ACCOUNT, instrument) == held, "the journal tells another story"
            by_source = sum(
                state.strategy_position(source, ACCOUNT, instrument).quantity for source in ("keyboard", "grid")
            )
            assert by_source == held.quantity, "an execution is nobody's though its number is known"
        orders = list(state.orders.values())
        for n, order in enumerate(orders):
            filled = sum(t.quantity for t in self.last.values() if t.order == n)
            assert order.filled == filled
            assert order.filled_value == sum(t.quantity * t.price for t in self.last.values() if t.order == n)
            if order.filled > order.quantity:
                assert (ACCOUNT, order.instrument) in state.frozen
            assert order.status.is_end or order.filled < order.quantity
            assert order.status is not OrderStatus.FILLED or order.refs or not filled
        assert not state.nobodys
        assert replayed.orders == state.orders
        assert worst < Fraction(1, 10**12), f"off by {float(worst)}"
        return worst


def _is_kept(event: Any) -> bool:
    from core.domain.events import DURABLE

    return isinstance(event, DURABLE)


def _opening() -> list[Any]:
    return [
        scenes.AccountListed(
            ts=START, account=next(iter(scenes.engine(FREE, cash="100000000000").state.accounts.values()))
        )
    ]


def run(count: int, seed: int) -> dict[str, Any]:
    """`count` executions told and checked, in rounds."""
    chance, begun = Random(seed), time.perf_counter()
    kinds: dict[str, int] = {}
    told = rounds = 0
    worst = Fraction(0)
    while told < count:
        one = Round(chance, rounds)
        one.make()
        one.tell()
        worst = max(worst, one.check())
        for kind, number in one.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + number
        told += sum(isinstance(event, OrderFilled) for event in one.events)
        rounds += 1
    return {
        "told": told,
        "rounds": rounds,
        "seed": seed,
        "wrong": 0,
        "largest deviation": float(worst),
        "seconds": round(time.perf_counter() - begun, 1),
        **kinds,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.properties.fills")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = run(asked.count, asked.seed)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{name:20} {value}\n" for name, value in report.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
