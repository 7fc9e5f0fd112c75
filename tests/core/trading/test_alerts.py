"""Alerts fire once, at live prices only, at the instrument that has one, and never again after a restart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.domain.commands import ClearAlert, SetAlert
from core.domain.events import AlertFired, AlertSet, DurableEvent, Noticed, PhaseChanged
from core.domain.market import NS, Aggressor, Freshness, Phase, Trade
from core.trading.engine import Engine
from tests import scenes
from tests.scenes import APPLE, KRW, SAMSUNG, START


def arm(made: Engine, price: str, *, above: bool = True, note: str = "", instrument: Any = SAMSUNG) -> list[Any]:
    command = SetAlert(instrument=instrument, above=above, price=Decimal(price), note=note)
    return list(made.step(command, START))


def trade(price: float, ts: int = START, instrument: Any = SAMSUNG) -> Trade:
    return Trade(instrument, price, 10.0, Aggressor.BUY, ts, START)


def fired(out: Any) -> list[AlertFired]:
    return [item for item in out if isinstance(item, AlertFired)]


def test_a_rise_fires_at_its_price_and_once() -> None:
    made = scenes.engine()
    assert isinstance(arm(made, "72000", note="look")[0], AlertSet)
    assert not fired(made.step(trade(71_900), START))
    first = fired(made.step(trade(72_000), START))
    assert [(e.id, e.price, e.text) for e in first] == [("a1", 72_000.0, "print")]
    assert not fired(made.step(trade(72_100), START))
    assert made.state.kept.alerts == {}
    assert made.state.kept.fired["a1"][0].note == "look"


def test_a_fall_is_believed_when_somebody_offers_it_for_so_little() -> None:
    made = scenes.engine()
    arm(made, "70000", above=False)
    assert not fired(made.step(scenes.quote(69_900, 70_100), START))
    assert [e.text for e in fired(made.step(scenes.quote(69_800, 70_000), START))] == ["ask"]


def test_a_rise_needs_a_bid_there() -> None:
    made = scenes.engine()
    arm(made, "72000")
    assert not fired(made.step(scenes.quote(71_900, 72_100), START))
    assert [e.text for e in fired(made.step(scenes.quote(72_000, 72_100), START))] == ["bid"]


@pytest.mark.parametrize("freshness", [Freshness.STALE, Freshness.CACHED])
def test_what_is_not_live_does_not_fire(freshness: Freshness) -> None:
    made = scenes.engine()
    arm(made, "72000")
    quote = msgspec.structs.replace(scenes.quote(73_000, 73_100), freshness=freshness)
    assert not fired(made.step(quote, START))
    assert fired(made.step(scenes.quote(73_000, 73_100), START))


def test_a_delayed_price_fires_and_says_so() -> None:
    made = scenes.engine()
    arm(made, "72000")
    quote = msgspec.structs.replace(scenes.quote(73_000, 73_100), freshness=Freshness.DELAYED)
    assert [e.text for e in fired(made.step(quote, START))] == ["bid, delayed"]


def test_an_old_print_and_an_auction_do_not_fire() -> None:
    made = scenes.engine()
    arm(made, "72000")
    assert not fired(made.step(trade(72_500, ts=START - 120 * NS), START))
    made.step(PhaseChanged(ts=START, market="XKRX", phase=Phase.AUCTION), START)
    assert not fired(made.step(scenes.quote(73_000, 73_100), START))


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 0.0, -1.0])
def test_what_is_no_price_does_not_fire(price: float) -> None:
    made = scenes.engine()
    arm(made, "72000")
    arm(made, "70000", above=False)
    assert not fired(made.step(trade(price), START))
    assert not fired(made.step(scenes.quote(price, price), START))
    assert len(made.state.kept.alerts) == 2


def test_it_listens_only_where_an_alert_is() -> None:
    made = scenes.engine()
    assert not made.strategist.on_quote and not made.strategist.on_trade
    arm(made, "72000")
    assert set(made.strategist.on_quote) == set(made.strategist.on_trade) == {SAMSUNG}
    made.step(ClearAlert(id="a1"), START)
    assert not made.strategist.on_quote and not made.strategist.on_trade
    arm(made, "72000")
    made.step(trade(72_000), START)
    assert not made.strategist.on_quote and not made.strategist.on_trade


def test_a_restart_keeps_what_waits_and_repeats_nothing() -> None:
    made = scenes.engine()
    journal = [*arm(made, "72000"), *arm(made, "250", instrument=APPLE), *fired(made.step(trade(72_000), START))]
    again = scenes.engine()
    for event in journal:
        again.restore(event)
    assert list(again.state.kept.alerts) == ["a2"] and list(again.state.kept.fired) == ["a1"]
    assert not fired(again.step(trade(72_500), START))
    assert [e.id for e in fired(again.step(trade(251, instrument=APPLE), START))] == ["a2"]
    assert isinstance(arm(again, "73000")[0], AlertSet) and "a3" in again.state.kept.alerts


def test_what_is_refused_says_why() -> None:
    made = scenes.engine()
    arm(made, "72000")
    made.step(trade(71_000), START)
    for command, why in (
        (SetAlert(instrument=SAMSUNG, above=True, price=Decimal(72_000)), "a1 waits for that already"),
        (SetAlert(instrument=SAMSUNG, above=True, price=Decimal(70_000)), "above that already"),
        (SetAlert(instrument=scenes.InstrumentId("XKRX:999999"), above=True, price=Decimal(1)), "not known"),
        (ClearAlert(id="a9"), "no alert"),
    ):
        assert why in made.alerts.problem(command)
    refused = arm(made, "72000")
    assert [type(item) for item in refused] == [Noticed]
    assert len(made.state.kept.alerts) == 1


def test_two_at_one_price_fire_together_and_in_their_order() -> None:
    made = scenes.engine()
    arm(made, "72000")
    arm(made, "71900")
    arm(made, "72100")
    assert [e.id for e in fired(made.step(trade(72_050), START))] == ["a1", "a2"]
    assert made.state.base_currency == KRW and list(made.state.kept.alerts) == ["a3"]


def test_a_price_of_the_tape_is_the_price_of_the_alert() -> None:
    """227.3 as a float is a little more than 227.3: a fall to it has come, and so has a rise."""
    for level, above in (("227.3", False), ("227.3", True), ("0.1", False), ("71000.1", False)):
        made = scenes.engine()
        arm(made, level, above=above, instrument=APPLE)
        assert fired(made.step(trade(float(level), instrument=APPLE), START)), (level, above)


def test_a_list_of_an_older_journal_is_read() -> None:
    old = b'{"event":"WatchlistChanged","ts":3,"name":"mine","instruments":["XKRX:005930"]}'
    event = msgspec.json.decode(old, type=DurableEvent)
    made = scenes.engine()
    made.restore(event)
    assert made.watchlists.get("mine") == (SAMSUNG,)
