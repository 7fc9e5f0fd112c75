from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.account import Position
from core.trading import ledger
from tests.scenes import ACCOUNT, SAMSUNG, fill

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
