"""Does the gate ever fail open? Generated cases, each a sound world with a few things missing, broken, stale or too
large; the rules' answer is held against an oracle that shares no code with them. Every rule is also taken away in turn:
some case must then pass that never may, else nobody would notice that it is gone."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from math import inf, isfinite, nan
from random import Random
from time import perf_counter
from typing import Any

import msgspec

from core.domain.account import Account, Balance, Mode, Position, TradingState
from core.domain.algo import Twap
from core.domain.events import FeedChanged, GateChanged
from core.domain.ids import ClientOrderId
from core.domain.limits import RiskLimits
from core.domain.market import NS, Aggressor, Freshness, Phase, Quote, Trade
from core.domain.order import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from core.ports import Capabilities
from core.trading import risk
from core.trading.state import Freeze, State
from tests.scenes import ACCOUNT, APPLE, INSTRUMENTS, KRW, SAMSUNG, START, USD

POINTS, MID, SHORT = 200_000, 50_000, 3_000
D = Decimal
BASE: dict[str, Any] = {
    **{"instrument": True, "account": True, "journal": "", "disk": "", "state": "active", "everybody": "active"},
    **{"gate": True, "feed": True, "clock": 0.0, "phase": Phase.OPEN, "tradable": True, "close": D(228), "band": D(1)},
    **{"bid": 227.30, "ask": 227.32, "trade": 227.31, "freshness": Freshness.LIVE, "age": 0.0, "ahead": 0.0},
    **{
        "rate": D(1400),
        "cash": D(100_000_000),
        "side": "buy",
        "quantity": D(10),
        "type": "limit",
        "price": D("227.32"),
    },
    **{"stop": None, "loss_leg": None, "reduce_only": False, "automatic": False, "confirmed": False},
    **{"held": D(0), "day_cash": D(0), "day_mark": D("227.31"), "other": D(0), "other_quote": 71_000.0, "high": D(0)},
    **{"tif": TimeInForce.DAY, "slices": 0, "venue": True},
    **{"working": (), "recent": (), "trades": 0, "lost": None, "laned": False, "drift": False},
}
FAULTS: dict[str, tuple[Any, ...]] = {
    **{"instrument": (False,), "account": (False,), "journal": ("disk gone",), "disk": ("low disk",)},
    **{"state": ("paused", "reducing", "halted"), "everybody": ("paused", "reducing", "halted")},
    **{"gate": (False, None), "feed": (False, None), "clock": (nan, inf, -inf, 2.5, -86400.0, 1.5)},
    **{"phase": (Phase.CLOSED, Phase.HALTED, None, Phase.VI), "tradable": (False,), "close": (None,)},
    "band": (D("0.001"), D("0.01")),
    "bid": (nan, inf, -inf, -1.0, 0.0, 1e300, 190.0, 226.0),
    "ask": (nan, inf, -inf, -1.0, 0.0, 1e300, 180.0, 229.0),
    **{"trade": (None, nan, 0.0, 150.0), "freshness": tuple(f for f in Freshness if f is not Freshness.LIVE)},
    **{"age": (29.0, 31.0, 1e6, -5.0), "ahead": (1.0, 5.0, 1e6), "rate": (None, D("1e-9"), D(9000))},
    **{"cash": (None, D(0), D(100), D(2272), D(2274)), "side": ("sell",)},
    **{"quantity": (D("0.5"), D(350), D(900), D(30_000), D("1e9"), D(5)), "type": ("market",)},
    "price": (D("227.325"), D("239.00"), D("1e6"), D("0.01"), D("227.00"), D("229.00")),
    **{"stop": (D("226.00"), D("228.00")), "loss_leg": (D("230.00"), D("220.00")), "reduce_only": (True,)},
    **{"automatic": (True,), "confirmed": (True,), "held": (D(10), D(-10), D(25), D(-25), D(620))},
    **{"day_cash": (D(-5000), D(-3000), D(4000)), "day_mark": (None, D(1000)), "high": (D(6_000_000), D(4_000_000))},
    **{"other": (D(5), D(20_000), D(-3)), "other_quote": (None, nan, inf, 0.0)},
    "working": tuple(
        tuple((side, D(quantity), D(price), status) for _ in range(count))
        for side in ("buy", "sell")
        for quantity, price, count in (
            (5, "227.32", 1),
            (5, "227.40", 3),
            (400, "227.00", 1),
            (1, "220.00", 12),
            (1400, "229.00", 1),
            (1, "229.00", 1),
        )
        for status in (OrderStatus.OPEN, OrderStatus.UNKNOWN, OrderStatus.SENDING)
    ),
    "recent": tuple(
        ((age, same, count),) for age in (0.5, 4.0, 30.0) for same in (True, False) for count in (1, 5, 40)
    ),
    **{"tif": (TimeInForce.OPG, TimeInForce.EXT), "slices": (3, 40), "venue": (False,)},
    **{"trades": (49, 50, 500), "lost": (1.0, 59.0, 61.0), "laned": (True,), "drift": (True,)},
}
PAIRS: tuple[dict[str, Any], ...] = (
    {"tif": TimeInForce.EXT, "venue": False},
    {"rate": D("1e-9"), "quantity": D(30_000)},
    {"automatic": True, "working": (("sell", D(1), D("229.00"), OrderStatus.UNKNOWN),)},
    {"held": D(620), "quantity": D(20)},
    {"working": tuple(("buy", D(1), D("220.00"), OrderStatus.OPEN) for _ in range(12))},
    {"held": D(10), "day_cash": D(-4000), "ask": 227.40},
    {"recent": ((4.0, True, 1),)},
    {"day_cash": D(-3900)},
    {"laned": True, "working": (("buy", D(1), D("220.00"), OrderStatus.SENDING),)},
    {"drift": True, "automatic": True},
    {"working": (("sell", D(1400), D("229.00"), OrderStatus.OPEN),)},
)
"""Worlds in which one rule alone stands in the way, which chance would find too seldom."""
LIMITS = RiskLimits(
    **{"max_order_quantity": D(10_000), "max_order_value": D(100_000_000), "max_position_value": D(200_000_000)},
    **{"max_gross_value": D(400_000_000), "max_holdings": 1, "max_orders_per_second": 5, "max_orders_per_minute": 30},
    **{"max_open_orders": 10, "max_trades_per_day": 50, "loss_cooldown_seconds": 60.0, "daily_loss": D(5_000_000)},
    **{"max_drawdown": D(5_500_000), "max_unknown_orders": 1},
)


PLAIN = Capabilities(
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce) - {TimeInForce.OPG, TimeInForce.EXT},
)
"""A venue without auctions and extended hours."""


def case_of(random: Random) -> dict[str, Any]:
    """A sound world with up to four things wrong; what cannot be asked at all is not generated."""
    case = dict(BASE)
    for name in random.sample(sorted(FAULTS), random.choice((0, 1, 1, 2, 2, 3, 4))):
        case[name] = random.choice(FAULTS[name])
    if random.random() < 0.1:
        case |= random.choice(PAIRS)
    if random.random() < 0.2:  # exits, and what would flip
        case |= {"held": D(random.choice((10, 25, 5))), "side": "sell"}
    if random.random() < 0.04:
        case |= {"held": D(10), "side": "sell", "reduce_only": True, "type": "stop", "loss_leg": None}
        case["stop"] = random.choice((D("226.00"), D("228.00")))
    if case["type"] != "stop":
        case["stop"] = None
    if case["type"] == "stop" or case["tif"] is not TimeInForce.DAY or case["loss_leg"] is not None:
        case["slices"] = 0
    return case


# --- the oracle: plain words, no code of the gate --------------------------------------------------------------------


def sound(price: float | None) -> bool:
    return price is not None and isfinite(price) and 1e-12 < price < 1e18


def mark_of(case: dict[str, Any]) -> float | None:
    """The last trade inside the quote; without a trade the middle, with an empty side the trade alone."""
    bid, ask, trade = case["bid"], case["ask"], case["trade"]
    if not (bid and ask):
        return trade
    if trade is None:
        return (bid + ask) / 2
    if not all(map(isfinite, (bid, ask, trade))):
        return None
    return sorted((bid, trade, ask))[1] if bid <= ask else min(max(trade, bid), ask)


def why_never(case: dict[str, Any]) -> list[str]:
    """Every reason for which this order may not leave. Empty: it may."""
    why = [name for name in ("journal", "disk") if case[name]]
    why += [name for name in ("instrument", "account", "tradable", "gate", "feed") if not case[name]]
    if "halted" in (case["state"], case["everybody"]):
        why.append("halted")
    if case["automatic"] and {case["state"], case["everybody"]} != {"active"}:
        why.append("machines are paused")
    is_special = case["tif"] in (TimeInForce.OPG, TimeInForce.EXT)
    if case["phase"] not in (Phase.OPEN, Phase.VI) and not (case["phase"] is Phase.CLOSED and is_special):
        why.append("session")
    if is_special and not case["venue"]:
        why.append("the venue has no such orders")
    if case["tif"] is TimeInForce.OPG and case["phase"] not in (None, Phase.AUCTION, Phase.CLOSED):
        why.append("the opening is over")
    if case["slices"] and case["quantity"] // case["slices"] < 1:
        why.append("slices of nothing")
    if case["quantity"] != int(case["quantity"]):
        why.append("lot")
    price, stop, quantity, held = case["price"], case["stop"], case["quantity"], case["held"]
    is_buy, is_limit = case["side"] == "buy", case["type"] == "limit"
    sign = 1 if is_buy else -1
    terms = [p for p in (price if is_limit else None, stop, case["loss_leg"]) if p is not None]
    if any(p * 100 != int(p * 100) for p in terms):
        why.append("tick")
    same = sum((w[1] for w in case["working"] if w[0] == case["side"]), D(0))
    shrinks = held * sign < 0 and quantity + same <= abs(held)
    if case["close"] is not None:
        reach = case["close"] * case["band"]
        if any(abs(p - case["close"]) > reach for p in (price if is_limit else None, stop) if p is not None):
            why.append("beyond the day's limits")
    touch = case["ask"] if is_buy else case["bid"]
    mark = mark_of(case)
    mark = mark if sound(mark) else None
    reference = touch if touch and isfinite(touch) else mark
    if is_limit and sound(reference) and (price / D(repr(reference)) - 1) * sign > D("0.05"):
        why.append("collar")
    if case["reduce_only"] and not shrinks:
        why.append("reduce only")
    if stop is not None and case["reduce_only"] and mark is not None and stop >= D(repr(mark)):
        why.append("a stop that goes at once")
    if case["loss_leg"] is not None:
        why += leg_faults(case, touch, is_buy, is_limit)
    if not shrinks:
        why += more_exposure(case, touch, mark, same)
    if any(again and age <= 5 for age, again, _ in case["recent"]) and (case["automatic"] or not case["confirmed"]):
        why.append("duplicate")
    if case["drift"] and case["automatic"]:
        why.append("drift")
    twins = [w for w in case["working"] if w[0] == case["side"] and w[3] is not OrderStatus.OPEN]
    if case["laned"] and twins and not (shrinks and case["confirmed"]):
        why.append("lane")
    if case["automatic"] or not shrinks:
        why += pace_faults(case)
    return why


def leg_faults(case: dict[str, Any], touch: float, is_buy: bool, is_limit: bool) -> list[str]:
    if case["reduce_only"]:
        return ["an exit has no legs"]
    quoted = sound(case["bid"]) and sound(case["ask"])
    if not quoted:
        entry = case["price"] if is_limit else None
    elif is_limit and (case["price"] - D(repr(touch))) * (1 if is_buy else -1) < 0:
        entry = case["price"]
    else:
        entry = D(repr(case["bid"] if is_buy else case["ask"]))
    if entry is None:
        return ["leg without a price"]
    return ["leg on the wrong side"] if (case["loss_leg"] >= entry if is_buy else case["loss_leg"] <= entry) else []


def more_exposure(case: dict[str, Any], touch: float, mark: float | None, same: Decimal) -> list[str]:
    """Reasons that only count against an order that may add exposure: what is missing is one."""
    why = []
    rate, quantity, held, is_buy = case["rate"], case["quantity"], case["held"], case["side"] == "buy"
    if "reducing" in (case["state"], case["everybody"]):
        why.append("reducing")
    if not abs(case["clock"]) <= 2 or case["ahead"] > 2:
        why.append("clock")
    if case["freshness"] is not Freshness.LIVE or not all(0 <= s < inf for s in (case["bid"], case["ask"])):
        why.append("no live quote of numbers")
    if not case["age"] >= -1 or (case["phase"] is not Phase.VI and not case["age"] <= 30):
        why.append("stale")
    if case["close"] is None:
        why.append("unknown limits of the day")
    if quantity > 10_000:
        why.append("quantity")
    # Money. A market order is worth its collar price; what is not known is not enough.
    touched = D(repr(touch)) if sound(touch) else None
    if case["type"] == "limit":
        at: Decimal | None = case["price"]
        if not sound(touch or mark):
            why.append("nothing to hold the price against")
    else:
        at = case["stop"] if case["type"] == "stop" else None
        at = at or (touched and touched * (D("1.05") if is_buy else 1))
    if at is None or rate is None:
        return [*why, "no value"]
    marked = D(repr(mark)) if mark is not None else None
    worst = max(at, marked) if marked is not None else at
    after = abs(held + (quantity + same) * (1 if is_buy else -1))
    if at * quantity * rate > 100_000_000:
        why.append("order value")
    if worst * after * rate > 200_000_000:
        why.append("position value")
    prices = [p for p in (marked, at, *(w[2] for w in case["working"])) if p is not None]
    buys = sum((w[1] for w in case["working"] if w[0] == "buy"), D(0)) + (quantity if is_buy else 0)
    sells = sum((w[1] for w in case["working"] if w[0] == "sell"), D(0)) + (0 if is_buy else quantity)
    if case["other"] and not sound(case["other_quote"]):
        why.append("a holding without a price")
        other = D(0)
    else:
        other = abs(case["other"]) * D(repr(case["other_quote"] if case["other"] else 0.0))
    if max(prices) * max(abs(held + buys), abs(held - sells)) * rate + other > 400_000_000:
        why.append("gross value")
    if case["other"]:
        why.append("too many holdings")
    opposite = [w[2] for w in case["working"] if w[0] != case["side"]]
    reach = case["price"] if case["type"] == "limit" else touched
    meets = reach is None or any(reach >= p if is_buy else reach <= p for p in opposite)
    if case["type"] != "stop" and meets:
        why.append("own order")
    spent = sum((w[1] * w[2] for w in case["working"] if w[0] == "buy"), D(0))
    short = quantity if is_buy else quantity - max(held - same, D(0))
    if short > 0 and (case["cash"] is None or at * short > case["cash"] - spent):
        why.append("cash")
    if len(case["working"]) + case["trades"] >= 50:
        why.append("trades today")
    if case["lost"] is not None and case["lost"] < 60:
        why.append("cooldown")
    return why + day_faults(case, marked)


def pace_faults(case: dict[str, Any]) -> list[str]:
    why = []
    for age, _, count in case["recent"]:
        if (age < 1 and count >= 5) or (age < 60 and count >= 30):
            why.append("rate")
    if len(case["working"]) >= 10:
        why.append("open orders")
    if case["automatic"] and any(w[3] is OrderStatus.UNKNOWN for w in case["working"]):
        why.append("unknown orders")
    return why


def day_faults(case: dict[str, Any], marked: Decimal | None) -> list[str]:
    result = case["day_cash"]
    if case["held"]:
        if marked is None or case["day_mark"] is None:
            return ["no result of the day"]
        result += case["held"] * (marked - case["day_mark"])
    base = result * case["rate"]
    fall = max(case["high"], base, D(0)) - base
    return ["day's loss"] * (base <= -5_000_000) + ["drawdown"] * (fall >= 5_500_000)


# --- the gate's side -------------------------------------------------------------------------------------------------


def request_of(case: dict[str, Any]) -> OrderRequest:
    type = OrderType(case["type"])
    return OrderRequest(
        client_order_id=ClientOrderId("new"),
        account=ACCOUNT,
        instrument=APPLE,
        side=Side(case["side"]),
        quantity=case["quantity"],
        type=type,
        limit_price=case["price"] if type is OrderType.LIMIT else None,
        stop_price=case["stop"] if type is OrderType.STOP else None,
        stop_loss=case["loss_leg"],
        reduce_only=case["reduce_only"],
        source="robot" if case["automatic"] else "keyboard",
        time_in_force=case["tif"],
        algo=Twap(duration=3600 * NS, slices=case["slices"]) if case["slices"] else None,
    )


def question_of(case: dict[str, Any]) -> risk.Question:
    state, now, request = State(KRW), START, request_of(case)
    samsung, apple = INSTRUMENTS
    state.instruments[SAMSUNG] = samsung
    if case["instrument"]:
        state.instruments[APPLE] = msgspec.structs.replace(
            apple, is_tradable=case["tradable"], previous_close=case["close"], price_limit=case["band"]
        )
    if case["account"]:
        state.accounts[ACCOUNT] = Account(id=ACCOUNT, mode=Mode.PAPER, base_currency=KRW)
    if case["cash"] is not None:
        state.balances[(ACCOUNT, USD)] = Balance(currency=USD, total=case["cash"], available=case["cash"])
    if case["rate"] is not None:
        state.rates[USD] = case["rate"]
    if case["gate"] is not None:
        state.gates[ACCOUNT] = GateChanged(ts=now, account=ACCOUNT, is_open=case["gate"])
    if case["feed"] is not None:
        state.feeds["paper"] = FeedChanged(ts=now, broker="paper", is_connected=case["feed"])
    if case["phase"] is not None:
        state.market_phases["XNAS"] = case["phase"]
    state.trading_states |= {ACCOUNT: TradingState(case["state"]), None: TradingState(case["everybody"])}
    at = now - round(case["age"] * NS)
    stamp = at + round(case["ahead"] * NS)
    state.quotes[APPLE] = Quote(APPLE, case["bid"], 1, case["ask"], 1, stamp, at, case["freshness"])
    if case["trade"] is not None:
        state.trades[APPLE] = Trade(APPLE, case["trade"], 1, Aggressor.NONE, at, at)
    if case["other_quote"] is not None:
        state.trades[SAMSUNG] = Trade(SAMSUNG, case["other_quote"], 1, Aggressor.NONE, at, at)
    day = {"day_quantity": case["held"], "day_cash": case["day_cash"], "day_mark": case["day_mark"]}
    state.positions[(ACCOUNT, APPLE)] = Position(account=ACCOUNT, instrument=APPLE, quantity=case["held"], **day)
    if case["other"]:
        state.positions[(ACCOUNT, SAMSUNG)] = Position(
            account=ACCOUNT,
            instrument=SAMSUNG,
            quantity=case["other"],
            day_quantity=case["other"],
            day_mark=D(repr(case["other_quote"])) if sound(case["other_quote"]) else None,
        )
    for n, (side, quantity, price, status) in enumerate(case["working"]):
        id = ClientOrderId(f"w{n}")
        own = msgspec.structs.replace(
            request_of(BASE), client_order_id=id, side=Side(side), quantity=quantity, limit_price=price
        )
        state.orders[id] = Order(
            request=own, status=status, quantity=quantity, limit_price=price, created=now, updated=now
        )
        state.live[id] = None
    if case["drift"]:
        state.frozen[(ACCOUNT, APPLE)] = Freeze(now, D(1), "unknown")
    remember(state, case, request, now)
    return risk.Question(
        request=request,
        state=state,
        limits=LIMITS,
        now=now,
        is_automatic=case["automatic"],
        is_confirmed=case["confirmed"],
        is_laned=case["laned"],
        journal_problem=case["journal"],
        disk_problem=case["disk"],
        clock_offset=case["clock"],
        venue=None if case["venue"] else PLAIN,
    )


def remember(state: State, case: dict[str, Any], request: OrderRequest, now: int) -> None:
    for age, is_same, count in case["recent"]:
        before = request if is_same else msgspec.structs.replace(request, quantity=request.quantity + 1)
        before = msgspec.structs.replace(before, client_order_id=ClientOrderId("before"))
        state.curbs.recent.extend([(now - round(age * NS), before)] * count)
    state.curbs.highs[ACCOUNT] = case["high"]
    state.curbs.trades[ACCOUNT] = {ClientOrderId(f"t{n}") for n in range(case["trades"])}
    if case["lost"] is not None:
        state.curbs.last_loss[ACCOUNT] = now - round(case["lost"] * NS)


def run(points: int, seed: int) -> dict[str, Any]:
    """`points` cases. The figures: cases that may not pass and did (0 wanted), those that may and did not (a
    quote beyond all reason may count as none), and for every rule how many cases only it refused."""
    random, started = Random(seed), perf_counter()
    alone: Counter[str] = Counter({check.__name__: 0 for check in risk.CHECKS})
    open_cases: list[Any] = []
    strict: list[Any] = []
    never = passed = 0
    for _ in range(points):
        case = case_of(random)
        question, why = question_of(case), why_never(case)
        refusing = [check.__name__ for check in risk.CHECKS if risk.ask(check, question) is not None]
        never += bool(why)
        passed += not refusing
        if why and not refusing:
            open_cases.append((why, changed(case)))
        elif refusing and not why:
            strict.append((refusing, changed(case)))
        elif len(refusing) == 1:
            alone[refusing[0]] += 1
    unnoticed = [name for name, count in alone.items() if not count]
    return {
        **{"name": "gate", "seed": seed, "cases": points, "must_not_pass": never, "passed": passed},
        **{"fail_open": len(open_cases), "over_strict": len(strict), "rules": len(risk.CHECKS)},
        **{"rules_missed_when_removed": len(alone) - len(unnoticed), "unnoticed": unnoticed, "alone": dict(alone)},
        "examples": [repr(found) for found in (*open_cases[:5], *strict[:5])],
        "seconds": round(perf_counter() - started, 1),
        "result": f"{len(open_cases)} fail-open, {len(unnoticed)} of {len(alone)} rules unnoticed when removed",
        "target": "0 fail-open, 0 unnoticed",
        "ok": not (open_cases or unnoticed),
    }


def changed(case: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in case.items() if value is not BASE[name]}
