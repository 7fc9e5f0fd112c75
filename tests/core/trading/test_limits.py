"""Limits tighten at run time and survive a restart; what the settings would loosen waits for a typed word."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.domain.account import Account, Mode
from core.domain.commands import AcceptLimits, Submit, TightenLimit
from core.domain.events import AccountListed, LimitsChanged
from core.domain.ids import AccountId
from core.domain.limits import RiskLimits
from core.trading.engine import Engine
from core.trading.limits import is_tighter, read, text_of, texts, values
from tests import scenes
from tests.stage import stage

D = Decimal


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("max_order_value", "1m", D(1_000_000)),
        ("max_order_value", "2,500,000", D(2_500_000)),
        ("price_collar", "2%", D("0.02")),
        ("max_open_orders", "5", 5),
        ("max_quote_age_seconds", "2.5", 2.5),
        ("forbid_self_cross", "on", True),
        ("daily_loss", "off", None),
    ],
)
def test_a_value_is_read_as_people_write_it(name: str, text: str, wanted: object) -> None:
    assert read(name, text) == wanted


@pytest.mark.parametrize("text", ["", "m", "1x", "nan", "inf", "1kk", "-", "1.5"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="max_open_orders"):
        read("max_open_orders", text)


def test_every_limit_is_written_and_read_back() -> None:
    odd = RiskLimits(loss_cooldown_seconds=1_234_564.5, max_quote_age_seconds=0.1234567)
    for limits in (RiskLimits(), RiskLimits(daily_loss=None, forbid_self_cross=False, max_quote_age_seconds=2.5), odd):
        assert {name: read(name, text) for name, text in texts(limits).items()} == values(limits)


@pytest.mark.parametrize("name", ["daily_loss", "max_order_value", "loss_cooldown_seconds"])
def test_a_share_is_no_amount(name: str) -> None:
    with pytest.raises(ValueError, match="not a share"):
        read(name, "5%")


def test_which_way_is_tighter() -> None:
    assert is_tighter("daily_loss", D(1), D(2)) and not is_tighter("daily_loss", D(2), D(2))
    assert is_tighter("daily_loss", D(1), None) and not is_tighter("daily_loss", None, D(1))
    assert is_tighter("duplicate_window_seconds", 9.0, 5.0) and not is_tighter("duplicate_window_seconds", 1.0, 5.0)
    assert is_tighter("forbid_self_cross", True, False) and not is_tighter("forbid_self_cross", False, True)


async def test_a_tighter_limit_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path) as made:
        assert (await made.do(TightenLimit(name="max_order_value", value="500k"))).is_ok
        assert (await made.do(Submit(request=scenes.request(price="70000")))).rule == "max value"
        for looser in ("1m", "off", "500k"):
            assert not (await made.do(TightenLimit(name="max_order_value", value=looser))).is_ok
        assert not (await made.do(AcceptLimits(typed="LOOSEN"))).is_ok, "not without a restart"
    async with stage(path) as made:
        assert made.engine.gate.limits.max_order_value == D(500_000)
        assert (await made.do(Submit(request=scenes.request(price="70000")))).rule == "max value"
        assert not (await made.do(AcceptLimits(typed="yes"))).is_ok
        assert made.engine.gate.limits.max_order_value == D(500_000)
        assert (await made.do(AcceptLimits(typed="LOOSEN"))).is_ok
        assert (await made.do(Submit(request=scenes.request(price="70000")))).is_ok
    async with stage(path) as made:
        assert made.engine.gate.limits.max_order_value == RiskLimits().max_order_value
        assert not made.engine.limits.waiting


async def test_tighter_settings_count_at_once_and_looser_ones_wait(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path, limits=RiskLimits(daily_loss=D(100), max_open_orders=5)):
        pass
    async with stage(path, limits=RiskLimits(daily_loss=D(50), max_open_orders=None)) as made:
        limits = made.engine.gate.limits
        assert (limits.daily_loss, limits.max_open_orders) == (D(50), 5)
        assert made.engine.limits.waiting == {"max_open_orders": None}
        row = next(row for row in made.desk.system.row(made.clock.now(), 0).limits if row.name == "max_open_orders")
        assert (row.limit, row.used, row.waiting) == ("5", "0", "off")


def looser() -> Engine:
    """What the settings would loosen waits since the start; nothing was read of any account yet."""
    engine = Engine(scenes.KRW, RiskLimits(max_open_orders=50))
    engine.restore(LimitsChanged(ts=1, limits=texts(RiskLimits(max_open_orders=5)), by="settings"))
    engine.limits.begin(2)
    assert engine.limits.waiting == {"max_open_orders": 50}
    return engine


def listed(engine: Engine, name: str, mode: Mode) -> None:
    engine.step(
        AccountListed(ts=3, account=Account(id=AccountId(name), mode=mode, base_currency=scenes.KRW)), scenes.START
    )


def is_loosened(engine: Engine, typed: str) -> bool:
    engine.step(AcceptLimits(typed=typed), scenes.START)
    return engine.gate.limits.max_open_orders == 50


def test_looser_limits_of_real_money_ask_for_each_name() -> None:
    engine = looser()
    for name, mode in (("upbit:main", Mode.LIVE), ("upbit:spare", Mode.LIVE), ("paper:play", Mode.PAPER)):
        listed(engine, name, mode)
    for typed in ("LOOSEN", "", "yes", "main", "pare", "play", "main LOOSEN", "mainpare"):
        assert not is_loosened(engine, typed), typed
        assert "real money asks for the end of the name of" in engine.limits.problem(AcceptLimits(typed=typed))
    assert is_loosened(engine, "PARE main")


def test_play_money_takes_the_word_and_nothing_else() -> None:
    engine = looser()
    listed(engine, "paper:main", Mode.PAPER)
    assert not any(is_loosened(engine, typed) for typed in ("", "main", "loosen", "yes"))
    assert is_loosened(engine, "LOOSEN")


def test_nothing_is_loosened_before_the_account_is_known() -> None:
    engine = looser()
    assert not is_loosened(engine, "LOOSEN")
    engine.limits.is_live = True
    listed(engine, "paper:main", Mode.PAPER)  # as the journal has it from before
    assert not is_loosened(engine, "LOOSEN") and not is_loosened(engine, "main")
    listed(engine, "upbit:main", Mode.LIVE)
    assert is_loosened(engine, "main")


async def test_an_engine_for_real_money_takes_no_word_for_play_money(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with stage(path, limits=RiskLimits(max_open_orders=5)):
        pass
    async with stage(path, limits=RiskLimits(max_open_orders=50), mode=Mode.LIVE) as made:
        receipt = await made.do(AcceptLimits(typed="LOOSEN"))
        assert not receipt.is_ok and "no account is known yet" in receipt.text
        assert made.engine.gate.limits.max_open_orders == 5


def test_a_limit_of_another_version_does_not_stop_a_start() -> None:
    engine = scenes.engine()
    known = {**texts(RiskLimits()), "of_tomorrow": "3", "daily_loss": "a lot"}
    engine.restore(LimitsChanged(ts=1, limits=known, by="cli"))
    engine.limits.begin(2)
    assert engine.gate.limits == RiskLimits()


def test_tightened_limits_are_told_as_they_are_written() -> None:
    engine = scenes.engine()
    (changed,) = engine.step(TightenLimit(name="price_collar", value="1%"), scenes.START)
    assert isinstance(changed, LimitsChanged) and changed.text == f"price_collar {text_of(D('0.01'))}"
    assert msgspec.json.decode(msgspec.json.encode(changed), type=LimitsChanged) == changed
