"""The lines to a venue: opened, lost, noticed, brought back; what is wanted on them, and what they cost."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from core.domain.errors import AuthFailed, BrokerError, NotConnected, RateLimited
from core.domain.events import FeedChanged, Noticed
from core.domain.market import NS, Freshness, OrderBook, Quote
from core.ports import Subscription
from tests.contract.session import CLOCK, Session, parts, seconds_since, unread, until
from tests.simulators.faults import CLOSE_CODES, Fault
from tests.simulators.plug import Plug


async def away(session: Session) -> None:
    """Wait until the broker itself says that its line is gone."""
    await until(
        lambda: (
            isinstance(session.error, NotConnected)
            or any(not event.is_connected for event in session.of(FeedChanged))
            or any(event.kind == "FEED" for event in session.of(Noticed))
        )
    )


async def again(session: Session) -> None:
    """As the runner does after a loss: connect anew and listen."""
    for _ in range(20):
        try:
            await session.broker.connect()
        except BrokerError:
            await CLOCK.sleep(0.05)
        else:
            session.listen()
            return
    raise AssertionError("it does not connect again")


# --- connect, close --------------------------------------------------------------------------------------------------


async def test_close_ends_the_events(session: Session) -> None:
    await session.broker.close()
    await until(lambda: session.is_over)
    assert session.error is None or isinstance(session.error, NotConnected)


async def test_close_may_be_repeated_and_come_before_connect(plug: Plug) -> None:
    broker = plug.broker()
    await broker.close()
    await broker.connect()
    await broker.close()
    await broker.close()


async def test_it_connects_again_after_close_with_what_was_wanted(session: Session) -> None:
    await session.watch()
    await session.plug.quote(71_000, 71_100)
    await until(lambda: session.of(Quote))
    await session.broker.close()
    await until(lambda: session.is_over)
    session.events.clear()
    await again(session)
    await session.watch()
    await session.plug.quote(71_000, 71_100)
    await until(lambda: session.of(Quote))


@pytest.mark.wire
async def test_a_venue_that_is_down_is_not_connected(plug: Plug) -> None:
    await plug.act("down")
    broker = plug.broker()
    with pytest.raises(NotConnected):
        await broker.connect()
    await broker.close()


@pytest.mark.wire
async def test_nothing_goes_out_before_connect(plug: Plug) -> None:
    broker = plug.broker()
    await broker.subscribe(frozenset({Subscription(plug.instrument.id)}))
    assert plug.traffic() == []
    await broker.close()


# --- what is wanted --------------------------------------------------------------------------------------------------


async def test_a_subscription_brings_a_picture_and_then_the_changes(session: Session) -> None:
    await session.watch()
    await session.plug.quote(71_000, 71_100)
    await until(lambda: session.of(Quote))
    await session.plug.quote(70_500, 70_600)
    await until(lambda: session.of(Quote)[-1].bid == 70_500)


async def test_quotes_have_two_sides_both_times_and_are_live(session: Session) -> None:
    await session.watch(depth=True)
    await session.plug.quote(71_000, 71_100)
    await until(lambda: session.of(Quote))
    now = CLOCK.now()
    for event in session.of(Quote):
        assert event.instrument == session.plug.instrument.id and 0 < event.bid < event.ask
        assert event.bid_size > 0 and event.ask_size > 0 and event.freshness is Freshness.LIVE
        assert abs(now - event.received) < 60 * NS and abs(event.received - event.ts) < 60 * NS
    for book in session.of(OrderBook):
        assert [p for p, _ in book.bids] == sorted((p for p, _ in book.bids), reverse=True)
        assert [p for p, _ in book.asks] == sorted(p for p, _ in book.asks)
        assert len(book.bids) <= max(session.broker.capabilities.book_depth, 1)


async def test_subscribe_is_the_whole_set(session: Session) -> None:
    """What is no longer in it is no longer sent, and asking for the same twice changes nothing."""
    if not session.plug.has_wire:
        pytest.skip("a driven market passes everything on")
    await session.watch()
    await session.watch()
    await until(lambda: session.of(Quote))
    others = [item.id for item in await session.broker.instruments() if item.id != session.plug.instrument.id]
    await session.broker.subscribe(frozenset({Subscription(others[0])}))
    await until(lambda: session.of(Quote)[-1].instrument == others[0])
    session.events.clear()
    await session.plug.quote(70_500, 70_600)
    await CLOCK.sleep(0.2)
    assert {event.instrument for event in session.of(Quote)} <= {others[0]}


async def test_nothing_wanted_is_a_quiet_line_not_a_dead_one(session: Session) -> None:
    await session.broker.subscribe(frozenset())
    await CLOCK.sleep(session.plug.silence_seconds * 2)
    assert session.error is None and session.of(Noticed) == []


@pytest.mark.wire
async def test_an_unheard_subscription_is_asked_for_again(session: Session) -> None:
    session.plug.faults.put("ack", Fault.DROP_BEFORE_ACCEPT, times=2)
    await session.watch()
    await until(lambda: session.of(Quote))
    assert session.error is None


# --- lost and noticed ------------------------------------------------------------------------------------------------


@pytest.mark.wire
@pytest.mark.parametrize("place", ["market", "private"])
@pytest.mark.parametrize("code", CLOSE_CODES)
async def test_a_closed_stream_is_noticed_and_comes_back(session: Session, code: int, place: str) -> None:
    plug = session.plug
    await session.watch()
    await until(lambda: session.of(Quote))
    plug.faults.put(place, Fault.CLOSE, code=code)
    await session.rest()
    await plug.quote(70_900, 71_000)
    await away(session)
    if session.error is not None:
        await again(session)
        await session.watch()
    session.events.clear()
    await until(lambda: session.of(Quote))
    sent = await session.rest()
    await session.broker.cancel(sent.open_order)
    await until(lambda: session.ends(sent.id))


@pytest.mark.wire
@pytest.mark.parametrize("fault", [Fault.TRUNCATED_FRAME, Fault.HALF_OPEN])
async def test_a_broken_market_stream_comes_back_with_quotes(session: Session, fault: Fault) -> None:
    await session.watch()
    await until(lambda: session.of(Quote))
    session.plug.faults.put("market", fault)
    await away(session)
    session.events.clear()
    if session.error is not None:
        await again(session)
    await until(lambda: session.of(Quote))


@pytest.mark.wire
async def test_silence_is_noticed_by_data_not_by_heartbeats(session: Session) -> None:
    """The venue's heartbeats and pongs go on; its quotes do not."""
    await session.watch()
    await until(lambda: session.of(Quote))
    await session.plug.act("freeze")
    frozen = CLOCK.monotonic()
    await away(session)
    assert seconds_since(frozen) < session.plug.silence_seconds * 2 + 0.5
    is_down = session.error is not None or any(not event.is_connected for event in session.of(FeedChanged))
    assert is_down or session.of(Quote)[-1].freshness is Freshness.STALE, "nothing old is left that is called live"
    await session.plug.act("thaw")
    session.events.clear()
    if session.error is not None:
        await again(session)
    await until(lambda: session.of(Quote))


@pytest.mark.wire
async def test_what_happened_while_the_line_was_down_is_in_the_next_snapshot(session: Session) -> None:
    sent = await session.rest("10", "71000")
    await session.plug.act("drop")
    await until(lambda: session.error is not None)
    assert isinstance(session.error, NotConnected)
    await session.plug.quote(70_900, 71_000, size=4)
    await again(session)
    snapshot = await session.snapshot()
    assert unread(snapshot) == []
    assert sum(fill.quantity for fill in snapshot.fills if fill.ref == sent.ref) == 4
    assert snapshot.positions == {session.plug.instrument.id: 4}


@pytest.mark.wire
async def test_nothing_falls_between_the_snapshot_and_the_stream(plug: Plug) -> None:
    """Connected, read, and only later listened to, as the runner starts: a fill in between is still told."""
    session = Session(plug)
    await session.broker.connect()
    sent = await session.rest("10", "71000")
    await session.snapshot()
    await plug.quote(70_900, 71_000, size=4)
    await CLOCK.sleep(plug.silence_seconds * 1.5)  # reading took long, which is not the venue's silence
    session.listen()
    await until(lambda: session.fills(sent.id))
    assert session.error is None
    await session.close()


@pytest.mark.wire
async def test_frames_nobody_can_read_are_counted_and_passed_over(session: Session) -> None:
    await session.watch()
    session.plug.faults.put("market", Fault.GARBAGE, times=20)
    for step in range(25):
        await session.plug.quote(71_000 - step * 100, 71_100 - step * 100)
    await until(lambda: session.of(Quote) and session.of(Quote)[-1].bid == 68_600)
    assert session.error is None
    assert all(event.text.isprintable() for event in session.of(Noticed))


@pytest.mark.wire
async def test_a_reader_that_is_slow_is_waited_for(session: Session) -> None:
    session.plug.faults.put("market", Fault.SLOW_READER, seconds=0.3)
    await session.watch()
    await session.watch(depth=True)
    await until(lambda: session.of(OrderBook))


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.wire
@pytest.mark.parametrize("fault", [Fault.HTTP_429, Fault.HTTP_418])
@pytest.mark.parametrize("place", ["order", "list"])
async def test_no_call_goes_out_while_silence_was_asked_for(session: Session, place: str, fault: Fault) -> None:
    """Everything is tried again and again during the ban; the venue sees none of it."""
    plug = session.plug
    sent = await session.rest()
    plug.faults.put(place, fault, seconds=0.4)
    request = plug.request("buy", "1", "70000")
    await (session.send(request) if place == "order" else session.snapshot())
    before, since = len(plug.traffic()), CLOCK.monotonic()
    while seconds_since(since) < 0.3:
        if place == "order" or fault is Fault.HTTP_418:
            tried = await session.send(plug.request("buy", "1", "70000"))
            assert isinstance(tried.error, RateLimited) and tried.error.retry_after > 0
        if place == "list" or fault is Fault.HTTP_418:
            assert len(unread(await session.snapshot())) == 4
        if fault is Fault.HTTP_418:
            with pytest.raises(RateLimited):
                await session.broker.cancel(sent.open_order)
        await CLOCK.sleep(0.02)
    assert len(plug.traffic()) == before
    assert [deed for deed in plug.truth() if deed.what == "intrusion"] == []
    await CLOCK.sleep(0.15)
    assert unread(await session.snapshot()) == []


@pytest.mark.wire
async def test_cancels_pass_while_orders_are_held_back(session: Session) -> None:
    """A 429 for orders is none for the way out."""
    sent = await session.rest()
    session.plug.faults.put("order", Fault.HTTP_429, seconds=2.0)
    await session.send(session.plug.request("buy", "1", "70000"))
    assert isinstance((await session.send(session.plug.request("buy", "1", "70000"))).error, RateLimited)
    await session.broker.cancel(sent.open_order)
    await until(lambda: session.ends(sent.id))


# --- tokens, secrets, places -----------------------------------------------------------------------------------------


@pytest.mark.wire
@pytest.mark.parametrize("how", ["revoke", "expire"])
async def test_fifty_calls_with_a_dead_token_fetch_one_new(session: Session, how: str) -> None:
    plug = session.plug
    if not any(item.path == "/token" for item in plug.traffic()):
        pytest.skip("this venue has no tokens")
    await session.snapshot()
    before = sum(item.path == "/token" for item in plug.traffic())
    await plug.act(how)
    answers = await asyncio.gather(*(session.broker.accounts() for _ in range(50)))
    assert all(answers)
    assert sum(item.path == "/token" for item in plug.traffic()) - before == 1


@pytest.mark.wire
async def test_a_venue_that_gives_no_token_is_asked_once_by_fifty(plug: Plug) -> None:
    broker = plug.broker()
    await broker.connect()
    if not any(item.path == "/token" for item in plug.traffic()):
        pytest.skip("this venue has no tokens")
    await plug.act("revoke")
    plug.faults.put("token", Fault.HTTP_418, seconds=0.5)
    before = sum(item.path == "/token" for item in plug.traffic())
    answers = await asyncio.gather(*(broker.accounts() for _ in range(50)), return_exceptions=True)
    assert all(isinstance(answer, RateLimited | AuthFailed | NotConnected) for answer in answers)
    assert sum(item.path == "/token" for item in plug.traffic()) - before == 1
    await broker.close()


@pytest.mark.wire
async def test_a_wrong_key_stops_the_broker_for_good(plug: Plug) -> None:
    broker = plug.with_wrong_key()
    with pytest.raises(AuthFailed):
        await broker.connect()
    await broker.close()


@pytest.mark.wire
async def test_secrets_are_in_no_log_no_error_and_no_text(
    session: Session, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Everything goes wrong once, at the loudest log level; then every byte that was written is looked through."""
    import logging

    caplog.set_level(logging.DEBUG)
    plug, heard = session.plug, [repr(session.broker), str(session.broker.__dict__)]
    for place, fault in (
        *(("order", fault) for fault in (Fault.GARBAGE, Fault.TOKEN_REVOKED, Fault.HTML_503, Fault.REDIRECT_307)),
        *(("list", fault) for fault in (Fault.GARBAGE, Fault.TOKEN_EXPIRED, Fault.HTTP_500, Fault.REDIRECT_308)),
    ):
        plug.faults.put(place, fault)
        sent = await session.send(plug.request("buy", "1", "70000"))
        heard += [repr(sent), repr(sent.error), repr(getattr(sent.error, "__cause__", ""))]
        heard.append(repr(parts(await session.snapshot())))
    await plug.act("drop")
    await until(lambda: session.error is not None)
    out = capfd.readouterr()
    text = "\n".join((*heard, caplog.text, out.out, out.err, repr(session.events), repr(session.error)))
    assert plug.secrets
    for secret in plug.secrets:
        assert secret not in text


@pytest.mark.wire
async def test_no_packet_leaves_this_machine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proxy in the environment, names that must not be looked up, and redirects: only loopback is spoken to."""
    import socket

    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: object, *args: object, **more: object) -> object:
        asked.append(str(host))
        return real(host, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://proxy.invalid:3128")
    fresh = Session(session.plug)
    await fresh.open()
    await fresh.watch()
    await until(lambda: fresh.of(Quote))
    await fresh.rest()
    await fresh.snapshot()
    await fresh.close()
    assert set(asked) <= {"127.0.0.1", "localhost", "::1", "b'127.0.0.1'"}


@pytest.mark.wire
async def test_the_seal_decides_over_which_line_an_order_may_go(session: Session) -> None:
    """Every account's order arrives under its own account, also when all are sent at once."""
    plug = session.plug
    requests = [
        msgspec.structs.replace(plug.request("buy", "1", "70000"), account=plug.account if i % 2 else plug.other)
        for i in range(20)
    ]
    sent = await asyncio.gather(*(session.send(request) for request in requests))
    for account in (plug.account, plug.other):
        rows = (await session.broker.snapshot(account)).orders
        assert {row.ref for row in rows} == {one.ref for one in sent if one.order.account == account}
