"""The day's loss never resets early: whatever the wall clock does (jumps ahead, back over midnight, a summer time), and
however often the program starts anew, a loss is forgiven by a day that really passed, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock, day_of
from core.domain.account import Account, Mode
from core.domain.events import AccountListed, DayStarted, DurableEvent, OrderFilled
from core.domain.market import NS
from core.runtime.runner import Runner
from core.trading.engine import Engine
from core.trading.risk import day_result
from storage.journal import Journal
from tests import scenes
from tests.scenes import KRW
from tests.scripted_venue import ACCOUNT, ScriptedVenue

ZONES = ("Asia/Seoul", "America/New_York")
MOMENTS = tuple(
    int(datetime(*parts, tzinfo=UTC).timestamp()) * NS
    for parts in (
        *(
            (2026, 3, 8, 4, 30),
            (2026, 3, 8, 6, 30),
            (2026, 11, 1, 3, 30),
            (2026, 11, 1, 5, 30),
        ),  # summer time, New York
        *((2026, 5, 4, 14, 59), (2026, 12, 31, 14, 59)),  # before midnight, Seoul
    )
)
LOSS = Decimal(-100_000)


class TwoClocks(ManualClock):
    """What people set, and what nobody sets."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.ahead = 0

    def now(self) -> int:
        return self._now + self.ahead


class Life:
    """An account with a loss of today, its engine started as often as asked; `truth` is the clock that nobody set."""

    def __init__(self, start: int, zone: str) -> None:
        self.clock = TwoClocks(start)
        self.zone = zone
        self.kept: list[DurableEvent] = []
        self.days: list[tuple[str, str]] = []
        """(the day that was begun, the true day of that moment)."""
        self.boot()
        account = Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW, zone=zone)
        self.feed(AccountListed(ts=start, account=account))
        self.second()
        for side, price in (("buy", "71000"), ("sell", "61000")):
            fill = msgspec.structs.replace(scenes.fill(side, "10", price), account=ACCOUNT)
            self.feed(OrderFilled(ts=start, fill=fill))
        assert self.result == LOSS

    def boot(self) -> None:
        self.engine = Engine(KRW)
        journal = Journal.open(":memory:", boot_id="days")
        self.runner = Runner(self.engine, journal, self.clock, [ScriptedVenue(has_client_ids=True)], is_driven=True)
        for instrument in scenes.INSTRUMENTS:
            self.engine.step(scenes.InstrumentListed(ts=0, instrument=instrument), 0)
        for event in self.kept:
            self.engine.restore(event)
        self.runner._hand_on = self.keep  # type: ignore[method-assign]

    def keep(self, out: object) -> None:
        for item in out:  # type: ignore[attr-defined]
            if isinstance(item, DurableEvent):
                self.kept.append(item)
                if isinstance(item, DayStarted):
                    self.days.append((item.day, day_of(self.clock.monotonic(), self.zone)))

    def feed(self, event: object) -> None:
        self.runner.feed(event)  # type: ignore[arg-type]

    def second(self) -> None:
        self.runner.second()

    def pass_time(self, seconds: int) -> None:
        """In steps, as the program would be called; a long while in few."""
        for _ in range(3):
            self.clock.advance(seconds / 3)
            self.second()

    @property
    def result(self) -> Decimal | None:
        return day_result(self.engine.state, ACCOUNT)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 4 * 3600)),
        st.tuples(st.just("set"), st.sampled_from((-86_400, -3600, -60, -1, 1, 30, 60, 3600, 86_400, 40 * 86_400))),
        st.tuples(st.just("boot"), st.just(0)),
    ),
    max_size=10,
)


@given(st.sampled_from(MOMENTS), st.sampled_from(ZONES), steps)
def test_a_clock_that_was_set_forgives_nothing_while_the_program_sees_it(
    start: int, zone: str, steps: list[tuple[str, int]]
) -> None:
    """The loss stands on its true day. A clock that is set is seen, unless it is set while the program is down: then
    the next start only knows what it is told, which `boot` right after `set` would be."""
    life = Life(start, zone)
    born = day_of(start, zone)
    is_told = True
    for what, amount in steps:
        match what:
            case "pass":
                life.pass_time(amount)
            case "set":
                life.clock.ahead += amount * NS
                life.second()
            case _:
                is_told = is_told and not life.clock.ahead and not life.engine.gate.clock_offset
                life.boot()
                life.second()
        if not is_told or life.clock.ahead:
            continue
        if day_of(life.clock.monotonic(), zone) == born:
            assert life.result == LOSS, (what, amount, life.days)
    begun = [day for day, _ in life.days]
    assert begun == sorted(set(begun)), "a day begins once, and never an earlier one after a later"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", MOMENTS)
def test_a_day_that_passed_forgives_it_once(start: int, zone: str) -> None:
    life = Life(start, zone)
    for _ in range(40):
        life.pass_time(3600)
    assert life.result == 0
    assert all(told == true for told, true in life.days)
    assert len(life.days) == len({day for day, _ in life.days}) >= 2


def test_a_jump_ahead_begins_no_day_until_it_has_run_straight_for_a_minute() -> None:
    """And back again in that minute, nothing has happened."""
    life = Life(MOMENTS[-1], "Asia/Seoul")
    before = len(life.days)
    life.clock.ahead = 3600 * NS  # past midnight
    for _ in range(59):
        life.clock.advance(1)
        life.second()
    assert (life.result, len(life.days)) == (LOSS, before)
    life.clock.ahead = -3600 * NS
    for _ in range(200):
        life.clock.advance(0.25)
        life.second()
    assert (life.result, len(life.days)) == (LOSS, before)
