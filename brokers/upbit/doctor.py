"""`hoga doctor upbit`: whether Upbit answers, its clock against ours, what may be asked of it, and what a key may do.
It only reads; the one order it speaks of is Upbit's own dry run, which places nothing. No key is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, Literal

import msgspec

from brokers.http import Ask
from brokers.registry import Finding
from brokers.socket import Closed, Frame
from brokers.upbit import auth, parse, ticks, wire
from brokers.upbit.budget import Block
from brokers.upbit.rest import Exchange, Quotations, Refused
from brokers.upbit.settings import UpbitSettings
from brokers.upbit.stream import MarketLine
from core.domain.account import Mode
from core.domain.errors import BrokerError, HogaError
from core.domain.market import NS
from core.ports import Clock, Secrets

STREAM_SECONDS = 10.0
OFF_SECONDS, WRONG_SECONDS = 2.0, 30.0
"""Beyond these the clock deserves a look, or must be set: ages and days would be wrong."""
SOON_DAYS = 30
_HELP = "look at the network, a proxy or a firewall; without it `hoga demo` has a market of its own"


async def examine(settings: UpbitSettings, clock: Clock, secrets: Secrets) -> AsyncIterator[Finding]:
    yield _address(settings)
    quotations = Quotations(settings, clock, _block(settings, clock))
    try:
        try:
            started = clock.monotonic()
            markets = await quotations.markets()
        except (BrokerError, OSError) as error:
            yield Finding(name="reach", level="fail", text=f"{error}; {_HELP}")
            return
        took = (clock.monotonic() - started) / 1e6
        yield Finding(name="reach", level="ok", text=f"{len(markets)} markets listed in {took:.0f} ms")
        offsets = [quotations.clock_offset / NS]
        offsets += [await _offset(quotations, ask) for ask in _groups(quotations, settings.canary)]
        yield _clock(offsets)
        yield await _stream(settings, clock)
        left = ", ".join(f"{group} {count}" for group, count in sorted(quotations.budgets.left.items()))
        text = f"left in this second: {left}" if left else "upbit does not say what is left"
        yield Finding(name="limits", level="ok" if left else "warn", text=text)
    finally:
        await quotations.close()
    if not settings.accounts and settings.mode is Mode.LIVE:
        text = 'mode = "live" without an account: no engine starts so. Write [brokers.upbit.accounts.main]'
        yield Finding(name="keys", level="fail", text=text)
    elif not settings.accounts:
        yield Finding(name="keys", level="ok", text="none set: quotes, charts and paper trading need none")
    for name, given in settings.accounts.items():
        try:
            keys = auth.Keys(access=secrets.get(given.access_key), secret=secrets.get(given.secret_key))
        except HogaError as error:
            yield Finding(name=f"key {name}", level="fail", text=str(error))
            continue
        async for finding in _key(name, settings, clock, keys):
            yield finding


def _block(settings: UpbitSettings, clock: Clock) -> Block:
    """What is shut for hoga is shut for its doctor."""
    return Block(clock, Path(settings.state_file).expanduser() if settings.state_file else None)


def _address(settings: UpbitSettings) -> Finding:
    if settings.money is Mode.PAPER:
        text = f"{settings.url}: not Upbit itself but what the settings name in its place; its money is play money"
        return Finding(name="address", level="warn", text=text)
    return Finding(name="address", level="ok", text=settings.url)


def _groups(quotations: Quotations, code: str) -> tuple[Callable[[], Awaitable[Any]], ...]:
    """A question of each kind."""
    return (
        lambda: quotations.ticker((code,)),
        lambda: quotations.orderbooks((code,), count=1),
        lambda: quotations.trades(code, count=1),
        lambda: quotations.candles("minutes/1", code, count=1),
    )


async def _offset(quotations: Quotations, ask: Callable[[], Awaitable[Any]]) -> float:
    with suppress(BrokerError, OSError):  # the stream and the next questions tell
        await ask()
    return quotations.clock_offset / NS


def _clock(offsets: list[float]) -> Finding:
    offset = median(offsets)
    level: Literal["ok", "warn", "fail"] = "ok"
    text = f"ours is {abs(offset):.1f} s {'behind' if offset > 0 else 'ahead of'} upbit's, to the second"
    if abs(offset) > OFF_SECONDS:
        level = "fail" if abs(offset) > WRONG_SECONDS else "warn"
        text += "; set it by the network (timedatectl set-ntp true): ages, bars and days depend on it"
    return Finding(name="clock", level=level, text=text)


async def _stream(settings: UpbitSettings, clock: Clock) -> Finding:
    """The first figures of the busiest market."""
    line = MarketLine(settings, clock, _block(settings, clock))
    started, text = clock.monotonic(), "nothing came"
    try:
        async with asyncio.timeout(STREAM_SECONDS), aclosing(line.socket.lines()) as lines:  # type: ignore[type-var]
            await line.want(())
            async for item in lines:
                if isinstance(item, Frame):
                    took = (clock.monotonic() - started) / 1e6
                    return Finding(name="stream", level="ok", text=f"quotes of {settings.canary} after {took:.0f} ms")
                if isinstance(item, Closed):
                    text = item.text
                    break
    except (BrokerError, OSError) as error:  # a TimeoutError is an OSError
        text = str(error) or f"nothing within {STREAM_SECONDS:g} s"
    finally:
        await line.socket.close()
    return Finding(name="stream", level="fail", text=f"no quotes: {text}; {_HELP}")


# --- what a key may do ---------------------------------------------------------------------------------------------


async def _key(name: str, settings: UpbitSettings, clock: Clock, keys: auth.Keys) -> AsyncIterator[Finding]:
    exchange = Exchange(settings, clock, _block(settings, clock), keys)
    label = f"key {name}"
    try:
        may = {
            "see balances": await _may(exchange.accounts),
            "see orders": await _may(exchange.open_orders),
            "order": await _may(lambda: _dry_run(exchange, settings.canary)),
        }
        refused = sorted({why for why in may.values() if why not in ("yes", "out_of_scope")})
        if refused:
            yield Finding(name=label, level="fail", text=f"upbit does not take it: {', '.join(refused)}")
            return
        rights = ", ".join(right for right, answer in may.items() if answer == "yes") or "nothing"
        lacking = [right for right, answer in may.items() if answer != "yes"]
        text = f"may {rights}" + (f"; may not {', '.join(lacking)}" if lacking else "")
        if not settings.may_order:
            text += '; hoga sends no order with it (mode = "live" is not in the settings)'
        yield Finding(name=label, level="warn" if lacking else "ok", text=text)
        yield await _withdrawals(label, exchange)
        ends = await _ends(exchange, keys)
        if ends is not None:
            days = (ends - clock.now()) / (86_400 * NS)
            level: Literal["ok", "warn"] = "ok" if days > SOON_DAYS else "warn"
            yield Finding(name=label, level=level, text=f"valid for {days:.0f} days more")
    finally:
        await exchange.close()


async def _may(ask: Callable[[], Awaitable[Any]]) -> str:
    """`yes`, or why not in Upbit's word. A refusal for another reason than the right proves the right."""
    try:
        await ask()
    except Refused as error:
        if error.status in (401, 403) and error.code != "market_offline":
            return error.code or f"HTTP {error.status}"
        return "yes"
    except (BrokerError, OSError) as error:
        return str(error)
    return "yes"


async def _dry_run(exchange: Exchange, code: str) -> None:
    """Upbit's own test of an order, far from the market: it is looked at and never placed."""
    price = ticks.table(parse.quote_of(code)).round(Decimal(1_000_000), "down")
    placing = wire.Placing(market=code, side="bid", ord_type="limit", price=f"{price:f}", volume="0.01")
    await exchange.test_order(msgspec.json.encode(placing))


async def _withdrawals(label: str, exchange: Exchange) -> Finding:
    """The right to withdraw cannot be seen without using it; the right to look at withdrawals comes from the same
    place, and a key for trading has neither."""
    ask = Ask(path="/withdraws", query=(("limit", "1"),))
    try:
        reply = await exchange.http.ask(ask)
    except (BrokerError, OSError) as error:
        return Finding(name=label, level="warn", text=f"its rights to withdraw are not known: {error}")
    if reply.is_ok:
        text = "it can look at withdrawals: make a key without any right to withdraw, and delete this one"
        return Finding(name=label, level="warn", text=text)
    if parse.parse_problem(reply.body)[0] == "out_of_scope":
        return Finding(name=label, level="ok", text="it has no right to look at withdrawals, as it should be")
    text = "its rights to withdraw are not told: look at the key's page at Upbit, a key for trading needs none"
    return Finding(name=label, level="warn", text=text)


class _ApiKey(msgspec.Struct, frozen=True):
    access_key: str
    expire_at: str


async def _ends(exchange: Exchange, keys: auth.Keys) -> int | None:
    """When this key ends, ns; None where Upbit does not say."""
    try:
        reply = await exchange.http.ask(Ask(path="/api_keys"))
        if not reply.is_ok:
            return None
        listed = wire.read_body(reply.body, list[_ApiKey])
        mine = (row for row in listed if auth.is_access_key(keys, row.access_key))
        return next((parse.time_of_text(row.expire_at) for row in mine), None)
    except (BrokerError, OSError):
        return None
