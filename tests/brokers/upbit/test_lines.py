"""Upbit's lines: what is asked on them and how it is told apart, gaps that are filled or named, limits and blocks."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.http import Ask
from brokers.upbit import stream, wire
from brokers.upbit.budget import Block, Budgets, Kept
from brokers.upbit.settings import UpbitSettings
from core.clock import ManualClock
from core.domain.errors import AuthFailed, BrokerError, OrderRejected, RateLimited
from core.domain.events import InstrumentListed, Noticed, RateChanged
from core.domain.market import NS, Interval, OrderBook, Quote, Trade
from core.ports import Subscription, Unread
from tests.contract.session import CLOCK, Session, until
from tests.simulators.faults import Fault
from tests.simulators.upbit.plug import CODE, UpbitPlug

D = Decimal


async def printed(session: Session, *prices: float) -> None:
    venue: Any = session.plug.venue  # type: ignore[attr-defined]
    market = venue.exchange.markets[CODE]
    for price in prices:
        venue.streams.printed(market, D(repr(price)), D(1), "BID")
        await CLOCK.sleep(0.002)


# --- what is asked -------------------------------------------------------------------------------------------------


def test_one_message_names_the_whole_subscription() -> None:
    topics = ["orderbook.15 KRW-BTC", "orderbook.1 KRW-XRP", "trade KRW-BTC", "candle.1m KRW-BTC", "ticker KRW-XRP"]
    first, *parts, last = json.loads(stream.request(topics, "SIMPLE"))
    assert set(first) == {"ticket"} and last == {"format": "SIMPLE"}
    assert {part["type"]: part["codes"] for part in parts} == {
        "orderbook": ["KRW-XRP.1", "KRW-BTC.15"],
        "trade": ["KRW-BTC"],
        "ticker": ["KRW-XRP"],
        "candle.1m": ["KRW-BTC"],
    }
    assert json.loads(stream.request(topics, "SIMPLE"))[0] != first, "each message has a ticket of its own"


@pytest.mark.parametrize("stream_format", ["DEFAULT", "SIMPLE"])
async def test_both_formats_bring_the_same(plug: UpbitPlug, stream_format: str) -> None:
    session = Session(plug, plug.broker(stream_format=stream_format))
    await session.open()
    await session.broker.instruments()
    await session.watch(depth=True)
    await until(lambda: session.of(OrderBook))
    await printed(session, 71_000.0, 71_050.0)
    await until(lambda: len(session.of(Trade)) == 2)
    assert [trade.price for trade in session.of(Trade)] == [71_000, 71_050]
    assert session.of(OrderBook)[-1].bids[0] == (71_000.0, 1000.0) and len(session.of(OrderBook)[-1].asks) == 15
    assert session.broker.unreadable == 0 and session.of(Noticed) == []  # type: ignore[attr-defined]
    await session.close()


async def test_a_thousand_changes_of_mind_are_few_messages(session: Session) -> None:
    """The venue allows five messages a second on a line: more would end it."""
    ids = [item.id for item in await session.broker.instruments()][:20]
    for number in range(3):
        await session.broker.subscribe(frozenset(Subscription(id) for id in ids[number:]))
    wanted = frozenset(Subscription(id) for id in ids[:3])
    await session.broker.subscribe(wanted)
    await until(lambda: {quote.instrument for quote in session.of(Quote)} >= {item.instrument for item in wanted})
    assert session.of(Noticed) == [] and session.error is None


async def test_of_two_wishes_that_wait_the_later_one_counts(session: Session) -> None:
    """The earlier one waits for its turn; the later one is what is asked for already."""
    broker: Any = session.broker
    ids = [item.id for item in await broker.instruments()][:2]
    both, one = frozenset(Subscription(id) for id in ids), frozenset({Subscription(ids[0])})
    for wanted in (both, one, both):  # no message more for a while
        await broker.subscribe(wanted)
    earlier = asyncio.ensure_future(broker.subscribe(one))
    await CLOCK.sleep(0)
    assert not earlier.done()
    await broker.subscribe(both)
    await earlier
    code = ids[1].partition(":")[2]
    assert {topic for topic in broker.market.socket.wanted if topic.endswith(code)}


async def test_a_market_of_which_nothing_comes_is_not_asked_for_without_end(session: Session) -> None:
    venue: Any = session.plug.venue  # type: ignore[attr-defined]
    heard: list[str] = []
    real = venue.message

    def message(line: Any, text: str) -> None:
        heard.append(text)
        real(line, text)

    venue.message = message
    await session.broker.subscribe(frozenset({Subscription("UPBIT:KRW-GONE")}))  # type: ignore[arg-type]
    await CLOCK.sleep(2.2)
    assert 2 <= sum("KRW-GONE" in text for text in heard) <= stream.GIVEN_UP + 1


# --- gaps ----------------------------------------------------------------------------------------------------------


async def test_prints_that_were_missed_come_before_those_after_them(session: Session) -> None:
    await session.broker.instruments()
    await printed(session, 70_900.0)
    await session.watch(depth=True)
    await until(lambda: session.of(OrderBook))
    await printed(session, 71_000.0)
    await until(lambda: session.of(Trade))
    session.plug.faults.put("upgrade", Fault.DROP_BEFORE_ACCEPT)
    for line in [line for line in session.plug.venue.server.streams if line.place == "market"]:  # type: ignore[attr-defined]
        line.abort()
    await until(lambda: any(event.kind == "FEED" for event in session.of(Noticed)))
    await printed(session, 71_050.0, 71_100.0, 71_150.0)
    session.events.clear()
    await until(lambda: session.of(Quote))
    await printed(session, 71_200.0)
    await until(lambda: len(session.of(Trade)) >= 4)
    assert [trade.price for trade in session.of(Trade)] == [71_050, 71_100, 71_150, 71_200]
    assert not any("missing" in event.text for event in session.of(Noticed))


async def test_prints_that_cannot_be_had_are_named(session: Session) -> None:
    await session.broker.instruments()
    await session.watch(depth=True)
    await until(lambda: session.of(OrderBook))
    await printed(session, 71_000.0)
    await until(lambda: session.of(Trade))
    session.plug.faults.put("quotation", Fault.HTTP_500, times=3)
    for line in [line for line in session.plug.venue.server.streams if line.place == "market"]:  # type: ignore[attr-defined]
        line.abort()
    await until(lambda: any("are missing" in event.text for event in session.of(Noticed)))
    await printed(session, 71_200.0)
    await until(lambda: session.of(Trade)[-1].price == 71_200)


async def test_a_print_that_is_repeated_is_one_print(session: Session) -> None:
    await session.broker.instruments()
    await session.watch(depth=True)
    await until(lambda: session.of(OrderBook))
    session.plug.faults.put("market", Fault.DUPLICATE_EVENT, times=60)
    await printed(session, 71_000.0, 71_050.0, 71_100.0)
    await until(lambda: session.of(Trade) and session.of(Trade)[-1].price == 71_100)
    await CLOCK.sleep(0.05)
    assert [trade.price for trade in session.of(Trade)] == [71_000, 71_050, 71_100]


# --- keys, clocks, limits ------------------------------------------------------------------------------------------


async def test_a_bad_key_that_a_frame_tells_stops_it_too(plug: UpbitPlug) -> None:
    plug.venue.refuses_by_frame = True
    broker = plug.with_wrong_key()
    with pytest.raises(AuthFailed):
        await broker.connect()
    await broker.close()


@pytest.mark.parametrize("name", ["no_authorization_ip", "no_authorization_i_p", "out_of_scope", "expired_access_key"])
async def test_a_key_that_may_not_is_said_by_name(session: Session, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.simulators.upbit.exchange import Refused

    def refuse(*_: object) -> None:
        raise Refused(403 if name == "out_of_scope" else 401, name, "아니요")

    monkeypatch.setattr(session.plug.venue, "_private", refuse)  # type: ignore[attr-defined]
    with pytest.raises(AuthFailed, match=name):
        await session.broker.accounts()
    snapshot = await session.snapshot()
    assert isinstance(snapshot.orders, Unread) and name in snapshot.orders.reason
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, OrderRejected) and sent.error.code == name


async def test_a_nonce_that_was_seen_is_answered_with_a_new_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.simulators.upbit import signature
    from tests.simulators.upbit.exchange import Refused

    real, refused = signature.account_of, []

    def once(*given: Any) -> str:
        account = real(*given)
        if not refused:
            refused.append(1)
            raise Refused(401, "nonce_used", "이미 요청한 nonce값이 다시 사용되었습니다.")
        return account

    monkeypatch.setattr(signature, "account_of", once)
    assert await session.broker.accounts()
    assert refused


async def test_a_clock_that_is_minutes_off_is_measured_and_stops_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature holds no time. Listings are asked for with room for a clock that is slow or fast."""
    sent = await session.rest("1", "70000")
    broker: Any = session.broker
    real = CLOCK.now
    for pocket in broker.pockets.values():
        for owner in (pocket, pocket.exchange):
            monkeypatch.setattr(owner, "_clock", _Shifted(-20 * 60 * NS, real))
    snapshot = await session.snapshot()
    assert [row.ref for row in snapshot.orders] == [sent.ref]  # type: ignore[union-attr]
    assert abs(snapshot.clock_offset - 20 * 60 * NS) < 3 * NS


class _Shifted:
    def __init__(self, offset: int, real: Any) -> None:
        self._offset, self._real = offset, real
        self.monotonic, self.sleep = CLOCK.monotonic, CLOCK.sleep

    def now(self) -> int:
        return self._real() + self._offset


def reply(status: int, body: str = "", **headers: str) -> Any:
    from brokers.http import Reply

    return Reply(status=status, headers=headers, body=body.encode())


async def test_what_others_use_of_our_limit_is_not_used_twice() -> None:
    clock = ManualClock(1_790_000_000 * NS)
    budgets = Budgets(UpbitSettings(), clock, is_private=True)
    limit = budgets.limits["order"]
    assert limit.wait_seconds(urgent=True) == 0 and limit.limit == 12
    budgets.heard(Ask(path="/orders", group="order"), reply(201, **{"remaining-req": "group=order; min=200; sec=0"}))
    assert limit.wait_seconds(urgent=True) == 1.0 and budgets.left == {"order": 0}
    budgets.heard(Ask(path="/orders", group="order"), reply(201, **{"remaining-req": "group=default; min=9; sec=0"}))
    budgets.heard(Ask(path="/orders", group="order"), reply(201, **{"remaining-req": "what is this"}))
    assert budgets.limits["default"].wait_seconds() == 0


async def test_the_limits_of_the_venue_are_kept_under_load(plug: UpbitPlug) -> None:
    """With the true limits: sixty questions at once are answered, and none of them is one too many."""
    plug.venue.limits._factor = 1.0
    session = Session(plug, plug.broker(orders_per_second=12, calls_per_second=30, quotes_per_second=10))
    await session.open()
    broker: Any = session.broker

    await asyncio.gather(*(broker.accounts() for _ in range(30)))
    sent = [await session.send(plug.request("buy", "1", "70000")) for _ in range(14)]
    assert sum(isinstance(one.error, RateLimited) for one in sent) <= 6, "held back here, not refused there"
    assert not any(isinstance(one.error, OrderRejected) for one in sent)
    await session.close()


# --- shut out ------------------------------------------------------------------------------------------------------


async def test_a_block_is_kept_over_a_restart_and_says_until_when(plug: UpbitPlug) -> None:
    session = Session(plug)
    await session.open()
    plug.faults.put("list", Fault.HTTP_418, seconds=30.0)
    await session.snapshot()
    await session.close()
    before = len(plug.traffic())
    again = plug.broker()
    with pytest.raises(RateLimited, match=r"until [0-9:]{8} UTC") as caught:
        await again.connect()
    assert 25 < caught.value.retry_after <= 30
    with pytest.raises(BrokerError):
        await again.instruments()
    with pytest.raises(BrokerError):
        await again.accounts()
    await again.close()
    assert len(plug.traffic()) == before
    assert not [deed for deed in plug.truth() if deed.what == "intrusion"]


async def test_a_block_at_the_door_of_a_stream_counts_too(plug: UpbitPlug) -> None:
    plug.faults.put("upgrade", Fault.HTTP_418, seconds=30.0)
    broker = plug.broker()
    with pytest.raises(BrokerError):
        await broker.connect()
    before = len(plug.traffic())
    with pytest.raises(RateLimited, match="until"):
        await broker.connect()
    with pytest.raises(BrokerError):
        await broker.instruments()
    assert len(plug.traffic()) == before
    await broker.close()


async def test_a_new_connection_forgets_neither_what_was_used_nor_a_rest(session: Session) -> None:
    """The limits are the key's and the address's, not the line's."""
    broker: Any = session.broker
    (pocket, *_) = broker.pockets.values()
    for _ in range(250):
        pocket.exchange.budgets.limits["default"].use()
    for _ in range(90):
        broker.quotations.budgets.limits["orderbook"].use()
    pocket.exchange.http.hold(20, "order")
    await broker.connect()
    assert pocket.exchange.budgets.limits["default"].used >= 250
    assert broker.quotations.budgets.limits["orderbook"].used >= 90
    assert pocket.exchange.http.held_seconds("order") > 15
    sent = await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance(sent.error, RateLimited)


def test_blocks_grow_where_they_do_not_say_how_long_they_are(tmp_path: Path) -> None:
    clock = ManualClock(1_790_000_000 * NS)
    block = Block(clock, tmp_path / "state.json")
    assert block.silence(reply(429), 0.7) == 0.7 and block.seconds == 0
    assert [block.silence(reply(418, "<html>"), 1) for _ in range(3)] == [60, 120, 240]
    block.over()
    assert block.silence(reply(418, "{}"), 1) == 60
    assert 239 < block.seconds <= 240, "a shorter one never ends a longer one"
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    assert Block(clock, tmp_path / "state.json").until == block.until


def test_a_clock_that_is_set_ends_no_block(tmp_path: Path) -> None:
    """After a jump all lines are opened anew: that is when somebody would ask."""

    class Jumping(ManualClock):
        jump = 0

        def now(self) -> int:
            return super().now() + self.jump

    clock = Jumping(1_790_000_000 * NS)
    block = Block(clock, tmp_path / "state.json")
    block.silence(reply(418, "{}"), 1)
    clock.jump = 3600 * NS
    assert block.seconds == 60
    clock.jump = -3600 * NS
    assert block.seconds == 60
    clock.advance(61)
    assert block.seconds == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"until":"x"}', b"\xff\xfe", b"[]"])
def test_a_broken_state_file_is_no_block(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content)
    assert Block(ManualClock(1_790_000_000 * NS), file).seconds == 0


def test_a_state_file_of_another_age_does_not_shut_us_out_for_good(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(msgspec.json.encode(Kept(until=10**19)))
    assert Block(ManualClock(1_790_000_000 * NS), file).seconds <= 3 * 86_400


# --- markets -------------------------------------------------------------------------------------------------------


async def test_warnings_new_markets_and_ended_ones_are_told(session: Session) -> None:
    broker, exchange = session.broker, session.plug.venue.exchange  # type: ignore[attr-defined]
    await broker.instruments()
    market = exchange.markets[CODE]
    market.cautions.add("PRICE_FLUCTUATIONS")
    gone = exchange.markets.pop("KRW-ZIL")
    events = await broker.listing.refresh(broker.quotations, CLOCK.now())  # type: ignore[attr-defined]
    listed = {event.instrument.code: event.instrument for event in events if isinstance(event, InstrumentListed)}
    assert listed[CODE].warnings == ("price_fluctuations",) and not listed[gone.code].is_tradable
    texts = " ".join(event.text for event in events if isinstance(event, Noticed))
    assert "upbit warns: price_fluctuations" in texts and "no longer lists" in texts
    assert await broker.listing.refresh(broker.quotations, CLOCK.now()) == []  # type: ignore[attr-defined]


async def test_an_asset_is_money_or_a_holding(plug: UpbitPlug) -> None:
    """With USDT as money its markets can be traded, its won market is the exchange rate, and its coins are pooled."""
    session = Session(plug, plug.broker(cash=("KRW", "USDT")))
    plug.venue.exchange.wallet("main", "USDT").free = D(1000)
    plug.venue.exchange.wallet("main", "XRP").free = D(40)
    await session.open()
    items = {item.code: item for item in await session.broker.instruments()}
    assert [items[code].is_tradable for code in ("KRW-XRP", "USDT-XRP", "KRW-USDT", "BTC-XRP", "USDT-BTC")] == [
        *(True, True, False, False, True)
    ]
    snapshot = await session.snapshot()
    assert snapshot.positions == {"UPBIT:KRW-XRP": 40}
    assert {b.currency: b.available for b in snapshot.balances} == {  # type: ignore[union-attr]
        "KRW": D(10_000_000_000),
        "USDT": D(1000),
    }
    assert snapshot.pooled[items["USDT-XRP"].id] == items["KRW-XRP"].id
    await session.broker.subscribe(frozenset({Subscription(items["KRW-USDT"].id)}))
    await until(lambda: session.of(RateChanged))
    assert (session.of(RateChanged)[0].currency, session.of(RateChanged)[0].rate) == ("USDT", D(1450))
    await session.close()


async def test_without_keys_it_is_a_feed(plug: UpbitPlug) -> None:
    from brokers.upbit.broker import UpbitBroker
    from core.domain.errors import NotConnected, Unsupported
    from tests.contract.session import order_of

    broker = UpbitBroker(plug.settings(accounts={}), CLOCK, {})
    session = Session(plug, broker)
    await session.open()
    await session.watch()
    await until(lambda: session.of(Quote))
    assert await broker.accounts() == []
    with pytest.raises(Unsupported, match="no key"):
        broker.prepare(order_of(plug.request("buy", "1", "70000")))
    await session.close()
    await plug.act("down")
    with pytest.raises(NotConnected):
        await broker.connect()
    await broker.close()


async def test_candles_of_every_length(session: Session) -> None:
    now = CLOCK.now()
    broker: Any = session.broker
    for interval in Interval:
        since = now - 30 * interval.ns
        coverage = await broker.bars(session.plug.instrument.id, interval, since, now)
        times = [bar.ts for bar in coverage.bars]
        assert times == sorted(set(times)) and len(times) > 10, interval
        assert all(ts % interval.ns == 0 and since <= ts < now for ts in times), interval
        assert [bar.is_closed for bar in coverage.bars[:-1]] == [True] * (len(times) - 1)
    for unit in ("minutes/10", "minutes/240", "weeks", "months", "years"):
        rows = await broker.quotations.candles(unit, CODE, count=3)
        assert all(isinstance(row, wire.RestCandle) for row in rows) and len(rows) == 3
    long = await broker.bars(session.plug.instrument.id, Interval.M1, now - 900 * 60 * NS, now)
    assert len(long.bars) > 700 and len({bar.ts for bar in long.bars}) == len(long.bars)


async def test_many_are_canceled_at_once(session: Session) -> None:
    sent = [await session.rest("1", price) for price in ("70000", "69950", "69900")]
    exchange: Any = session.broker.pockets[session.plug.account].exchange  # type: ignore[attr-defined]
    told = await exchange.cancel_many([sent[0].ref, "0d1f5a2e-7c1b-4a53-9a55-000000000000"])
    assert (told.success.count, told.failed.count) == (1, 1)
    told = await exchange.cancel_open(pairs=(CODE,))
    assert told.success.count == 2
    await until(lambda: all(session.ends(one.id) for one in sent))
    chance = await exchange.chance(CODE)
    assert chance.bid_fee == D("0.0005") and chance.market.id == CODE


async def test_the_dry_run_places_nothing(session: Session) -> None:
    exchange: Any = session.broker.pockets[session.plug.account].exchange  # type: ignore[attr-defined]
    body = msgspec.json.encode(
        wire.Placing(market=CODE, side="bid", ord_type="limit", volume="1", price="70000", identifier="dry")
    )
    assert (await exchange.test_order(body)).market == CODE
    assert session.plug.venue.exchange.orders == {}  # type: ignore[attr-defined]


async def test_what_is_used_of_its_limits_is_told_for_the_screen(plug: UpbitPlug, tmp_path: Path) -> None:
    from brokers.paper.broker import PaperBroker
    from brokers.paper.settings import PaperSettings
    from core.runtime.system import System
    from tests.contract.console import running

    async with running(plug, tmp_path / "journal.db") as console:
        rates = {rate.what: rate for rate in System(console.runner).row(CLOCK.now(), 0).rates}
        assert set(rates) == {"orders", "account", "quotations"}
        assert (rates["account"].limit, rates["quotations"].limit) == (300, 100)
        before = rates["account"].used
        await console.reconcile()
        rates = {rate.what: rate for rate in System(console.runner).row(CLOCK.now(), 0).rates}
        assert rates["account"].used >= before + 4
    feeding = PaperBroker(PaperSettings(), CLOCK, feed=plug.broker())
    assert [budget.what for budget in feeding.budgets()] == ["account", "quotations"]
