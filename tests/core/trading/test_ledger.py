from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest

from core.domain.account import Position
from core.domain.events import OrderFilled
from core.domain.order import Fill
from core.trading import ledger
from tests import scenes
from tests.scenes import ACCOUNT, SAMSUNG, START, fill

EMPTY = Position(account=ACCOUNT, instrument=SAMSUNG)
ONE = Decimal(1)


def after(*fills: tuple[str, str, str]) -> Position:
    position = EMPTY
    for side, quantity, price in fills:
        position = ledger.book_fill(position, fill(side, quantity, price))
    return position


@pytest.mark.parametrize(
    ("fills", "quantity", "average", "realised"),
    [
        ([("buy", "10", "100")], "10", "100", "0"),
        ([("buy", "10", "100"), ("buy", "30", "120")], "40", "115", "0"),
        ([("buy", "10", "100"), ("sell", "4", "110")], "6", "100", "40"),
        ([("buy", "10", "100"), ("sell", "10", "90")], "0", "0", "-100"),
        ([("sell", "10", "100")], "-10", "100", "0"),
        ([("sell", "10", "100"), ("buy", "4", "90")], "-6", "100", "40"),
        # flips: what closes is realised at the old average, what is left starts at the fill's price
        ([("buy", "10", "100"), ("sell", "15", "110")], "-5", "110", "100"),
        ([("sell", "10", "100"), ("buy", "15", "110")], "5", "110", "-100"),
    ],
)
def test_average_cost_and_realised(fills: list, quantity: str, average: str, realised: str) -> None:
    position = after(*fills)
    assert position.quantity == Decimal(quantity)
    assert ledger.average_price(position, ONE) == Decimal(average)
    assert position.realised == Decimal(realised)


def test_fees_and_taxes_are_kept_apart_from_realised() -> None:
    position = ledger.book_fill(EMPTY, fill("buy", "10", "100", fee="3"))
    position = ledger.book_fill(position, fill("sell", "10", "110", fee="4", tax="2"))
    assert (position.realised, position.fees, position.taxes) == (Decimal(100), Decimal(7), Decimal(2))


def test_day_profit_counts_from_the_mark_of_the_morning() -> None:
    position = ledger.start_day(after(("buy", "10", "100")), Decimal(105))
    assert ledger.day_profit(position, Decimal(108), ONE) == Decimal(30)
    position = ledger.book_fill(position, fill("sell", "4", "107", fee="1"))
    # 6 shares from 105 to 108, 4 sold at 107, 1 fee
    assert ledger.day_profit(position, Decimal(108), ONE) == Decimal(6 * 3 + 4 * 2 - 1)
    position = ledger.book_fill(position, fill("sell", "10", "109"))
    # 6 more sold at 109, short 4 from 109 to 108
    assert ledger.day_profit(position, Decimal(108), ONE) == Decimal(4 * 2 + 6 * 4 + 4 * 1 - 1)


def test_a_missing_mark_is_unknown_not_zero() -> None:
    position = after(("buy", "10", "100"))
    assert ledger.unrealised(position, None, ONE) is None
    assert ledger.day_profit(position, None, ONE) is None
    held_over = ledger.start_day(position, None)
    assert ledger.day_profit(held_over, Decimal(110), ONE) is None


def test_a_bought_third_does_not_lose_a_won() -> None:
    position = after(("buy", "1", "100"), ("buy", "1", "100"), ("buy", "1", "101"))
    for _ in range(3):
        position = ledger.book_fill(position, fill("sell", "1", "100"))
    assert position.quantity == 0
    assert position.cost == 0
    assert position.realised == Decimal(-1)


# --- corrections -----------------------------------------------------------------------------------------------------


def told(*fills: Fill) -> Position:
    """What the engine holds after its venue told these; a later telling of one id corrects the one before."""
    engine = scenes.engine()
    for one in fills:
        engine.step(OrderFilled(ts=START, fill=one), START)
    return engine.state.position(ACCOUNT, SAMSUNG)


def again(before: Fill, quantity: str, price: str, fee: str = "0") -> Fill:
    terms = {"quantity": Decimal(quantity), "price": Decimal(price), "fee": Decimal(fee)}
    return msgspec.structs.replace(before, revision=before.revision + 1, **terms)


def test_a_correction_by_a_tick_moves_the_average_by_its_part_of_a_tick_and_realises_nothing() -> None:
    first = fill("buy", "10", "100", id="one", fee="5")
    position = told(first, fill("buy", "10", "200"), again(first, "10", "101", "7"))
    assert (position.realised, position.fees) == (0, 7)
    assert ledger.average_price(position, ONE) == Decimal("150.5")
    assert position.day_cash == -3010


def test_a_correction_is_as_if_it_had_been_told_rightly_at_once() -> None:
    """Of an execution that opened, before anything closed; and of the newest one, whatever it did short of a turn."""
    chance, seen = Random(3), set()
    for _ in range(400):
        way, back = chance.choice((("buy", "sell"), ("sell", "buy")))
        opened = [fill(way, f"{chance.randint(5, 90)}", f"{chance.randint(50, 300)}") for _ in range(3)]
        wrong = chance.choice(opened)
        right = again(wrong, f"{chance.randint(5, 90)}", f"{chance.randint(50, 300)}", "2")
        kind = chance.choice(("opening", "closing", "all of it"))
        fills = opened
        if kind != "opening":
            held = sum(int(one.quantity) for one in opened)
            size = held if kind == "all of it" else chance.randint(1, held - 1)
            wrong = fill(back, f"{size}", f"{chance.randint(50, 300)}")
            other = size if kind == "all of it" else chance.randint(1, held - 1)
            right, fills = again(wrong, f"{other}", f"{chance.randint(50, 300)}", "2"), [*opened, wrong]
        meant = told(*(right if one is wrong else one for one in fills))
        corrected = told(*fills, right)
        assert corrected.quantity == meant.quantity and corrected.fees == meant.fees
        assert corrected.day_cash == meant.day_cash
        assert abs(corrected.cost - meant.cost) < Decimal("1e-15"), (kind, fills, right)
        assert abs(corrected.realised - meant.realised) < Decimal("1e-15"), (kind, fills, right)
        assert abs(corrected.day_realised - meant.day_realised) < Decimal("1e-15")
        seen.add(kind)
    assert len(seen) == 3


def test_a_correction_of_what_was_turned_or_closed_since_loses_no_won() -> None:
    chance = Random(4)
    for _ in range(200):
        fills = [
            fill(chance.choice(("buy", "sell")), f"{chance.randint(1, 90)}", f"{chance.randint(50, 300)}")
            for _ in range(5)
        ]
        wrong = chance.choice(fills)
        right = again(wrong, f"{chance.randint(1, 90)}", f"{chance.randint(50, 300)}")
        true = [right if one is wrong else one for one in fills]
        position = told(*fills, right)
        paid = sum(one.quantity * one.price * one.side.sign for one in true)
        assert position.quantity == sum(one.quantity * one.side.sign for one in true)
        assert (position.cost > 0) == (position.quantity > 0) and bool(position.cost) == bool(position.quantity)
        assert abs(position.realised - position.cost + paid) < Decimal("1e-12")
