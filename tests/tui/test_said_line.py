"""What an order line says is what it sends: lines in many spellings, held against a slow reading of their own that
shares no code with the grammar. A line means exactly what was written, never more and never at a worse price; the words
shown for it name the figures that leave."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from core.domain.account import Mode
from core.domain.ids import AccountId, derived_client_order_id, instrument_id
from core.domain.instrument import Currency, Instrument, Kind, TickTable, fixed_tick
from core.domain.order import OrderType, Side, TimeInForce
from core.trading.line import LineContext, LineError, NewOrder, Touch
from core.trading.orderline import parse
from core.trading.search import SymbolIndex
from tui.acts.saying import say

D = Decimal
MAIN, OTHER = AccountId("paper:main"), AccountId("ib2:x1")
ID = derived_client_order_id("said")
POWER = D(10_000_000)


def listed(market: str, code: str, name: str, name_ko: str, currency: str, ticks: TickTable, **more: Any) -> Instrument:
    known = {"kind": Kind.STOCK, "currency": Currency(currency), "ticks": ticks}
    return Instrument(id=instrument_id(market, code), name=name, name_ko=name_ko, **known, **more)


KRX = TickTable(tuple((D(a), D(b)) for a, b in ((0, 1), (2000, 5), (5000, 10), (20_000, 50), (50_000, 100))))
SPELLED = {
    listed("XKRX", "005930", "Samsung Electronics", "삼성전자", "KRW", KRX): (
        "005930",
        "삼성전자",
        "ㅅㅅㅈㅈ",
        "main:005930",
    ),
    listed("XNAS", "AAPL", "Apple", "애플", "USD", fixed_tick("0.01"), can_short=True): (
        "AAPL",
        "aapl",
        "애플",
        "XNAS:AAPL",
    ),
    listed("UPBIT", "KRW-BTC", "Bitcoin", "비트코인", "KRW", fixed_tick("1000"), lot=D("0.00000001")): (
        "BTC",
        "KRW-BTC",
    ),
    listed("XHKG", "700", "Tencent", "텐센트", "HKD", fixed_tick("0.2"), lot=D(100)): ("XHKG:700", "텐센트"),
    listed("XNYS", "DAY", "Dayforce", "", "USD", fixed_tick("0.01"), can_short=True): ("XNYS:DAY", "dayforce"),
    listed("XNYS", "ALL", "Allstate", "", "USD", fixed_tick("0.01")): ("XNYS:ALL", "ALLSTATE"),
    listed("CME", "ES", "E-mini", "", "USD", fixed_tick("0.25"), multiplier=D(50), can_short=True): ("ES", "CME:ES"),
}
LISTED = tuple(SPELLED)
INDEX = SymbolIndex(LISTED)
PRICES = {"XKRX:005930": 71_000, "XNAS:AAPL": 200.02, "UPBIT:KRW-BTC": 95_000_000, "XHKG:700": 400.2, "CME:ES": 5000.25}
QUOTES = {
    i.id: Touch(bid=float(i.ticks.move(D(str(p)), -1)), ask=float(i.ticks.move(D(str(p)), 1)), last=p)
    for i in LISTED
    for p in [PRICES.get(i.id, 70.5)]
}
VERBS = {Side.BUY: ("b", "B", "buy", "매수", "ㅠ"), Side.SELL: ("s", "sell", "매도", "ㄴ")}
WIDE = {n: n + 0xFEE0 for n in range(0x21, 0x7F)}


class Meant(msgspec.Struct):
    """What somebody had in mind, and the words it was written in."""

    instrument: Instrument
    side: Side
    words: list[str]
    most: Decimal = D(0)
    """No more units than this..."""
    money: Decimal | None = None
    """No dearer than this; its units follow from the price."""
    is_exact: bool = False
    """... and no fewer either."""
    touch: Decimal = D(0)
    """What it would trade at now."""
    limit: Decimal | None = None
    """Not worse than this; None: at market."""
    slack: Decimal = D(0)
    """Brought to tick, it may be so much better."""
    lives: TimeInForce = TimeInForce.DAY
    account: AccountId = MAIN
    reduce_only: bool = False


def meant(chance: Random, held: dict[Any, Decimal]) -> Meant:
    instrument = chance.choice(LISTED)
    side = chance.choice((Side.BUY, Side.SELL))
    wish = Meant(instrument, side, [chance.choice(SPELLED[instrument])])
    quote, tick = QUOTES[instrument.id], instrument.ticks.step(D(str(QUOTES[instrument.id].last)))
    price(wish, chance, quote, tick)
    amount(wish, chance, held, D(str(quote.ask if side is Side.BUY else quote.bid)))
    for option in chance.sample(("gtc", "ioc", "당일", "acct=ib2", "ro", "#swing"), chance.choice((0, 0, 1, 2))):
        if option == "acct=ib2" and not (wish.words[0].startswith("main:") or wish.words[-1][-1:] in "%l량"):
            wish.account = OTHER
        elif option == "ro":
            wish.reduce_only = True
        elif option in ("gtc", "ioc", "당일"):
            if wish.lives is not TimeInForce.DAY or "당일" in wish.words:
                continue
            wish.lives = TimeInForce("day" if option == "당일" else option)
        elif option == "acct=ib2":
            continue
        wish.words.append(option)
    return wish


def price(wish: Meant, chance: Random, quote: Touch, tick: Decimal) -> None:
    own = D(str(quote.bid if wish.side is Side.BUY else quote.ask))
    way = chance.choice(("none", "plain", "pegged", "percent", "market"))
    if way == "none":
        wish.limit = own
    elif way == "plain":
        wish.limit = wish.instrument.ticks.move(own, chance.randint(-9, 9))
        wish.words.append("@" + chance.choice((f"{wish.limit:f}", f"{wish.limit:,f}")))
    elif way == "pegged":
        anchor, ticks = chance.choice((("b", quote.bid), ("a", quote.ask), ("l", quote.last))), chance.randint(-9, 9)
        wish.limit = D(str(anchor[1])) + ticks * tick
        wish.words.append(f"@{anchor[0]}{ticks:+d}" + chance.choice(("", "t")) if ticks else f"@{anchor[0]}")
    elif way == "percent":
        part = D(chance.randint(-40, 40)) / 10
        wish.limit, wish.slack = D(str(quote.last)) * (1 + part / 100), tick
        wish.words.append(f"@l{part:+f}%" if part else "@l")
    else:
        wish.words.append(chance.choice(("@mkt", "@시장가")))


def amount(wish: Meant, chance: Random, held: dict[Any, Decimal], touch: Decimal) -> None:
    instrument, lot = wish.instrument, wish.instrument.lot
    wish.touch = touch
    way = chance.choice(("units", "units", "scaled", "cash", "part"))
    units = lot * chance.randint(1, 9_999)
    if way == "cash" and instrument.currency in ("KRW", "USD"):
        money = chance.randint(1, 9_999)
        wish.money = D(money * 10_000)
        in_won = (f"₩{money * 10}k", f"{money}만원", f"₩{money}0,000") if money < 1000 else (f"{money}만원",)
        in_dollars = (f"${money * 10}k", f"{money}만달러", f"${money}0000")
        wish.words.insert(1, chance.choice(in_won if instrument.currency == "KRW" else in_dollars))
    elif way == "part" and (wish.side is Side.SELL or instrument.currency == "KRW"):
        percent = chance.randint(1, 100)
        if wish.side is Side.BUY:
            wish.money = POWER * percent / 100
        else:
            wish.most = max(held.get((MAIN, instrument.id), D(0)), D(0)) * percent / 100
            wish.reduce_only = instrument.can_short
        wish.words.insert(1, f"{percent}%" if percent < 100 else chance.choice(("100%", "all", "전량")))
    elif way == "scaled":
        times, mark = chance.choice(((1000, "k"), (1000, "천주"), (10_000, "만"), (1_000_000, "m")))
        wish.most, wish.is_exact = D(chance.randint(1, 99) * times), True
        wish.words.insert(1, f"{wish.most / times:f}{mark}")
    else:
        wish.most, wish.is_exact = units, True
        is_code = re.fullmatch(r"\d{6}", f"{units:f}") is not None
        wish.words.insert(1, f"{units:,f}" if is_code else chance.choice((f"{units:f}", f"{units:,f}", f"{units:f}주")))


def written(wish: Meant, chance: Random) -> str:
    chance.shuffle(wish.words)
    words = [chance.choice(VERBS[wish.side]), *wish.words]
    line = chance.choice((" ", "  ", "\t")).join(words)
    return line.translate(WIDE) if chance.random() < 0.15 else line


def numbers(text: str) -> set[Decimal]:
    return {D(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def holds(line: NewOrder, wish: Meant, text: str) -> None:
    request = line.request(ID)
    assert (request.instrument, request.side, request.account) == (wish.instrument.id, wish.side, wish.account), text
    assert (request.time_in_force, request.reduce_only) == (wish.lives, wish.reduce_only), text
    most = wish.most
    if wish.money is not None:
        most = wish.money / (request.limit_price or wish.touch) / wish.instrument.multiplier
    assert 0 < request.quantity <= most, f"{text}: {request.quantity} is more than {most}"
    assert not wish.is_exact or request.quantity == wish.most, text
    assert request.quantity % wish.instrument.lot == 0, text
    if wish.limit is None:
        assert request.type is OrderType.MARKET, text
    else:
        worse = (request.limit_price - wish.limit) * wish.side.sign
        assert request.type is OrderType.LIMIT and -wish.slack <= worse <= 0, f"{text}: {request.limit_price}"
    assert (request.stop_price, request.trail, request.stop_loss, request.take_profit, request.algo) == (None,) * 5
    shown = say(msgspec.structs.replace(line, remarks=()))
    figures = {request.quantity} | ({request.limit_price} if request.limit_price is not None else set())
    assert figures <= numbers(shown), f"{text}: {shown}"
    assert wish.instrument.code in shown and ("BUY" if wish.side is Side.BUY else "SELL") in shown.upper(), shown


def test_a_line_means_what_is_written_and_says_what_it_sends() -> None:
    chance, read, refused = Random(7), 0, []
    for _ in range(1500):
        held = {(MAIN, i.id): i.lot * chance.randint(-50, 500) for i in LISTED}
        context = LineContext(
            find=INDEX.resolve,
            accounts=(MAIN, OTHER),
            quote=QUOTES.get,
            position=lambda account, instrument, held=held: held.get((account, instrument), D(0)),
            buying_power=lambda _, currency: POWER if currency == "KRW" else None,
            mode=Mode.PAPER,
            selected=chance.choice((None, *LISTED)),
        )
        wish = meant(chance, held)
        text = written(wish, chance)
        try:
            line = parse(text, context)
        except LineError as error:
            refused.append(f"{text}: {error}")
            continue
        assert isinstance(line, NewOrder), text
        holds(line, wish, text)
        read += 1
    assert read > 1000, (read, refused[:20])
