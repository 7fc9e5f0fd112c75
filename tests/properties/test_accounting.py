"""Two ways to the same money: what the account is worth now less what it began with, and the profit its positions show.
One counts cash and holdings at the venue, the other folds fills; they share no arithmetic."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from core.domain.account import TradingState
from core.domain.commands import CancelAll, Close, SetTradingState, Submit
from core.domain.limits import RiskLimits
from core.domain.order import OrderType
from core.trading import rows
from tests import scenes
from tests.scenes import ACCOUNT, APPLE, SAMSUNG
from tests.stage import Stage, stage

OPEN = RiskLimits(
    max_order_value=None,
    max_position_value=None,
    daily_loss=None,
    duplicate_window_seconds=None,
    max_orders_per_second=None,
    max_orders_per_minute=None,
    max_quote_age_seconds=None,
)


def worth(made: Stage) -> rows.Totals:
    return rows.totals(made.state, made.clock.now(), None)


async def random_walk(made: Stage, chance: Random, prices: dict[str, float]) -> None:
    """The market moves, with prints; somebody buys, sells, closes or cancels."""
    instrument, tick = chance.choice([(SAMSUNG, 100.0), (APPLE, 0.01)])
    prices[instrument] += chance.randrange(-6, 7) * tick
    bid = round(prices[instrument], 2)
    ask = round(bid + tick, 2)
    made.clock.advance(0.5)
    await made.quote(bid, ask, size=chance.randrange(5, 400), instrument=instrument)
    await made.trade(bid, chance.randrange(1, 300), instrument=instrument)
    kind = chance.randrange(6)
    if kind == 5:
        await made.do(CancelAll())
    elif kind == 4:
        await made.do(Close(client_order_id=scenes.new_id(), account=ACCOUNT, instrument=instrument, at_market=True))
    else:
        price = None if kind == 3 else f"{chance.choice([bid, ask]):.2f}".removesuffix(".00")
        order = scenes.request(
            chance.choice(["buy", "sell"]),
            str(chance.randrange(1, 300)),
            price,
            instrument,
            type=OrderType.LIMIT if price else OrderType.MARKET,
        )
        await made.do(Submit(request=order))


@pytest.mark.parametrize("seed", range(6))
async def test_equity_moves_by_exactly_what_the_positions_made(seed: int) -> None:
    chance = Random(seed)
    prices: dict[str, float] = {SAMSUNG: 71_000.0, APPLE: 227.30}
    async with stage(limits=OPEN) as made:
        begun = worth(made).equity
        assert begun is not None
        was_short = False
        for _ in range(120):
            await random_walk(made, chance, prices)
            was_short |= made.state.position(ACCOUNT, APPLE).quantity < 0
            now = worth(made)
            assert now.equity is not None
            figures = now.figures
            assert None not in figures[:6]
            assert now.equity - begun == figures.day
            split = (figures.realised or 0) + (figures.unrealised or 0) - (figures.fees or 0) - (figures.taxes or 0)
            assert abs(split - (now.equity - begun)) < Decimal("1e-12")
        assert len(made.state.fills) > 20
        assert was_short, "a run that never sold short proves less than it says"
        sums = [
            row for row in rows.pnl_rows(made.state, worth(made), made.clock.now(), None, ()) if row.scope == "strategy"
        ]
        assert sum(row.day or 0 for row in sums) == figures.day


async def test_a_new_day_begins_at_nothing_and_the_total_goes_on() -> None:
    async with stage(limits=OPEN) as made:
        begun = worth(made).equity
        await made.do(Submit(request=scenes.request(price="71100", quantity="100")))
        await made.quote(72_000, 72_100)
        await made.trade(72_000, 5)
        made.clock.advance(24 * 3600)
        made.program.runner.second()
        await made.settle()
        after = worth(made)
        assert after.figures.day == 0
        assert after.figures.unrealised == Decimal(90_000)
        await made.quote(72_500, 72_600)
        await made.trade(72_500, 5)
        now = worth(made)
        assert now.figures.day == Decimal(50_000)
        assert begun is not None
        assert now.equity == begun + 140_000 - (now.figures.fees or 0)


async def test_reducing_never_lets_a_position_grow() -> None:
    chance = Random(11)
    prices: dict[str, float] = {SAMSUNG: 71_000.0, APPLE: 227.30}
    async with stage(limits=OPEN) as made:
        for _ in range(40):
            await random_walk(made, chance, prices)
        await made.do(CancelAll())
        await made.do(SetTradingState(state=TradingState.REDUCING))
        for _ in range(120):
            before = {place: abs(p.quantity) for place, p in made.state.positions.items()}
            signs = {place: p.quantity > 0 for place, p in made.state.positions.items() if p.quantity}
            await random_walk(made, chance, prices)
            for place, position in made.state.positions.items():
                assert abs(position.quantity) <= before.get(place, 0)
                assert not position.quantity or signs[place] == (position.quantity > 0)
