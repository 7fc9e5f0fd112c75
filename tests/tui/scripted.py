"""A desk whose figures are written down: a small real Desk for the screens, where every cell must be known. And a
person's hands: keys at human pace, on the terminal's clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
from textual import events
from textual.pilot import Pilot

from core.config import Console, Settings
from core.domain.account import Mode, TradingState
from core.domain.commands import Command
from core.domain.events import StrategyStatus
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, derived_client_order_id
from core.domain.instrument import Currency, Instrument, Kind
from core.domain.market import NS, Aggressor, Bar, Freshness, Interval, Phase
from core.domain.order import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from core.domain.signal import Step
from core.ports import Clock, Coverage, Page, Preview, Query, Receipt
from core.trading.story import Story
from core.trading.view import (
    BookRow,
    Changed,
    ChartRow,
    DayFacts,
    FeedRow,
    FillRow,
    Interest,
    LogRow,
    MarkKind,
    OrderRow,
    OwnMark,
    ParamRow,
    PnlRow,
    PositionRow,
    QuoteRow,
    ReconRow,
    Row,
    Slice,
    StatusRow,
    StrategyRow,
    TraceRow,
    chart_key,
)
from tests.scenes import krx_ticks
from tui.app import HogaApp
from tui.format import width

NOW = 1_763_600_000 * NS
KRW, USD = Currency("KRW"), Currency("USD")
MAIN = AccountId("paper:main")
SAMSUNG, HYNIX, APPLE = InstrumentId("XKRX:005930"), InstrumentId("XKRX:000660"), InstrumentId("XNAS:AAPL")
BITCOIN = InstrumentId("UPBIT:KRW-BTC")


def instrument(id: InstrumentId, name: str, name_ko: str, currency: Currency) -> Instrument:
    return Instrument(id=id, name=name, name_ko=name_ko, kind=Kind.STOCK, currency=currency, ticks=krx_ticks())


INSTRUMENTS = (
    instrument(SAMSUNG, "Samsung Electronics", "삼성전자", KRW),
    instrument(HYNIX, "SK hynix", "SK하이닉스", KRW),
    instrument(APPLE, "Apple", "애플", USD),
    instrument(BITCOIN, "Bitcoin", "비트코인", KRW),
)
_NAMED = {i.id: i for i in INSTRUMENTS}


def quote(id: InstrumentId, place: int, last: float | None, close: float, decimals: int = 0, **more: Any) -> QuoteRow:
    known = _NAMED[id]
    step = 10.0**-decimals if decimals else 100.0
    row = QuoteRow(
        key=id,
        instrument=id,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        kind=known.kind,
        currency=known.currency,
        decimals=decimals,
        last=last,
        previous_close=close,
        bid=last,
        bid_size=120.0,
        ask=None if last is None else last + step,
        ask_size=80.0,
        volume=8_200_000.0,
        received=NOW - NS // 5,
        freshness=Freshness.LIVE,
        phase=Phase.OPEN,
        position=place,
        spark=(1.0, 2.0, 2.0, 3.0, 5.0, 4.0, 6.0, 7.0, 9.0, 8.0),
    )
    return msgspec.structs.replace(row, **more)


def order(number: int, id: InstrumentId, side: Side, status: OrderStatus, **more: Any) -> OrderRow:
    known = _NAMED[id]
    key = derived_client_order_id("scripted", str(number))
    row = OrderRow(
        key=key,
        id=key,
        account=MAIN,
        instrument=id,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        currency=known.currency,
        decimals=0,
        side=side,
        quantity=Decimal(10),
        type=OrderType.LIMIT,
        limit_price=Decimal(70_800),
        stop_price=None,
        trail=None,
        time_in_force=TimeInForce.DAY,
        reduce_only=False,
        status=status,
        filled=Decimal(0),
        average_price=None,
        distance_ticks=-2,
        requested=None,
        requested_phase=None,
        reason="",
        source="keyboard",
        created=NOW - (20 + number) * NS,
        updated=NOW - (20 + number) * NS,
    )
    return msgspec.structs.replace(row, **more)


def status(**more: Any) -> StatusRow:
    row = StatusRow(
        key="status",
        mode=Mode.PAPER,
        badge="PAPER",
        account="main",
        base_currency=KRW,
        equity=Decimal(50_412_300),
        day=Decimal(312_450),
        day_fraction=0.0062,
        unrealised=Decimal(458_491),
        realised=Decimal(18_200),
        buying_power=Decimal(9_812_220),
        is_estimated=False,
        trading_state=TradingState.ACTIVE,
        gate="",
        feeds=(FeedRow(broker="paper", is_connected=True, text="", last_received=NOW),),
        unknown_orders=1,
        working_orders=2,
        journal="ok",
        dropped=0,
        replay="",
    )
    return msgspec.structs.replace(row, **more)


def position(id: InstrumentId, quantity: str, **more: Any) -> PositionRow:
    known = _NAMED[id]
    row = PositionRow(
        key=f"{MAIN}|{id}",
        account=MAIN,
        instrument=id,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        currency=known.currency,
        decimals=0,
        quantity=Decimal(quantity),
        average_price=Decimal(70_400),
        last=Decimal(71_000),
        unrealised=Decimal(72_000),
        unrealised_fraction=0.0085,
        day=Decimal(36_000),
        realised=Decimal(18_200),
        costs=Decimal(106),
        is_estimated=False,
        stop=Decimal(69_500),
        source="manual",
    )
    return msgspec.structs.replace(row, **more)


def pnl(scope: str, name: str, day: int, currency: Currency = KRW, **more: Any) -> PnlRow:
    row = PnlRow(
        key=f"{scope}:{name}",
        scope=scope,
        name=name,
        currency=currency,
        day=Decimal(day),
        realised=Decimal(18_200),
        unrealised=Decimal(458_491),
        fees=Decimal(106),
        taxes=Decimal(0),
        equity=Decimal(50_412_300),
        is_estimated=False,
        curve=tuple(float(v) for v in (1, 2, 3, 5, 4, 6, 7, 9)) if scope == "total" else (),
    )
    return msgspec.structs.replace(row, **more)


def strategy(name: str, state: StrategyStatus, **more: Any) -> StrategyRow:
    row = StrategyRow(
        key=name,
        name=name,
        kind="ma_cross",
        account=MAIN,
        instruments=(BITCOIN,),
        codes=("KRW-BTC",),
        status=state,
        signal="LONG",
        detail="fast 71,020 slow 70,980",
        target=1.0,
        position=Decimal("0.05"),
        profit=Decimal(310),
        currency=KRW,
        trades=4,
        next_bar=NOW + 5 * NS,
        text="",
    )
    return msgspec.structs.replace(row, **more)


CURVE = tuple(float(v) for v in (0, 40, 90, 60, 150, 430, 380, 310, 340, 310))
PARAMS = (
    ParamRow(name="fast", value="10", default="10", doc="Bars of the fast average."),
    ParamRow(name="slow", value="40", default="30", doc="Bars of the slow average."),
)


def trace(strategy: str = "ma-btc", **more: Any) -> TraceRow:
    """Waiting for a cross: the fourth condition is the answer."""
    known = _NAMED[BITCOIN]
    steps = (
        Step(name="running", passed=True),
        Step(name="market", passed=True),
        Step(name="quote", passed=True),
        Step(name="bar", value=NOW / NS - 20, unit="time", passed=True),
        Step(name="warm-up", value=110, relation=">=", limit=41, passed=True, unit="bars"),
        Step(
            name="ma10 above ma40",
            value=142_100_500.5,
            relation=">",
            limit=142_105_000.0,
            passed=False,
            unit="price",
        ),
        Step(name="cross on this bar"),
        *(Step(name=name) for name in ("not paused", "size", "trading", "risk", "order")),
    )
    row = TraceRow(
        key=f"{strategy}|{BITCOIN}",
        strategy=strategy,
        instrument=BITCOIN,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        decimals=0,
        bar=Bar(BITCOIN, Interval.M1, NOW - 80 * NS, 1.0, 1.0, 1.0, 1.0, 1.0),
        steps=steps,
        signal="FLAT",
        position=Decimal("0.05"),
        target=None,
        next_bar=NOW + 40 * NS,
    )
    return msgspec.structs.replace(row, **more)


def log(sequence: int, level: str, kind: str, text: str) -> LogRow:
    return LogRow(
        key=str(sequence), sequence=sequence, ts=NOW - (100 - sequence) * NS, level=level, kind=kind, text=text
    )


def own(number: int, side: Side, price: int | str, remaining: int, **more: Any) -> OwnMark:
    """A working order as the ladder knows it; the same numbers as `order` makes."""
    mark = OwnMark(
        id=derived_client_order_id("scripted", str(number)),
        kind=MarkKind.LIMIT,
        side=side,
        price=Decimal(price),
        remaining=Decimal(remaining),
        lives="paper",
    )
    return msgspec.structs.replace(mark, **more)


def book(id: InstrumentId = SAMSUNG) -> BookRow:
    known = _NAMED[id]
    return BookRow(
        key=id,
        instrument=id,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        decimals=0,
        bids=tuple((71_000.0 - 100 * i, 31_207.0 - 4000 * i) for i in range(6)),
        asks=tuple((71_100.0 + 100 * i, 4_105.0 + 3000 * i) for i in range(6)),
        last=71_000.0,
        previous_close=70_700.0,
        received=NOW,
        freshness=Freshness.LIVE,
        phase=Phase.OPEN,
        prints=((NOW, 71_000.0, 12.0, Aggressor.BUY), (NOW - NS, 71_100.0, 40.0, Aggressor.SELL)),
        own=(own(1, Side.BUY, 70_800, 10, ahead=14_900.0),),
        day=DayFacts(
            open=70_700.0,
            high=71_300.0,
            low=70_500.0,
            vwap=70_880.4,
            volume=8_214_300.0,
            is_partial=False,
            upper=Decimal(91_900),
            lower=Decimal(49_500),
            vi_upper=Decimal(77_800),
            vi_lower=Decimal(63_600),
        ),
    )


def walk(id: InstrumentId = SAMSUNG, interval: Interval = Interval.M1, count: int = 300) -> tuple[Bar, ...]:
    """Bars up to NOW, the same each time: sessions of 200 bars with a night of 100 between, the last one forming."""
    chance = random.Random(f"{id} {interval}")
    newest, close, bars = NOW - NOW % interval.ns, 71_000.0, []
    for back in range(count):
        open = close + 100 * chance.choice((-2, -1, -1, 0, 0, 1, 1, 2))
        high = max(open, close) + 100 * chance.choice((0, 0, 1))
        low = min(open, close) - 100 * chance.choice((0, 0, 1))
        ts = newest - (back + back // 200 * 100) * interval.ns
        volume = float(chance.randrange(500, 9_000))
        bars.append(Bar(id, interval, ts, open, high, low, close, volume, is_closed=back > 0))
        close = open
    return tuple(reversed(bars))


def chart(bars: tuple[Bar, ...] | None = None, **more: Any) -> ChartRow:
    """The chart's row, with the newest bars of `walk` unless told otherwise."""
    told = walk()[-2:] if bars is None else bars
    known = _NAMED[SAMSUNG]
    row = ChartRow(
        key=chart_key(SAMSUNG, Interval.M1),
        instrument=SAMSUNG,
        interval=Interval.M1,
        code=known.code,
        name=known.name,
        name_ko=known.name_ko,
        currency=known.currency,
        decimals=0,
        tick=100.0,
        bars=told,
        last=told[-1].close if told else None,
        previous_close=70_700.0,
        received=NOW,
        freshness=Freshness.LIVE,
        phase=Phase.OPEN,
    )
    return msgspec.structs.replace(row, **more)


def recon(kind: str, key: str = "", **more: Any) -> ReconRow:
    row = ReconRow(key=f"{MAIN}|{kind}|{key}", account=MAIN, kind=kind, is_ok=False, ts=NOW - 12 * NS)
    return msgspec.structs.replace(row, **more)


LOST = {"instrument": HYNIX, "client_order_id": order(2, HYNIX, Side.SELL, OrderStatus.UNKNOWN).id}
RECON = (
    recon(
        "reading",
        is_ok=True,
        ours="3 live orders, 12 fills, 2 positions",
        theirs="3 orders, 12 fills, 2 positions, 2 cash",
        text="all was read",
    ),
    recon(
        "unknown",
        "2",
        ours="cccc SELL 10 000660 @182500",
        text="the answer is lost: the venue is asked until it tells",
        **LOST,
    ),
    *(
        recon(
            "candidate",
            f"2|{ref}",
            theirs=f"{ref} SELL 10 000660 @182500 open",
            text=f"taken {late} s from our send, by {way}",
            ref=ref,
            **LOST,
        )
        for ref, late, way in (("0000117057", "+0.4", "API"), ("0000117061", "+3.1", "phone"))
    ),
    recon(
        "frozen",
        SAMSUNG,
        theirs="+20 005930",
        text="not explained by our fills (unknown); strategies leave it alone",
        instrument=SAMSUNG,
    ),
    recon("odd", "0", text="UPBIT:KRW-BTC: the venue has an order not made here (its number c-88); look at it there"),
)


def usual_rows() -> dict[Slice, tuple[Row, ...]]:
    """A calm afternoon, and one of everything that must be seen."""
    return {
        Slice.STATUS: (status(),),
        Slice.QUOTES: (
            quote(SAMSUNG, 0, 71_000.0, 70_700.0),
            quote(HYNIX, 1, 182_500.0, 184_500.0, freshness=Freshness.STALE, received=NOW - 42 * NS),
            quote(APPLE, 2, 227.31, 226.97, 2, phase=Phase.HALTED),
            quote(BITCOIN, 3, 142_105_000.0, 142_105_000.0, phase=Phase.VI),
        ),
        Slice.POSITIONS: (
            position(SAMSUNG, "120"),
            position(
                BITCOIN, "0.05", stop=None, unrealised=Decimal(-44_750), unrealised_fraction=-0.0063, is_estimated=True
            ),
        ),
        Slice.ORDERS: (
            order(1, SAMSUNG, Side.BUY, OrderStatus.OPEN),
            order(2, HYNIX, Side.SELL, OrderStatus.UNKNOWN, reason="the answer is lost; asking the venue"),
            order(3, HYNIX, Side.SELL, OrderStatus.OPEN, filled=Decimal(4)),
            order(4, APPLE, Side.BUY, OrderStatus.REJECTED, reason="APBK0919 market closed"),
        ),
        Slice.PNL: (pnl("total", "total", 312_450), pnl("account", MAIN, 312_450), pnl("currency", "KRW", 312_450)),
        Slice.STRATEGIES: (
            strategy("ma-btc", StrategyStatus.RUNNING, params=PARAMS, drawdown=Decimal(-120), curve=CURVE),
            strategy("rsi-kr", StrategyStatus.PAUSED, text="paused by keyboard", params=PARAMS),
        ),
        Slice.LOG: (
            log(1, "info", "FEED", "paper connected"),
            log(2, "info", "SENT", "a91f BUY 10 삼성전자 70,800"),
            log(3, "warning", "RISK", "denied BUY 900: max_order_value"),
        ),
        Slice.RECON: RECON,
        Slice.BOOK: (book(),),
        Slice.CHART: (chart(),),
        Slice.TRACE: (trace(), trace("rsi-kr")),
    }


class ScriptedDesk:
    """Shows `rows`, keeps every command, answers with `answer`. `push` changes the picture."""

    def __init__(self, rows: dict[Slice, tuple[Row, ...]] | None = None) -> None:
        self.rows = usual_rows() if rows is None else rows
        self.sent: list[Command] = []
        self.answer = Receipt(is_ok=True, text="taken")
        self.refusal = ""
        self.clock = NOW
        self.past = {(SAMSUNG, Interval.M1): walk()}
        self.fills: tuple[FillRow, ...] = ()
        self.asked: list[tuple[InstrumentId, Interval, int, int]] = []
        """What was asked of the past."""
        self._ids = count(1)
        self._later: list[tuple[Interest, asyncio.Queue[Changed]]] = []

    async def watch(self, interest: Interest) -> AsyncIterator[Changed]:
        queue: asyncio.Queue[Changed] = asyncio.Queue()
        self._later.append((interest, queue))
        for part in Slice:
            if part in interest.slices and self.rows.get(part):
                yield Changed(slice=part, revision=1, put=self.rows[part])
        while True:
            yield await queue.get()

    def push(self, part: Slice, put: Iterable[Row] = (), gone: Iterable[str] = ()) -> None:
        change = Changed(slice=part, revision=2, put=tuple(put), gone=tuple(gone))
        for interest, queue in self._later:
            if part in interest.slices:
                queue.put_nowait(change)

    async def send(self, command: Command) -> Receipt:
        self.sent.append(command)
        return self.answer

    async def preview(self, request: OrderRequest) -> Preview:
        price = request.limit_price or Decimal(71_100)
        return Preview(
            notional=price * request.quantity,
            currency="KRW",
            notional_base=price * request.quantity,
            costs=Decimal(106),
            position_after=request.quantity,
            buying_power_after=Decimal(9_104_220),
            distance_ticks=0,
            nav_fraction=0.014,
            checks_passed=19 if not self.refusal else 3,
            checks_total=19,
            rule=self.refusal,
            text="the order is worth too much (limit 5, actual 6)" if self.refusal else "",
        )

    async def search(self, text: str) -> list[Instrument]:
        return [i for i in INSTRUMENTS if text in (i.code, i.name, i.name_ko)]

    async def bars(self, instrument: InstrumentId, interval: Interval, since: int, until: int) -> Coverage:
        self.asked.append((instrument, interval, since, until))
        bars = tuple(bar for bar in self.past.get((instrument, interval), ()) if since <= bar.ts < until)
        return Coverage(bars=bars, start=bars[0].ts if bars else None, end=bars[-1].ts if bars else None)

    async def story(self, key: str) -> Story:
        return Story(what="instrument", subject=key)

    async def history(self, query: Query) -> Page:
        return Page(rows=self.fills if query.what == "fills" else ())

    def new_order_id(self) -> ClientOrderId:
        return derived_client_order_id("hands", str(next(self._ids)))

    def now(self) -> int:
        return self.clock


_KEYS = {
    " ": "space",
    "!": "exclamation_mark",
    "/": "slash",
    ":": "colon",
    "?": "question_mark",
    "+": "plus",
    "-": "minus",
}
_KEYS |= {"@": "at", "=": "equals_sign", ",": "comma", ".": "full_stop", "#": "number_sign", "%": "percent_sign"}


class Hands:
    """A person at the keyboard of an app that runs under a pilot."""

    def __init__(self, app: HogaApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot
        self.at = 1000.0
        """The terminal's clock, seconds."""

    async def press(self, *keys: str, gap: float = 0.4) -> None:
        """Keys by Textual's names, or characters, `gap` seconds apart."""
        for key in keys:
            self.at += gap
            character = key if len(key) == 1 else None
            event = events.Key(_KEYS.get(key, key), character)
            event.time = self.at  # type: ignore[misc]
            self.app.post_message(event)
        await self.pilot.pause()

    async def type(self, text: str, gap: float = 0.08) -> None:
        await self.press(*text, gap=gap)

    async def paste(self, text: str) -> None:
        self.at += 0.4
        event = events.Paste(text)
        event.time = self.at  # type: ignore[misc]
        self.app.post_message(event)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], turns: int = 2000) -> None:
        """Let the app work until `condition` holds; fails when it never does."""
        for _ in range(turns):
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came true; the screen:\n{self.text}")

    @property
    def lines(self) -> list[str]:
        """The screen as text, one string a row."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def check_rows(lines: list[str], wide: int, high: int) -> None:
    """Every row is exactly `wide` cells, Hangul counted as two."""
    assert len(lines) == high
    assert {width(line) for line in lines} == {wide}, [line for line in lines if width(line) != wide]


@asynccontextmanager
async def console(
    desk: Any = None,
    *,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[Hands]:
    """The console on a desk, its first figures on the screen. `clock` paces the screen; without one real time does."""
    app = HogaApp(desk or ScriptedDesk(), settings or Settings(console=Console(**options)), clock=clock)
    async with app.run_test(size=size) as pilot:
        hands = Hands(app, pilot)
        await hands.until(lambda: app.picture.status is not None and len(app.instruments) >= len(app.picture.quotes()))
        await pilot.pause(0.15)
        yield hands
